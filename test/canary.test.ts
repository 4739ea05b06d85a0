import { describe, expect, it, onTestFinished } from 'vitest';
import { pino } from 'pino';
import { buildApi } from '../api/app.ts';
import { REQUEST_LIMITS } from '../api/deps.ts';
import { createKey } from '../api/http/access-key.ts';
import type { Api } from '../api/http/schemas.ts';
import { JOB_NAMES } from '../jobs/jobs.ts';
import { createPayments, createStripe } from '../gateways/stripe/client.ts';
import { claimFile } from '../sandbox/samples/claims.ts';
import { inventedNpi } from '../sandbox/samples/npi.ts';
import { dumpQueue, dumpTables } from './support/dump.ts';
import { createTestApp, rehearsal, settled, statesOf, type TestApp } from './support/test-app.ts';
import { queueBackends, type QueueBackend } from './support/queues.ts';
import { tapWire } from './support/wire-tap.ts';

/** What is planted, in everything that is ever put in. Codes and NPIs only as whole numbers. */
const CANARIES: Record<string, RegExp> = {
  name: /Canaria|Nameova/i,
  email: /canarymail/i,
  npi: /(?<!\w)200040\d{4}(?!\w)/,
  patient: /Canarini/i,
  code: /(?<!\w)9(7777|0834|0837|0791)(?!\w)/,
  note: /canary text of a note/i,
  file: /canary-file/i,
  why: /canary reason/i,
};
const CODE = '97777';
const WHY = 'canary reason of a person';

/** Where each may stand nevertheless: the roster, a person’s words, what a person must solve. */
const ALLOWED: Record<string, string[]> = {
  clinicians: ['name', 'email', 'npi'],
  import_problems: ['name', 'npi'],
  unmatched_uses: ['name', 'npi'],
  imports: ['file'],
  evidence: ['file'],
  entries: ['why'],
  audit: ['why'],
};

const found = (text: string): string[] =>
  Object.keys(CANARIES).filter((which) => (CANARIES[which] as RegExp).test(text));

/** Everybody by reference: how their card, mailbox and EHR behave. */
const PEOPLE: [ref: string, card: string | null, mailbox?: string, vendor?: string][] = [
  ['P1', 'pm_card_visa'],
  ['P2', 'pm_card_levy_insufficientFunds_once'],
  ['P3', 'pm_card_visa', 'greylist'],
  ['P4', 'pm_card_visa', 'drop'],
  ['P5', 'pm_card_visa'],
  ['D1', 'pm_card_chargeDeclinedLostCard'],
  ['D2', 'pm_card_chargeDeclinedInsufficientFunds'],
  ['D3', 'pm_card_levy_unknownDecline'],
  ['N1', null],
  ['N2', 'pm_card_visa', 'refuse'],
  ['E1', 'pm_card_visa', 'exempt', 'therapynotes'],
  ['U1', 'pm_card_visa', 'unused'],
];

interface Practice {
  testApp: TestApp;
  app: Api;
  token: string;
  log: () => string;
  wire: () => string;
  redis: ReturnType<QueueBackend['redis']>;
}

/** A whole levy with its API, whose log and whose words to Stripe are kept. */
async function openPractice(backend: QueueBackend): Promise<Practice> {
  const redis = backend.redis();
  const testApp = await createTestApp({ name: backend.name, redis: () => redis });
  const tap = await tapWire(testApp.sandbox.url);
  onTestFinished(() => tap.close());
  const lines: string[] = [];
  const log = pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) });
  const stripe = createStripe({ secretKey: 'sk_test_canary', apiBase: tap.url });
  const payments = createPayments(stripe);
  Object.assign(testApp.deps, { payments, log });
  const app = await buildApi({
    ...{ ledger: testApp.ledger, queues: testApp.queues, payments, log, policy: rehearsal() },
    ...{ practiceName: 'Sunrise Practice', publicUrl: 'http://levy.test', trustProxy: [] },
    access: { authenticatorToApprove: false, metrics: 'open', docs: 'open' },
    ...{ webhookSecrets: ['whsec_canary'], sessionSecret: 'a secret of 32 characters or more' },
    ...{ livemode: false, production: false, checks: {}, limits: REQUEST_LIMITS },
  });
  onTestFinished(() => app.close());
  const scopes = ['read', 'operate', 'approve'] as const;
  const token = (await createKey(testApp.ledger, 'office', [...scopes])) as string;
  return { testApp, app, token, log: () => lines.join(''), wire: tap.heard, redis };
}

