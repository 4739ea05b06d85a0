import { randomBytes } from 'node:crypto';
import type { FastifyInstance, LightMyRequestResponse } from 'fastify';
import { pino } from 'pino';
import { FEE_STATUSES } from '../../core/fee/fee.ts';
import { buildApi } from '../../api/app.ts';
import { REQUEST_LIMITS, type ApiDeps } from '../../api/deps.ts';
import { createPayments, createStripe } from '../../gateways/stripe/client.ts';
import { createQueues, type Queues } from '../../jobs/queues.ts';
import type { Scope } from '../../ledger/access.ts';
import { startSandboxStripe, type SandboxStripe } from '../../sandbox/stripe/server.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { testPolicy } from '../support/fees.ts';
import type { QueueBackend } from '../support/queues.ts';
import { createFeeFixtures, type FeeFixtures } from './fee-fixtures.ts';

/** The API with a crowd of fees in it, and people to look at it in a browser. */
export interface ConsoleClient {
  app: FastifyInstance;
  feeFixtures: FeeFixtures;
  queues: Queues;
  /** The database, as its owner. */
  pool: TestDatabase['pool'];
  /** Signs somebody in who may do this much. */
  visitor(...scopes: Scope[]): Promise<Visitor>;
  close(): Promise<void>;
}

/** Somebody at a browser: keeps its cookies, and says where a request comes from. */
export interface Visitor {
  name: string;
  token: string;
  cookie: string;
  get(path: string, headers?: Record<string, string>): Promise<LightMyRequestResponse>;
  /** Sends a form as this visitor's page would. */
  post(
    path: string,
    fields?: Record<string, string>,
    headers?: Record<string, string>,
  ): Promise<LightMyRequestResponse>;
  /**
   * Sends a form with files as this visitor's page would: the token comes first, and a null field
   * is left out. The last `cut` bytes are lost on the way.
   */
  upload(
    path: string,
    fields: Record<string, string | File | File[] | null>,
    cut?: number,
  ): Promise<LightMyRequestResponse>;
}

const ORIGIN = 'http://levy.test';
export const HOST = { host: 'levy.test' };

export async function createConsoleClient(
  options: {
    backend?: QueueBackend;
    stripeUrl?: string;
    livemode?: boolean;
    changes?: Partial<ApiDeps>;
  } = {},
): Promise<ConsoleClient> {
  const db = await createTestDatabase();
  const redis = options.backend?.redis();
  const feeFixtures = await createFeeFixtures(db.pool);
  const queues = await createQueues({
    redisUrl: redis?.url ?? null,
    databaseUrl: db.appUrl,
    prefix: redis?.prefix ?? 'levy',
    onError: () => undefined,
  });
  const stripe = createStripe({
    secretKey: 'sk_test_desk',
    apiBase: options.stripeUrl ?? 'http://127.0.0.1:9',
  });
  const deps: ApiDeps = {
    ledger: feeFixtures.ledger,
    queues,
    payments: createPayments(stripe),
    policy: testPolicy(),
    practiceName: 'Sunrise Practice',
    publicUrl: ORIGIN,
    webhookSecrets: ['whsec_desk'],
    sessionSecret: 'a secret of 32 characters or more',
    livemode: options.livemode ?? false,
    production: false,
    trustProxy: [],
    access: { authenticatorToApprove: false, metrics: 'open', docs: 'open' },
    limits: REQUEST_LIMITS,
    checks: {},
    log: pino({ enabled: false }),
    ...options.changes,
  };
  const app = (await buildApi(deps)) as unknown as FastifyInstance;
  let visitors = 0;
  return {
    app,
    feeFixtures,
    queues,
    pool: db.pool,
    async visitor(...scopes) {
      visitors += 1;
      const name = `${scopes.join('-')} ${visitors}`;
      const token = randomBytes(32).toString('base64url');
      return signIn(app, feeFixtures, { name, token, scopes });
    },
    async close() {
      await app.close();
      await queues.close();
      await db.drop();
    },
  };
}

