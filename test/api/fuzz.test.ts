import { afterAll, beforeAll, expect, it } from 'vitest';
import { FEE_STATUSES } from '../../core/fee/fee.ts';
import { appendAll, openedAssessment } from '../support/assessment.ts';
import { sample } from '../support/fees.ts';
import { openApiClient, type Answer, type ApiClient } from './api-client.ts';
import { routesOf, type Route } from './routes.ts';

/** The same requests on every run; another number, other requests. */
const SEED = 20_260_115;
const REQUESTS = 10_000;

let apiClient: ApiClient;
let routes: Route[];
let known: string[];

beforeAll(async () => {
  apiClient = await openApiClient();
  const { feeIds, assessmentId } = await openedAssessment(apiClient.db.pool, apiClient.ledger, {
    count: 30,
  });
  for (const [n, feeId] of feeIds.entries()) {
    const entries = [sample('assessed'), sample('approved'), sample('notice_failed')];
    await appendAll(apiClient.ledger, feeId, entries.slice(0, n % 4));
  }
  known = [...feeIds, assessmentId, 'theranest', 'key-read', 'charge', '2026'];
  // The keys stay: without them there would be nothing but refusals.
  routes = routesOf(apiClient.app).filter(({ method, path }) => `${method} ${path}` !== REVOKE);
});
afterAll(() => apiClient.close());

const REVOKE = 'DELETE /v1/keys/:name';

/** A small generator of numbers below 1, the same for the same seed (mulberry32). */
function createRandom(seed: number) {
  let state = seed;
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  const below = (limit: number) => Math.floor(next() * limit);
  return { below, one: <Item>(items: readonly Item[]): Item => items[below(items.length)]! };
}

type Random = ReturnType<typeof createRandom>;

const NASTY = [
  '',
  ' ',
  '0',
  '-1',
  '1e999',
  'null',
  'true',
  '[]',
  '{}',
  '../../etc/passwd',
  '=cmd()|x',
  "' or 1=1 --",
  '<script>',
  '\u0000',
  'a\r\nSet-Cookie: x=y',
  '\ud800',
  '\u202e',
  '😀'.repeat(50),
  'x'.repeat(300),
  '9'.repeat(40),
  '00000000-0000-4000-8000-000000000000',
  '2026-13-45',
  '$where',
  '__proto__',
  'constructor',
  '%',
  '%00',
  'NaN',
];

const NAMES = (
  'after before limit ref state assessmentId bucket vendor year kind from to fileName check ' +
  'hash why autoApprove name scopes royaltyCents processingCents status source sha256 token ' +
  'next __proto__'
).split(' ');

const TYPES = [
  'application/json',
  'text/csv',
  'application/x-ndjson',
  'application/octet-stream',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=x',
  'text/html; charset=utf-16',
  'application/json; charset=\u0001',
  '',
];

function word(random: Random): string {
  const pick = random.below(10);
  if (pick < 5) return random.one(NASTY);
  if (pick < 8) return random.one(known);
  return random.one(FEE_STATUSES);
}

function value(random: Random, depth = 0): unknown {
  const pick = random.below(depth > 3 ? 5 : 8);
  if (pick === 0) return null;
  if (pick === 1) return random.below(2) === 1;
  if (pick === 2) return random.one([0, -1, 1.5, 2026, 1e21, Number.MAX_SAFE_INTEGER]);
  if (pick < 5) return word(random);
  const several = Array.from({ length: random.below(4) }, () => value(random, depth + 1));
  if (pick === 5) return several;
  return Object.fromEntries(several.map((one) => [random.one([...NAMES, ...NASTY]), one]));
}

function body(random: Random): string | Buffer | undefined {
  const pick = random.below(8);
  if (pick < 2) return undefined;
  if (pick < 6) {
    const given = NAMES.filter(() => random.below(6) === 0).map((name) => [name, value(random)]);
    return JSON.stringify(Object.fromEntries(given));
  }
  if (pick === 6) return Buffer.from(Array.from({ length: 300 }, () => random.below(256)));
  return `ref,name,vendor,npi\n${word(random)},"${word(random)}",theranest,${word(random)}\n`;
}

/** One request at a random route, with some of what a caller can get wrong. */
async function request(random: Random): Promise<{ what: string; answer: Answer }> {
  const { method, path } = random.one(routes);
  const filled = path.replace(/:\w+|\*/g, () => encode(word(random)));
  const query = NAMES.filter(() => random.below(8) === 0)
    .map((name) => `${name}=${encode(word(random))}`)
    .join('&');
  const url = query ? `${filled}?${query}` : filled;
  const content = method === 'GET' || method === 'HEAD' ? undefined : body(random);
  const headers: Record<string, string> = { 'content-type': random.one(TYPES) };
  if (random.below(5) === 0) headers['idempotency-key'] = random.one(['a', 'b', 'ä', '']);
  if (random.below(9) === 0) headers['x-request-id'] = random.one(['x', 'a b', '\u0007']);
  if (random.below(9) === 0) headers['stripe-signature'] = random.one(['t=1,v1=0', 'x', '']);
  if (random.below(9) === 0) headers.accept = 'text/html';
  if (content === undefined) delete headers['content-type'];
  const answer = await apiClient.ask(method, url, {
    headers,
    ...(content === undefined ? {} : { body: content }),
  });
  return { what: `${method} ${url} ${String(content).slice(0, 200)}`, answer };
}

/** Percent-encoded, but now and then not. */
function encode(text: string): string {
  try {
    return encodeURIComponent(text);
  } catch {
    return '%ED%A0%80';
  }
}

it(
  `${REQUESTS} random requests over all routes end without one that failed here`,
  { timeout: 300_000 },
  async () => {
    const random = createRandom(SEED);
    const statuses = new Map<number, number>();
    const failed: string[] = [];
    for (let n = 0; n < REQUESTS; n += 1) {
      const { what, answer } = await request(random);
      statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
      if (answer.status >= 500)
        failed.push(`${answer.status} ${what} ${answer.text.slice(0, 300)}`);
      const isError = answer.status >= 400 && what.includes(' /v1/') && !what.startsWith('HEAD');
      if (isError) expect.soft(answer.code, what).toBeTypeOf('string');
    }
    expect(failed).toEqual([]);
    // Otherwise all that was tried were doors that are shut.
    for (const status of [200, 400, 404, 409, 415]) expect(statuses.get(status)).toBeGreaterThan(5);
    expect((await apiClient.ask('GET', '/readyz')).status).toBe(200);
    const { balances } = await sums();
    expect(balances).toBe(0);
  },
);

async function sums(): Promise<{ balances: number }> {
  const all = await apiClient.ledger.reports.balances();
  return { balances: all.reduce((sum, { balanceCents }) => sum + balanceCents, 0) };
}
