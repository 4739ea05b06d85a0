import { createPrivateKey, type KeyObject, randomUUID } from 'node:crypto';
import { SignJWT } from 'jose';
import { FhirTrouble, isSafe, type Pace, type TokenSource } from './http.ts';

/** A client registered for SMART Backend Services, with its private key as PEM or JWK. */
export interface SmartClient {
  clientId: string;
  key: string;
  /** The key's id at the server; a JWK brings its own. */
  keyId: string | null;
}

/** An assertion may be valid for five minutes at most (SMART App Launch 2.2, 'exp'). */
const ASSERTION_S = 240;
/** RFC 7518, 3.3: a shorter RSA key signs no token. */
const RSA_BITS = 2048;
/** A token is renewed this long before it ends. */
const SPARE_MS = 30_000;
const TYPES = ['Claim', 'Encounter', 'ExplanationOfBenefit', 'Practitioner', 'PractitionerRole'];

interface SigningKey {
  key: KeyObject;
  alg: 'RS384' | 'ES384';
  kid: string | null;
}

/**
 * Access tokens by SMART Backend Services: the token endpoint the server announces is asked with
 * a signed assertion, again whenever a token ends. Throws `FhirTrouble` where the key is none.
 */
export function createSmartTokens(base: URL, client: SmartClient, pace: Pace): TokenSource {
  const signing = signingKey(client);
  let current: { token: string; until: number } | null = null;

  async function fresh(): Promise<{ token: string; until: number }> {
    const { endpoint, scope } = await discover(base);
    const body = new URLSearchParams({
      grant_type: 'client_credentials',
      scope,
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: await assertion(client.clientId, endpoint, signing, pace.now()),
    });
    const answer = await json(endpoint, { method: 'POST', body });
    const { access_token: token, expires_in: seconds } = answer ?? {};
    if (typeof token !== 'string')
      throw new FhirTrouble(
        'smart_refused',
        'The token endpoint refuses this client: compare its id, its key and its scopes.',
      );
    const lasts = typeof seconds === 'number' ? seconds * 1000 : 300_000;
    return { token, until: pace.now() + lasts - SPARE_MS };
  }

  return {
    async token() {
      if (!current || pace.now() >= current.until) current = await fresh();
      return current.token;
    },
    expired() {
      current = null;
      return true;
    },
  };
}

async function discover(base: URL): Promise<{ endpoint: string; scope: string }> {
  const found = await json(new URL('.well-known/smart-configuration', base).href, {});
  const endpoint = found?.token_endpoint;
  if (typeof endpoint !== 'string' || !URL.canParse(endpoint) || !isSafe(new URL(endpoint)))
    throw new FhirTrouble(
      'smart_not_offered',
      'The server announces no token endpoint in .well-known/smart-configuration.',
    );
  const { capabilities } = found ?? {};
  const v2 = Array.isArray(capabilities) && capabilities.includes('permission-v2');
  const scope = TYPES.map((type) => `system/${type}.${v2 ? 'rs' : 'read'}`).join(' ');
  return { endpoint, scope };
}

/** The answer as an object; null without an answer, or unless it is a success. */
async function json(url: string, init: RequestInit): Promise<Record<string, unknown> | null> {
  const signal = AbortSignal.timeout(30_000);
  const headers = { accept: 'application/json' };
  const response = await fetch(url, { ...init, headers, signal, redirect: 'error' }).catch(
    () => null,
  );
  const value: unknown = response?.ok ? await response.json().catch(() => null) : null;
  return typeof value === 'object' ? (value as Record<string, unknown> | null) : null;
}

function assertion(
  client: string,
  endpoint: string,
  { key, alg, kid }: SigningKey,
  now: number,
): Promise<string> {
  const issued = Math.floor(now / 1000);
  return new SignJWT()
    .setProtectedHeader({ alg, typ: 'JWT', ...(kid && { kid }) })
    .setIssuer(client)
    .setSubject(client)
    .setAudience(endpoint)
    .setIssuedAt(issued)
    .setExpirationTime(issued + ASSERTION_S)
    .setJti(randomUUID())
    .sign(key);
}

function signingKey({ key: written, keyId }: SmartClient): SigningKey {
  try {
    const jwk = written.trimStart().startsWith('{') ? parsed(written) : null;
    const key = jwk ? createPrivateKey({ key: jwk, format: 'jwk' }) : createPrivateKey(written);
    const kid = keyId ?? (typeof jwk?.kid === 'string' ? jwk.kid : null);
    const { modulusLength = 0, namedCurve } = key.asymmetricKeyDetails ?? {};
    const isRsa = key.asymmetricKeyType === 'rsa' && modulusLength >= RSA_BITS;
    if (isRsa) return { key, alg: 'RS384', kid };
    if (namedCurve === 'secp384r1') return { key, alg: 'ES384', kid };
  } catch {
    // The message must not repeat the key, which is a secret.
  }
  throw new FhirTrouble(
    'smart_key',
    'The key must be an RSA or P-384 private key, as PEM or as one JWK; RSA has 2048 bits or more.',
  );
}

function parsed(text: string): Record<string, unknown> {
  return JSON.parse(text) as Record<string, unknown>;
}
