import { beforeAll, describe, expect, it } from 'vitest';
import { createKey, firstToken } from '../../api/http/access-key.ts';
import type { KeyRow } from '../../ledger/access.ts';
import { createLedger, type Ledger } from '../../ledger/ledger.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { runLevy } from './run-levy.ts';

let db: TestDatabase;
let ledger: Ledger;
let operator: string;
beforeAll(async () => {
  db = await createTestDatabase();
  ledger = createLedger(db.appPool, () => 0);
  operator = (await firstToken(ledger, { warn: () => undefined }))!;
});

/** Nothing but the database is named: a key is made although all else is missing. */
const keys = (...argv: string[]) =>
  runLevy(['keys', ...argv], { env: { DATABASE_URL: db.appUrl, NODE_ENV: 'production' } });
const idOf = async (name: string) =>
  (await ledger.access.keys()).find((key) => key.name === name)!.keyId;
const audited = async () => (await ledger.access.audited({ limit: 1 }))[0];

describe('levy keys', () => {
  it('lists the keys without a secret, with when they were last used', async () => {
    await createKey(ledger, 'never used', ['read']);
    await ledger.access.callerOf(operator);
    const { status, out, err } = await keys();
    expect({ status, err }).toEqual({ status: 0, err: '' });
    expect(out).toMatch(/^ID +NAME +SCOPES +CREATED \(UTC\) +LAST USED \(UTC\)\n/);
    expect(out).toMatch(/operator +read,operate,approve +[\d-]{10} [\d:]{5} +[\d-]{10} [\d:]{5}\n/);
    expect(out).toMatch(/never used +read +[\d-]{10} [\d:]{5} +never\n/);
    const json = await keys('--json');
    const listed = (JSON.parse(json.out) as { keys: KeyRow[] }).keys;
    expect(listed.find(({ name }) => name === 'operator')).toEqual({
      keyId: await idOf('operator'),
      name: 'operator',
      scopes: ['read', 'operate', 'approve'],
      madeBy: null,
      createdAt: expect.stringMatching(/Z$/) as string,
      lastUsedAt: expect.stringMatching(/Z$/) as string,
      revoked: false,
    });
    for (const text of [out, json.out]) expect(text).not.toContain(operator.slice(7, 19));
  });

  it('makes a key, shows its token once on stdout, and writes who did it', async () => {
    const { status, out, err } = await keys(
      ...['new', '--name', 'office', '--scope', 'read,operate', '--scope', 'approve'],
    );
    expect(status).toBe(0);
    expect(out).toMatch(/^levy_a_[\w-]{43}\n$/);
    expect(err).toContain('shown this once');
    const caller = await ledger.access.callerOf(out.trim());
    expect(caller).toMatchObject({ name: 'office', scopes: ['read', 'operate', 'approve'] });
    expect(await audited()).toMatchObject({
      actor: expect.stringMatching(/^cli \(.+\)$/) as string,
      action: 'create_key',
      object: 'key office',
      detail: { scopes: ['read', 'operate', 'approve'], outcome: 'done' },
    });
    const twice = await keys('new', '--name', 'office', '--scope', 'read');
    expect(twice).toEqual({
      ...{ status: 1, out: '' },
      err: 'Somebody or something has, or had, this name. Choose another name.\n',
    });
    const json = await keys('new', '--name', 'script', '--scope', 'read', '--json');
    expect(JSON.parse(json.out)).toMatchObject({ name: 'script', scopes: ['read'] });
  });

  it.each([
    [['--scope', 'read'], '--name NAME'],
    [['--name', 'x'], '--scope read,operate'],
    [['--name', 'a\nb', '--scope', 'read'], '--name must be one line'],
    [['--name', ' ', '--scope', 'read'], '--name must be one line'],
    [['--name', 'x', '--scope', ''], '--scope needs a value'],
  ])('makes none of %j', async (argv, said) => {
    const { status, out, err } = await keys('new', ...argv);
    expect({ status, out }).toEqual({ status: 2, out: '' });
    expect(err).toContain(said);
  });

  it('revokes a key at once, and the last that may approve only when told so', async () => {
    const token = (await createKey(ledger, 'lost', ['read', 'approve']))!;
    const told = await keys('revoke', await idOf('lost'));
    expect(told).toEqual({ status: 0, out: 'Revoked the key lost.\n', err: '' });
    expect(await ledger.access.callerOf(token)).toBeNull();
    expect(await audited()).toMatchObject({ action: 'revoke_key', object: 'key lost' });
    const again = await keys('revoke', await idOf('lost'));
    expect(again).toMatchObject({ status: 1, out: '' });

    const open = (await ledger.access.keys()).filter(({ revoked }) => !revoked);
    const approving = open.filter(({ scopes }) => scopes.includes('approve'));
    for (const { keyId } of approving.slice(1)) await keys('revoke', keyId);
    const last = approving[0]!;
    const refused = await keys('revoke', last.keyId);
    expect(refused).toMatchObject({ status: 2, out: '' });
    expect(refused.err).toContain(`No other key than ${last.name} may approve: give --yes.`);
    const forced = await keys('revoke', last.keyId, '--yes', '--json');
    expect(forced.status).toBe(0);
    expect(JSON.parse(forced.out)).toMatchObject({ keyId: last.keyId, revoked: true });
  });

  it('says why it cannot, without the password', async () => {
    const DATABASE_URL = 'postgres://levy:very-secret@127.0.0.1:1/levy';
    const told = await runLevy(['keys'], { env: { DATABASE_URL } });
    expect(told).toMatchObject({ status: 1, out: '' });
    expect(told.err).toBe(
      'The database does not answer as it should (ECONNREFUSED). Check DATABASE_URL.\n',
    );
  });
});
