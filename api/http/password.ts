import { hash, verify } from '@node-rs/argon2';
import { randomBytes } from 'node:crypto';

/**
 * Argon2id with 19 MiB, 2 passes and 1 lane: the first choice of the OWASP Password Storage Cheat
 * Sheet (2024). Argon2id is the default algorithm of this library. At most as many hashes as libuv
 * has threads run at once, so that a flood of sign-ins cannot use up the memory.
 */
const PARAMETERS = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

/** The shortest password. NIST SP 800-63B asks for length, and for no rules of composition. */
export const PASSWORD_LENGTH = { least: 12, most: 200 };

/** The hash to store for a password, with its parameters and its salt. */
export async function hashPassword(password: string): Promise<string> {
  return hash(normalized(password), PARAMETERS);
}

let nobody: Promise<string> | null = null;

/**
 * Whether a password has this hash. Without a hash a password is hashed all the same and refused,
 * so that an unknown account takes as long as a wrong password.
 */
export async function isPassword(stored: string | null, password: string): Promise<boolean> {
  nobody ??= hashPassword(randomBytes(32).toString('base64url'));
  const isRight = await verify(stored ?? (await nobody), normalized(password));
  return stored !== null && isRight;
}

/** Why a new password is refused, as a sentence; null: it is accepted. */
export function passwordRefusal(
  password: string,
  again: string,
  person: { name: string; email: string },
): string | null {
  const { least, most } = PASSWORD_LENGTH;
  const length = [...normalized(password)].length;
  if (length < least) return `A password needs at least ${least} characters.`;
  if (length > most) return `A password has at most ${most} characters.`;
  if (password !== again) return 'The two passwords are not the same.';
  const text = normalized(password).toLowerCase();
  const [local = ''] = person.email.toLowerCase().split('@');
  const own = [...person.name.toLowerCase().split(/\s+/), local, 'levy'];
  // What is left without the words that anybody would try first must still be long enough.
  const rest = own
    .filter((word) => word.length >= 3)
    .reduce((left, word) => left.replaceAll(word, ''), text);
  if (new Set(rest).size < 5)
    return 'This is too easy to guess: it is little more than a name, an e-mail or one letter.';
  return null;
}

/** The same text has different bytes on different keyboards (NIST SP 800-63B, section 3.1.1.2). */
function normalized(password: string): string {
  return password.normalize('NFKC');
}
