import { userInfo } from 'node:os';
import { createKey } from '../api/http/access-key.ts';
import { ERRORS, Problem, problem } from '../api/http/errors.ts';
import { audited } from '../api/routes/actions.ts';
import { withDatabase } from '../app/running.ts';
import { UserError } from '../app/user-error.ts';
import type { KeyRow } from '../ledger/access.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { CallOf } from './commands.ts';
import type { Io } from './io.ts';
import { refuse } from './refuse.ts';
import { reasonFor, withDatabaseLedger } from './with-ledger.ts';

type KeysIo = Pick<Io, 'stdout' | 'stderr' | 'env'>;

/** `levy keys`: lists the access keys, without their tokens. */
export async function listKeys({ options }: CallOf<'keys'>, io: KeysIo): Promise<number> {
  const keys = await withKeys(io, ({ access }) => access.keys());
  io.stdout.write(options.json ? `${JSON.stringify({ keys })}\n` : tableOf(keys));
  return 0;
}

/**
 * `levy keys new`: makes a key. The token goes to stdout and everything else to stderr, so that a
 * script can take it.
 */
export async function newKey({ options }: CallOf<'keys new'>, io: KeysIo): Promise<number> {
  const { name, scope: scopes, json } = options;
  if (!name) return refuse('keys new', 'Name who or what uses the key: --name NAME.', io);
  if (!scopes) return refuse('keys new', 'Say what the key may do: --scope read,operate.', io);
  const act = { action: 'create_key', object: `key ${name}`, detail: { scopes } };
  const token = await withKeys(io, (ledger) =>
    audited({ ledger }, { actor: actor() }, act, async () => {
      const made = await createKey(ledger, name, scopes);
      if (!made) throw problem('name_taken');
      return made;
    }),
  );
  io.stdout.write(json ? `${JSON.stringify({ name, scopes, token })}\n` : `${token}\n`);
  io.stderr.write(`The token of the key ${name} is shown this once. Keep it where secrets are.\n`);
  return 0;
}

/** `levy keys revoke`: revokes a key by its id. */
export async function revokeKey(call: CallOf<'keys revoke'>, io: KeysIo): Promise<number> {
  const { json, yes } = call.options;
  const [id] = call.args;
  return withKeys(io, async (ledger) => {
    const open = (await ledger.access.keys()).filter(({ revoked }) => !revoked);
    const key = open.find(({ keyId }) => keyId === id);
    if (!key) throw new UserError(`No key with this id is open: ${id}. See levy keys.`);
    const colleagues = await ledger.colleagues.list();
    const isLast =
      !open.some((other) => other !== key && other.scopes.includes('approve')) &&
      !colleagues.some((one) => one.role === 'approve' && one.joinedAt && !one.endedAt);
    if (isLast && key.scopes.includes('approve') && !yes)
      return refuse('keys revoke', `No other key than ${key.name} may approve: give --yes.`, io);
    const act = { action: 'revoke_key', object: `key ${key.name}` };
    await audited({ ledger }, { actor: actor() }, act, () =>
      ledger.access.revokeKey(key.name, { evenLast: true }),
    );
    const { keyId, name } = key;
    if (json) io.stdout.write(`${JSON.stringify({ keyId, name, revoked: true })}\n`);
    else io.stdout.write(`Revoked the key ${name}.\n`);
    return 0;
  });
}

/** The machine's user, as the audit trail names the actor. */
function actor(): string {
  try {
    return `cli (${userInfo().username})`;
  } catch {
    // A container may run as a number without a name.
    return `cli (user ${process.getuid?.() ?? 'unknown'})`;
  }
}

async function withKeys<Result>(
  io: KeysIo,
  work: (ledger: Ledger) => Promise<Result>,
): Promise<Result> {
  return withDatabase(io, async (databaseUrl) => {
    try {
      return await withDatabaseLedger(databaseUrl, 'keys', work);
    } catch (error) {
      if (error instanceof UserError) throw error;
      if (error instanceof Problem) throw new UserError(ERRORS[error.code].slice(1).join(' '));
      if (typeof (error as { code?: unknown }).code !== 'string') throw error;
      throw new UserError(reasonFor(error));
    }
  });
}

function tableOf(keys: KeyRow[]): string {
  const day = (at: Date | null) => at?.toISOString().slice(0, 16).replace('T', ' ') ?? 'never';
  const rows = keys.map(({ keyId, name, scopes, createdAt, lastUsedAt, revoked }) => [
    ...[keyId, name, scopes.join(','), day(createdAt), day(lastUsedAt)],
    revoked ? 'revoked' : '',
  ]);
  const all = [['ID', 'NAME', 'SCOPES', 'CREATED (UTC)', 'LAST USED (UTC)', ''], ...rows];
  const widths = [0, 1, 2, 3, 4, 5].map((at) => Math.max(...all.map((row) => row[at]!.length)));
  return all
    .map((row) => `${row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join('  ')}`.trimEnd())
    .map((line) => `${line}\n`)
    .join('');
}
