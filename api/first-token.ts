import { randomBytes } from 'node:crypto';
import type { Scope } from '../ledger/access.ts';
import type { Ledger } from '../ledger/ledger.ts';

/**
 * A new token: a word to recognise it by, the widest scope's letter, and 32 random bytes. The
 * ledger finds a key by the first twelve characters, so enough of them must be random.
 */
export function newToken(scopes: readonly Scope[]): string {
  const widest = scopes.includes('approve') ? 'a' : scopes.includes('operate') ? 'o' : 'r';
  return `levy_${widest}_${randomBytes(32).toString('base64url')}`;
}

/**
 * Stores a key under a new token and gives the token: it is nowhere else. Gives null when the name
 * is taken.
 */
export async function createKey(
  { access }: Pick<Ledger, 'access'>,
  name: string,
  scopes: Scope[],
): Promise<string | null> {
  for (;;) {
    const token = newToken(scopes);
    try {
      await access.addKey(name, token, scopes);
      return token;
    } catch (error) {
      const { code, constraint } = error as { code?: string; constraint?: string };
      if (code !== '23505') throw error;
      // Another key begins with the same twelve characters: once in a billion, and no harm.
      if (constraint !== 'access_keys_prefix_key') return null;
    }
  }
}

/** The operator's token at the very first start, to be shown once; null when there are keys. */
export async function firstToken(ledger: Pick<Ledger, 'access'>): Promise<string | null> {
  if ((await ledger.access.keys()).length > 0) return null;
  return createKey(ledger, 'operator', ['read', 'operate', 'approve']);
}
