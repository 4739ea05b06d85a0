import { createPublicKey, randomUUID, verify, type JsonWebKey } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { systemClock } from '../clock.ts';
import { search, type Resource } from './search.ts';

/** How the sandbox's FHIR server behaves; what is left out is kind. */
export interface FhirServerOptions {
  host?: string;
  port?: number;
  records: Resource[];
  /** A token that is always taken. */
  token?: string;
  /** A client of SMART Backend Services and its public key. */
  client?: { id: string; key: JsonWebKey };
  /** Seconds a token of the token endpoint lasts; 300. */
  tokenSeconds?: number;
  /** Entries on a page, whatever is asked for; 50. */
  page?: number;
  /** Every so many requests one is answered with 429; 0 for never. */
  busyEvery?: number;
  /** What `Retry-After` then says; 1 second. */
  retryAfter?: string;
  /** Refuses `_include`, as many servers do. */
  withoutIncludes?: boolean;
  /** The origin that next links name instead of its own. */
  linksTo?: string;
}

export interface FhirServer {
  /** The base address. */
  url: string;
  /** Paths and queries asked for so far, oldest first. */
  asked: string[];
  close(): Promise<void>;
}

/**
 * A small FHIR R4 server over real HTTP: searches with pages and includes, bearer tokens, and a
 * token endpoint that checks the signed assertion of a backend service.
 */
export async function startFhirServer(options: FhirServerOptions): Promise<FhirServer> {
  const asked: string[] = [];
  const tokens = createTokens(options);
  const server = createServer((request, response) => {
    void answer(request, response).catch(() => response.writeHead(500).end());
  });
  await new Promise<void>((done) =>
    server.listen(options.port ?? 0, options.host ?? '127.0.0.1', done),
  );
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', origin);
    asked.push(`${url.pathname}${url.search}`);
    if (url.pathname === '/fhir/.well-known/smart-configuration')
      return send(response, 200, { token_endpoint: `${origin}/token`, capabilities: [] });
    if (url.pathname === '/token') {
      const token = tokens.grant(await bodyOf(request), `${origin}/token`);
      return send(response, token ? 200 : 400, token ?? { error: 'invalid_client' });
    }
    if (options.busyEvery && asked.length % options.busyEvery === 0) {
      response.setHeader('retry-after', options.retryAfter ?? '1');
      return send(response, 429, {});
    }
    if (!tokens.takes(request.headers.authorization)) return send(response, 401, {});
    const found = search(options, url, options.linksTo ?? origin);
    return send(response, found ? 200 : 404, found ?? { resourceType: 'OperationOutcome' });
  }

  return {
    url: `${origin}/fhir`,
    asked,
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}

function createTokens({ token, client, tokenSeconds = 300 }: FhirServerOptions) {
  const granted = new Map<string, number>();
  const used = new Set<string>();

  /** A token where the assertion is signed by the client, meant for here, fresh and unused. */
  function grant(body: URLSearchParams, endpoint: string): object | null {
    const parts = (body.get('client_assertion') ?? '').split('.');
    const [head, claims] = parts.slice(0, 2).map(decoded);
    if (!client || !head || !claims || body.get('grant_type') !== 'client_credentials') return null;
    const key = createPublicKey({ key: client.key, format: 'jwk' });
    const signed = Buffer.from(`${parts[0]}.${parts[1]}`);
    const signature = Buffer.from(parts[2] ?? '', 'base64url');
    const genuine = verify('sha384', signed, { key, dsaEncoding: 'ieee-p1363' }, signature);
    const alg = key.asymmetricKeyType === 'rsa' ? 'RS384' : 'ES384';
    const left = Number(claims.exp) - systemClock() / 1000;
    const own = claims.iss === client.id && claims.sub === client.id && claims.aud === endpoint;
    const fresh = left > 0 && left <= 300 && !used.has(String(claims.jti));
    if (!genuine || !own || !fresh || head.alg !== alg) return null;
    used.add(String(claims.jti));
    const access = randomUUID();
    granted.set(access, systemClock() + tokenSeconds * 1000);
    const scope = body.get('scope');
    return { access_token: access, token_type: 'bearer', expires_in: tokenSeconds, scope };
  }

  function takes(authorization = ''): boolean {
    const given = authorization.replace(/^Bearer /, '');
    if (given !== '' && given === token) return true;
    return (granted.get(given) ?? 0) > systemClock();
  }

  return { grant, takes };
}

function decoded(part: string): Record<string, unknown> | null {
  try {
    return JSON.parse(Buffer.from(part, 'base64url').toString()) as Record<string, unknown>;
  } catch {
    return null;
  }
}

async function bodyOf(request: IncomingMessage): Promise<URLSearchParams> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return new URLSearchParams(text);
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/fhir+json' });
  response.end(JSON.stringify(body));
}