/** The same with a sandbox Stripe of its own, which is closed with it. */
export async function createStripeConsole(
  options: { livemode?: boolean } = {},
): Promise<ConsoleClient & { sandbox: SandboxStripe }> {
  const sandbox = await startSandboxStripe();
  const consoleClient = await createConsoleClient({ ...options, stripeUrl: sandbox.url });
  return {
    ...consoleClient,
    sandbox,
    async close() {
      await consoleClient.close();
      await sandbox.close();
    },
  };
}

async function signIn(
  app: FastifyInstance,
  feeFixtures: FeeFixtures,
  key: { name: string; token: string; scopes: Scope[] },
): Promise<Visitor> {
  await feeFixtures.ledger.access.addKey(key.name, key.token, key.scopes);
  const answer = await app.inject({
    method: 'POST',
    url: '/console/sign-in',
    headers: { ...HOST, origin: ORIGIN, 'content-type': 'application/x-www-form-urlencoded' },
    payload: new URLSearchParams({ token: key.token }).toString(),
  });
  const cookie = String(answer.headers['set-cookie']).split(';')[0] ?? '';
  const headers = { ...HOST, cookie, accept: 'text/html' };
  const get: Visitor['get'] = (url, more) =>
    app.inject({ method: 'GET', url, headers: { ...headers, ...more } });
  const formToken = async () => formTokenIn((await get('/console')).body);
  return {
    name: key.name,
    token: key.token,
    cookie,
    get,
    async post(url, fields = {}, more = {}) {
      const token = await formToken();
      return app.inject({
        method: 'POST',
        url,
        headers: {
          ...headers,
          origin: ORIGIN,
          'content-type': 'application/x-www-form-urlencoded',
          ...more,
        },
        payload: new URLSearchParams({ token, ...fields }).toString(),
      });
    },
    async upload(url, fields, cut = 0) {
      const form = new FormData();
      for (const [name, value] of Object.entries({ token: await formToken(), ...fields }))
        for (const one of [value ?? []].flat()) form.append(name, one);
      const sent = new Response(form);
      // A browser says that nobody chose a file by an empty name; Node leaves such a name out.
      const text = Buffer.from(await sent.arrayBuffer()).toString('latin1');
      const named = text.replace(/( name="[^"]+")(\r\nContent-Type)/g, '$1; filename=""$2');
      const bytes = Buffer.from(named, 'latin1');
      return app.inject({
        method: 'POST',
        url,
        headers: {
          ...headers,
          origin: ORIGIN,
          'content-type': String(sent.headers.get('content-type')),
        },
        payload: bytes.subarray(0, bytes.length - cut),
      });
    },
  };
}

/** Every page there is, with something on it. */
export function pagesOf({ feeFixtures }: ConsoleClient): string[] {
  const { fees, assessmentId, importId } = feeFixtures;
  return [
    '/console',
    `/console/assessments/${assessmentId}`,
    `/console/assessments/${assessmentId}/roster`,
    `/console/assessments/${assessmentId}/roster?bucket=no_card&mark=&q=c-`,
    `/console/assessments/${assessmentId}/progress`,
    `/console/assessments/${assessmentId}/report`,
    '/console/reports',
    '/console/assessments/new?rate=theranest+2026',
    '/console/fees',
    '/console/desk',
    '/console/desk/recovery',
    '/console/fees?state=held&ref=&assessment=',
    ...FEE_STATUSES.map((state) => `/console/fees/${fees[state]}`),
    '/console/people',
    '/console/people?sort=name&gap=no_card',
    '/console/people?q=nobody',
    '/console/imports',
    `/console/imports/${importId}`,
    '/console/invoices',
    '/console/invoices/match/theranest/2026',
    '/console/invoices/match/theranest/2026?open=yes',
    '/console/imports/names',
    '/console/review',
    '/console/queues',
    '/console/unknown',
    '/console/audit',
    '/console/audit?before=1000000',
    '/console/nothing-here',
  ];
}

/** The token in a page's forms; empty when there is none. */
export function formTokenIn(page: string): string {
  return /name="token" value="([^"]+)"/.exec(page)?.[1] ?? '';
}
