/** Why records cannot be read from a FHIR server: a stable code, and what to do. */
export class FhirTrouble extends Error {
  override readonly name = 'FhirTrouble';
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** The source of access tokens. */
export interface TokenSource {
  token(): Promise<string>;
  /** The server no longer accepts the token: forgets it. False if no other can be had. */
  expired(): boolean;
}

/** The clock and the waits, passed in. */
export interface Pace {
  /** Milliseconds since 1970. */
  now(): number;
  wait(ms: number): Promise<unknown>;
}

export type FhirHttp = ReturnType<typeof createFhirHttp>;

/** Tries of one request before it is given up. */
const TRIES = 8;
/** Longest single wait a server can ask for, and the first of our own, in ms. */
const WAIT_MAX_MS = 120_000;
const WAIT_MS = 500;
const TIMEOUT_MS = 60_000;
/** Largest page of a search, in bytes: no real page is larger, and it must fit the memory. */
const PAGE_BYTES = 64 * 1024 * 1024;

/**
 * The address of a FHIR server, with a slash at its end. Throws where a token would travel
 * unencrypted to another machine, and where the address holds a password or a query.
 */
export function fhirBase(address: string): URL {
  const url = URL.canParse(address) ? new URL(address) : null;
  if (!url || !isSafe(url) || url.username || url.password || url.search || url.hash)
    throw new FhirTrouble(
      'fhir_address',
      'A FHIR server is named like https://ehr.example/fhir; plain http only on this machine.',
    );
  if (!url.pathname.endsWith('/')) url.pathname += '/';
  return url;
}

/** https, or http that does not leave the machine. */
export function isSafe(url: URL): boolean {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const local = host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
  return url.protocol === 'https:' || (url.protocol === 'http:' && local);
}

/**
 * Reads JSON below one base address. The token goes to that origin alone: other addresses and
 * redirects are refused. A server that is busy (429, 503) is waited for as long as it asks.
 */
export function createFhirHttp(base: URL, tokens: TokenSource | null, pace: Pace) {
  /** The body, or null for one of the `absent` statuses. */
  async function read(address: string, absent: readonly number[]): Promise<unknown> {
    const url = new URL(address, base);
    if (url.origin !== base.origin)
      throw new FhirTrouble(
        'fhir_other_origin',
        `The server points to ${url.origin}, where its token must not go.`,
      );
    let renewed = false;
    for (let tries = 1; ; tries++) {
      const { status, retryAfter, text } = await ask(url);
      if (status >= 200 && status < 300) return parsed(text);
      if (status === 401 && !renewed && tokens?.expired()) renewed = true;
      else if (absent.includes(status)) return null;
      else if (tries < TRIES && isPassing(status)) await pace.wait(waitOf(retryAfter, tries));
      else throw refusal(status, url.pathname.slice(base.pathname.length));
    }
  }

  /** Status 0 when no complete answer came. */
  async function ask(url: URL): Promise<{ status: number; retryAfter: string; text: string }> {
    const authorization = tokens && `Bearer ${await tokens.token()}`;
    const headers = { accept: 'application/fhir+json', ...(authorization && { authorization }) };
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    try {
      const response = await fetch(url, { headers, signal, redirect: 'manual' });
      const retryAfter = response.headers.get('retry-after') ?? '';
      return { status: response.status, retryAfter, text: await textOf(response) };
    } catch (error) {
      if (error instanceof FhirTrouble) throw error;
      return { status: 0, retryAfter: '', text: '' };
    }
  }

  function waitOf(asked: string, tries: number): number {
    const ms = /^\d+$/.test(asked) ? Number(asked) * 1000 : Date.parse(asked) - pace.now();
    const own = WAIT_MS * 2 ** (tries - 1);
    return Math.min(WAIT_MAX_MS, Math.max(0, Number.isNaN(ms) ? own : ms));
  }

  return { base, read };
}

/** Whether the failure may be temporary: no answer, 429 or 5xx. */
function isPassing(status: number): boolean {
  return status === 0 || status === 429 || status >= 500;
}

async function textOf(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += chunk.length;
    if (bytes > PAGE_BYTES) throw new FhirTrouble('fhir_too_large', 'One page is over 64 MB.');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new FhirTrouble('fhir_no_json', 'The server answers, but not with FHIR JSON.');
  }
}

/** Names only the kind of request: the rest of its URL may hold personal data. */
function refusal(status: number, path: string): FhirTrouble {
  const what = path.split('/')[0] || 'the server';
  if (status === 0)
    return new FhirTrouble('fhir_no_answer', `The FHIR server does not answer (${what}).`);
  if (status === 401)
    return new FhirTrouble('fhir_unauthorized', 'The FHIR server does not take this token.');
  if (status === 403)
    return new FhirTrouble('fhir_forbidden', `This token may not read ${what}: widen its scopes.`);
  if (status >= 300 && status < 400)
    return new FhirTrouble('fhir_redirect', `${what} is redirected; give the address it leads to.`);
  return new FhirTrouble('fhir_refused', `The FHIR server answers ${status} to ${what}.`);
}
