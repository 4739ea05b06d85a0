import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { Secret, TOTP } from 'otpauth';
import { encode } from 'uqr';

/**
 * Codes of an authenticator app (TOTP, RFC 6238): six digits, new every 30 seconds. The key is kept
 * encrypted under a key made from SESSION_SECRET, so that a copy of the database alone makes no
 * codes. Whoever changes SESSION_SECRET makes the apps useless: recovery codes still work.
 */
const PERIOD_SECONDS = 30;

/** Bytes of a key: RFC 4226 recommends 160 bits. */
const KEY_BYTES = 20;

/** A new key, encrypted. */
export function newTotpKey(sessionSecret: string): Buffer {
  return seal(randomBytes(KEY_BYTES), sessionSecret);
}

/** The time step of a code that is right now, or one step before or after; null: it is wrong. */
export function stepOfCode(
  sealed: Buffer,
  sessionSecret: string,
  code: string,
  now: Date,
): number | null {
  const key = unseal(sealed, sessionSecret);
  if (!key || !/^\d{6}$/.test(code)) return null;
  const timestamp = now.getTime();
  const totp = new TOTP({ secret: secretOf(key), period: PERIOD_SECONDS });
  const delta = totp.validate({ token: code, timestamp, window: 1 });
  return delta === null ? null : TOTP.counter({ period: PERIOD_SECONDS, timestamp }) + delta;
}

/** What a person needs to set up an app; null when the key cannot be read any more. */
export function enrolment(
  sealed: Buffer,
  sessionSecret: string,
  label: string,
): { uri: string; text: string; modules: boolean[][] } | null {
  const key = unseal(sealed, sessionSecret);
  if (!key) return null;
  const totp = new TOTP({ secret: secretOf(key), issuer: 'levy', label, period: PERIOD_SECONDS });
  const uri = totp.toString();
  const text = totp.secret.base32.replace(/(.{4})(?=.)/g, '$1 ');
  return { uri, text, modules: encode(uri, { ecc: 'M', border: 4 }).data };
}

/** Ten new recovery codes of 80 random bits each, as they are shown. */
export function newRecoveryCodes(): string[] {
  return Array.from({ length: 10 }, () => {
    const text = new Secret({ size: 10 }).base32.toLowerCase();
    return text.replace(/(.{4})(?=.)/g, '$1-');
  });
}

/** A recovery code as it is stored, however it was typed. */
export function bareRecoveryCode(typed: string): string {
  return typed.toLowerCase().replace(/[^a-z2-7]/g, '');
}

function secretOf(key: Buffer): Secret {
  return new Secret({ buffer: new Uint8Array(key).buffer });
}

const CIPHER = 'aes-256-gcm';

function seal(plain: Buffer, sessionSecret: string): Buffer {
  const iv = randomBytes(12);
  const cipher = createCipheriv(CIPHER, sealingKey(sessionSecret), iv);
  const body = Buffer.concat([cipher.update(plain), cipher.final()]);
  return Buffer.concat([iv, cipher.getAuthTag(), body]);
}

/** Null when it was sealed under another SESSION_SECRET, or changed. */
function unseal(sealed: Buffer, sessionSecret: string): Buffer | null {
  const decipher = createDecipheriv(CIPHER, sealingKey(sessionSecret), sealed.subarray(0, 12));
  decipher.setAuthTag(sealed.subarray(12, 28));
  try {
    return Buffer.concat([decipher.update(sealed.subarray(28)), decipher.final()]);
  } catch {
    return null;
  }
}

function sealingKey(sessionSecret: string): Buffer {
  return Buffer.from(hkdfSync('sha256', sessionSecret, '', 'levy authenticator keys', 32));
}