function consoleClient({ app, token }: Practice) {
  return async (method: 'GET' | 'POST' | 'PUT', url: string, body?: object | string) => {
    const type = typeof body === 'string' ? 'text/csv' : 'application/json';
    const answer = await app.inject({
      ...{ method, url },
      headers: { authorization: `Bearer ${token}`, ...(body && { 'content-type': type }) },
      ...(body && { payload: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    if (answer.statusCode >= 500) throw new Error(`${method} ${url}: ${answer.body}`);
    return answer.json<Record<string, never>>();
  };
}

const nameOf = (ref: string) => `Canaria ${ref} Nameova`;

async function addClinician(
  { testApp }: Practice,
  ask: ReturnType<typeof consoleClient>,
): Promise<void> {
  const rows = [];
  for (const [n, [ref, card, mailbox = 'plain', vendor = 'theranest']] of PEOPLE.entries()) {
    const customer = await testApp.stripe.customers.create();
    if (card) await testApp.stripe.paymentMethods.attach(card, { customer: customer.id });
    rows.push({
      ...{ ref, vendor, name: nameOf(ref), npi: inventedNpi(n), stripe_customer: customer.id },
      email: `${mailbox}.canarymail.${ref}@people.example`,
    });
  }
  expect(await ask('PUT', '/v1/clinicians', rows)).toMatchObject({ created: PEOPLE.length });
}

/** Records of use of everybody but U1, with everything in them that must not be kept. */
async function importUse(ask: ReturnType<typeof consoleClient>): Promise<void> {
  const users = PEOPLE.filter(([ref]) => ref !== 'U1');
  const rows = users.map(
    ([ref]) => `2026-03-01,Patiencia Canarini,${nameOf(ref)},,${CODE},canary text of a note`,
  );
  const table = ['Date of Service,Client,Clinician,Clinician NPI,Billing Code,Notes', ...rows, ''];
  const csv = await ask('POST', '/v1/imports?fileName=canary-file.csv', table.join('\n'));
  expect(csv).toMatchObject({ matched: users.length });
  const claims = claimFile().replaceAll('CLIENT*NUMBER', 'CANARINI*PATIENCIA');
  await ask('POST', '/v1/imports?fileName=canary-file.837', claims);
}

/** Stripe and the network fail in the ways that make programs talk. */
async function misfortune({ testApp }: Practice): Promise<void> {
  for (const [route, kind] of [
    ['payment_intents.confirm', 'truncate'],
    ['payment_intents.create', 'truncate'],
    ['payment_intents.confirm', 'rate_limit'],
    ['payment_methods.*', 'drop_after_commit'],
  ])
    await fetch(`${testApp.sandbox.url}/_sandbox/faults`, {
      method: 'POST',
      body: JSON.stringify({ route, kind, skip: 1 }),
    });
}

/** A hint fails in the database, whose error names the whole row of the clinician. */
async function failingRow(practice: Practice): Promise<void> {
  const { testApp, app } = practice;
  const [clinician] = await testApp.ledger.clinicians.list({ limit: 1 });
  await testApp.db.pool.query(
    `alter table clinicians add constraint none check (payment_method is null) not valid`,
  );
  const customer = clinician?.stripeCustomer as string;
  const card = await testApp.stripe.paymentMethods.attach('pm_card_mastercard', { customer });
  const payload = JSON.stringify({
    ...{ id: 'evt_canary', object: 'event', type: 'payment_method.attached', livemode: false },
    created: Math.floor((performance.timeOrigin + performance.now()) / 1000),
    data: { object: { id: card.id, object: 'payment_method', customer } },
  });
  const signature = testApp.stripe.webhooks.generateTestHeaderString({
    payload,
    secret: 'whsec_canary',
  });
  await app.inject({
    ...{ method: 'POST', url: '/webhooks/stripe', payload },
    headers: { 'content-type': 'application/json', 'stripe-signature': signature },
  });
  const traces = () => dumpQueue(testApp.db, practice.redis);
  await expect.poll(traces, { timeout: 10_000 }).toContain('error 23514');
}

/** The whole year, and everything people do in it. */
async function liveThrough(practice: Practice): Promise<void> {
  const { testApp } = practice;
  const ask = consoleClient(practice);
  await addClinician(practice, ask);
  await importUse(ask);
  await testApp.work();
  const { assessmentId } = await ask('POST', '/v1/assessments', {
    vendor: 'theranest',
    year: 2026,
  });
  await settled(testApp, 40_000);
  const { hash } = await ask('GET', `/v1/assessments/${assessmentId}/roster`);
  await misfortune(practice);
  await ask('POST', `/v1/assessments/${assessmentId}/approve`, { hash });
  await settled(testApp, 40_000);
  for (const [ref, act] of [
    ['P1', 'refund'],
    ['P5', 'hold'],
    ['N1', 'waive'],
    ['D1', 'waive'],
    ['D2', 'retry'],
  ]) {
    const [fee] = await testApp.ledger.reports.fees({ ref, limit: 1 });
    await ask('POST', `/v1/fees/${fee?.feeId}/${act}`, act === 'retry' ? {} : { why: WHY });
  }
  await settled(testApp, 40_000);
  await failingRow(practice);
}

describe.each(queueBackends)('a year with everything that goes wrong, on $name', (backend) => {
  it('lets nothing out of what people and EHRs have put in', async () => {
    const practice = await openPractice(backend);
    const { testApp, app, token } = practice;
    await liveThrough(practice);

    // Without these, nothing would be proven: the year took place, and went wrong where it should.
    expect(await statesOf(testApp)).toEqual({
      ...{ P1: 'refunded', P2: 'paid', P3: 'paid', P4: 'paid', P5: 'held' },
      ...{ D1: 'waived', D2: 'gave_up', D3: 'held' },
      ...{ N1: 'waived', N2: 'notice_failed', E1: 'exempt', U1: 'no_use' },
    });
    const tables = await dumpTables(testApp.db, 'public');
    const kept = found([...tables.values()].join('\n'));
    expect(kept).toEqual(['name', 'email', 'npi', 'file', 'why']);
    expect(practice.log().split('\n').length).toBeGreaterThan(10);
    expect(practice.wire()).toContain('POST /v1/payment_intents');

    // The queue: payloads, names, reasons of failures, traces, results and events.
    const queue = await dumpQueue(testApp.db, practice.redis);
    expect(queue).toMatch(/declined: lost_card; needs_card/);
    expect(found(queue)).toEqual([]);
    // The log of API and processors, every level of it.
    expect(found(practice.log())).toEqual([]);
    const headers = { authorization: `Bearer ${token}` };
    expect(found((await app.inject({ url: '/metrics', headers })).body)).toEqual([]);
    // Bull Board: every job of every queue, as its page would get them.
    for (const name of JOB_NAMES)
      for (const status of ['latest', 'failed', 'completed', 'delayed']) {
        const url = `/queues/api/queues?activeQueue=${name}&status=${status}&page=1&jobsPerPage=99`;
        const board = await app.inject({ url, headers });
        expect(board.statusCode, url).toBe(200);
        expect(found(board.body), url).toEqual([]);
      }
    // Stripe: every request as it went over the wire, and what Stripe keeps of it.
    expect(found(practice.wire())).toEqual([]);
    expect(found(JSON.stringify(testApp.sandbox.books('fee')))).toEqual([]);

    for (const [table, content] of tables)
      expect(
        found(content).filter((which) => !ALLOWED[table]?.includes(which)),
        table,
      ).toEqual([]);
    // The clinicians' own mails name them, and nothing else of what was planted.
    const mails = testApp.mailbox.messages().map(({ raw }) => raw);
    expect(mails.length).toBeGreaterThan(12);
    for (const mail of mails)
      expect(found(mail).filter((which) => which !== 'name' && which !== 'email')).toEqual([]);
    // On the envelope's outside only the recipient's own line names anybody.
    for (const { headers: all } of testApp.mailbox.messages())
      for (const { name, value } of all)
        if (!/^to$/i.test(name)) expect(found(value), name).toEqual([]);
  }, 150_000);
});
