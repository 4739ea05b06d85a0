import { randomBytes } from 'node:crypto';
import type { Scope } from '../../ledger/access.ts';
import { retryUntilAvailable, type WaitingLog } from '../../ledger/connect-retry.ts';
import type { Ledger } from '../../ledger/ledger.ts';

/**
 * A new token: a word that marks it as levy's, a letter for the widest scope, and 32 random bytes.
 * The ledger finds a key by the first twelve characters, so enough of them must be random.
 */
export function newToken(scopes: readonly Scope[]): string {
  const widest = scopes.includes('approve') ? 'a' : scopes.includes('operate') ? 'o' : 'r';
  return `levy_${widest}_${randomBytes(32).toString('base64url')}`;
}

/**
 * Creates a key and gives its token, which is stored nowhere. Null when the name is taken. `owner`
 * is the colleague who makes it.
 */
export async function createKey(
  ledger: Pick<Ledger, 'access'>,
  name: string,
  scopes: Scope[],
  { token = newToken(scopes), owner = null }: { token?: string; owner?: string | null } = {},
): Promise<string | null> {
  try {
    await ledger.access.addKey(name, token, scopes, owner);
    return token;
  } catch (error) {
    const { code, constraint } = error as { code?: string; constraint?: string };
    if (code !== '23505' && code !== '23514') throw error;
    // Another key has the same twelve characters, once in a billion: try again with a new token.
    const isAlike = constraint === 'access_keys_prefix_key';
    return isAlike ? createKey(ledger, name, scopes, { owner }) : null;
  }
}

const OPERATOR: Scope[] = ['read', 'operate', 'approve'];

/**
 * The operator's token at the very first start, to be shown once; null when there are keys. Waits
 * for the database, and recognises its own key when the answer to storing it was lost.
 */
export async function firstToken(
  ledger: Pick<Ledger, 'access'>,
  log: WaitingLog,
): Promise<string | null> {
  const token = newToken(OPERATOR);
  return retryUntilAvailable(async () => {
    const { access } = ledger;
    if ((await access.keys()).length === 0)
      return createKey(ledger, 'operator', OPERATOR, { token });
    return (await access.callerOf(token)) ? token : null;
  }, log);
}
