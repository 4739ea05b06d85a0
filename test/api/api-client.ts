import { randomBytes } from 'node:crypto';
import type { LightMyRequestResponse } from 'fastify';
import { pino } from 'pino';
import { buildApi } from '../../api/app.ts';
import { REQUEST_LIMITS, type ApiDeps } from '../../api/deps.ts';
import { createKey } from '../../api/http/access-key.ts';
import type { Api } from '../../api/http/schemas.ts';
import { RATES, VENDORS } from '../../config/rates.ts';
import { createPayments, createStripe } from '../../gateways/stripe/client.ts';
import { createQueues, type Queues } from '../../jobs/queues.ts';
import type { Scope } from '../../ledger/access.ts';
import { createLedger, type Ledger } from '../../ledger/ledger.ts';
import { startSandboxStripe, type SandboxStripe } from '../../sandbox/stripe/server.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { testPolicy } from '../support/fees.ts';

/** An API on a real database, queue and sandbox Stripe, with everything it logs. */
export interface ApiClient {
  app: Api;
  deps: ApiDeps;
  db: TestDatabase;
  ledger: Ledger;
  queues: Queues;
  stripe: SandboxStripe;
  /** Tokens that may do one thing only, and one that may do everything. */
  tokens: Record<Scope | 'all', string>;
  ask(method: Method, url: string, input?: Wish): Promise<Answer>;
  /** Everything that was logged. */
  log(): string;
  close(): Promise<void>;
}

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE' | 'PATCH' | 'HEAD';

export interface Wish {
  /** Default: the token that may do everything; null for none. */
  token?: string | null;
  /** An object is sent as JSON. */
  body?: object | string | Buffer;
  headers?: Record<string, string>;
}

export interface Answer {
  status: number;
  headers: LightMyRequestResponse['headers'];
  text: string;
  /** The body as JSON: a test looks where it likes. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  json: any;
  /** The code of an error. */
  code: string | undefined;
}

export const SECRET = 'whsec_office_secret_0123456789';

export async function openApiClient(changes: Partial<ApiDeps> = {}): Promise<ApiClient> {
  const db = await createTestDatabase();
  const ledger = createLedger(db.appPool, () => performance.now());
  await ledger.rates.seed(VENDORS, RATES);
  const stripe = await startSandboxStripe();
  const queues = await createQueues({
    redisUrl: null,
    databaseUrl: db.appUrl,
    onError: () => undefined,
  });
  const lines: string[] = [];
  const deps: ApiDeps = {
    ledger,
    queues,
    payments: createPayments(
      createStripe({ secretKey: 'sk_test_office', apiBase: stripe.url, timeoutMs: 2_000 }),
    ),
    policy: testPolicy(),
    practiceName: 'Sunrise Practice',
    publicUrl: 'http://levy.test',
    webhookSecrets: [SECRET],
    sessionSecret: randomBytes(32).toString('base64url'),
    livemode: false,
    production: false,
    trustProxy: [],
    access: { authenticatorToApprove: false, metrics: 'open', docs: 'open' },
    limits: { ...REQUEST_LIMITS, perCaller: 100_000, perAddress: 100_000, failedLogins: 100_000 },
    checks: {},
    log: pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) }),
    ...changes,
  };
  const app = await buildApi(deps);
  const key = async (name: string, scopes: Scope[]) =>
    (await createKey(ledger, `key-${name}`, scopes)) as string;
  const tokens = {
    read: await key('read', ['read']),
    operate: await key('operate', ['operate']),
    approve: await key('approve', ['approve']),
    all: await key('all', ['read', 'operate', 'approve']),
  };
  return {
    ...{ app, deps, db, ledger, queues, stripe, tokens },
    ask: (method, url, input = {}) => ask(app, tokens.all, method, url, input),
    log: () => lines.join(''),
    async close() {
      await app.close();
      await queues.close();
      await stripe.close();
      await db.drop();
    },
  };
}

async function ask(
  app: Api,
  standard: string,
  method: Method,
  url: string,
  { token = standard, body, headers }: Wish,
): Promise<Answer> {
  const json = typeof body === 'object' && !Buffer.isBuffer(body);
  const response = await app.inject({
    method,
    url,
    headers: {
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      ...(json ? { 'content-type': 'application/json' } : {}),
      ...headers,
    },
    ...(body === undefined ? {} : { payload: json ? JSON.stringify(body) : body }),
  });
  const isJson = String(response.headers['content-type']).startsWith('application/json');
  const parsed = isJson && response.body ? JSON.parse(response.body) : null;
  return {
    status: response.statusCode,
    headers: response.headers,
    text: response.body,
    json: parsed,
    code: parsed?.error?.code,
  };
}
