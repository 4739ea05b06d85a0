import type Stripe from 'stripe';
import { onTestFinished } from 'vitest';
import type { Policy } from '../../core/policy.ts';
import type { FeeStatus } from '../../core/fee/fee.ts';
import { createWorkerDeps } from '../../app/worker.ts';
import { createPayments, createStripe } from '../../gateways/stripe/client.ts';
import { createQueues, type Queues } from '../../jobs/queues.ts';
import { createLedger, type Ledger } from '../../ledger/ledger.ts';
import { startMailbox, type Mailbox } from '../../sandbox/mailbox/mailbox.ts';
import { startSandboxStripe, type SandboxStripe } from '../../sandbox/stripe/server.ts';
import type { WorkerDeps } from '../../workers/deps.ts';
import { runWorker } from '../../workers/worker.ts';
import { CONFIRMED_RATE, VENDORS } from './assessment.ts';
import { createTestDatabase, type TestDatabase } from './database.ts';
import { testPolicy } from './fees.ts';
import type { QueueBackend } from './queues.ts';

/** A whole levy on real parts: database, queue, sandbox Stripe and mailbox. */
export interface TestApp {
  db: TestDatabase;
  ledger: Ledger;
  queues: Queues;
  stripe: Stripe;
  sandbox: SandboxStripe;
  mailbox: Mailbox;
  deps: WorkerDeps;
  /** Starts working; closed with the test. */
  work(): Promise<{ close(): Promise<void> }>;
  /** A clinician whose card in the sandbox is this test card; no card for null. */
  clinician(ref: string, card: string | null, changes?: Partial<Person>): Promise<string>;
}

interface Person {
  email: string | null;
  vendor: string;
  name: string;
}

/** A year in seconds: a day lasts 100 ms, and nothing else waits. */
export const REHEARSAL: Partial<Policy> = {
  dayMs: 100,
  noticeDays: 5,
  retryDays: [2, 2, 2],
  retrySoonMs: 200,
  mailRetryMs: [200, 200, 200],
  attemptGraceMs: 2_000,
  unknownLookMs: [200, 500],
};

export const rehearsal = (): Policy => testPolicy(REHEARSAL);

/** The vendors and the confirmed rate of 2026: 1,950 cents. */
export function seedRate({ rates }: Pick<Ledger, 'rates'>): Promise<unknown> {
  return rates.seed(VENDORS, [CONFIRMED_RATE]);
}

/** Starts a worker whose yearly trigger opens nothing by itself. */
export function startTestWorker({ deps, queues }: Pick<TestApp, 'deps' | 'queues'>) {
  const annual = {
    ...{ cron: '0 9 15 1 *', timeZone: 'America/New_York', vendors: [], autoApprove: false },
    ...{ policy: rehearsal(), livemode: false },
  };
  return runWorker({ deps, queues, annual, elapsedMs: () => performance.now() });
}

/**
 * Builds an app for the running test and closes it after the test; with `atEnd`, when the function
 * that `atEnd` is given is called.
 */
export async function createTestApp(
  backend: QueueBackend,
  atEnd: (pullDown: () => Promise<void>) => void = (pullDown) => onTestFinished(pullDown, 60_000),
): Promise<TestApp> {
  const db = await createTestDatabase();
  const redis = backend.redis();
  const mailbox = await startMailbox();
  const sandbox = await startSandboxStripe();
  const stripe = createStripe({ secretKey: 'sk_test_sandbox', apiBase: sandbox.url });
  const ledger = createLedger(db.appPool, () => performance.now());
  await seedRate(ledger);
  const queues = await createQueues({
    redisUrl: redis?.url ?? null,
    databaseUrl: db.appUrl,
    prefix: redis?.prefix ?? 'levy',
    onError: () => undefined,
  });
  const silent = () => undefined;
  const deps = await createWorkerDeps(
    {
      mailFrom: 'Sunrise Practice <office@sunrise.example>',
      mailReplyTo: 'office@sunrise.example',
      practiceName: 'Sunrise Practice',
      publicUrl: 'https://levy.sunrise.example',
    },
    { smtpUrl: mailbox.smtpUrl, sessionSecret: 'the secret of a test' },
    {
      ...{ ledger, payments: createPayments(stripe), elapsedMs: () => performance.now() },
      log: { info: silent, warn: silent, error: silent },
    },
  );
  const open: { close(): Promise<void> }[] = [];
  atEnd(async () => {
    for (const one of open) await one.close();
    await queues.close();
    deps.mail.close();
    await Promise.all([mailbox.close(), sandbox.close()]);
  });
  return {
    ...{ db, ledger, queues, stripe, sandbox, mailbox, deps },
    async work() {
      const work = await startTestWorker({ deps, queues });
      open.push(work);
      return work;
    },
    clinician: (ref, card, changes = {}) => addClinician({ ledger, stripe }, ref, card, changes),
  };
}

async function addClinician(
  { ledger, stripe }: Pick<TestApp, 'ledger' | 'stripe'>,
  ref: string,
  card: string | null,
  changes: Partial<Person>,
): Promise<string> {
  const customer = await stripe.customers.create({ metadata: { ref } });
  if (card) await stripe.paymentMethods.attach(card, { customer: customer.id });
  const written = await ledger.clinicians.upsert({
    ref,
    name: `Person ${ref}`,
    email: `${ref.toLowerCase()}@people.example`,
    npi: null,
    vendor: 'theranest',
    timeZone: 'America/New_York',
    stripeCustomer: customer.id,
    paymentMethod: null,
    ...changes,
  });
  if (!('clinicianId' in written)) throw new Error('a duplicate in the roster');
  return written.clinicianId;
}

/** The state of every fee by the clinician's reference. */
export async function statesOf(testApp: TestApp): Promise<Record<string, FeeStatus>> {
  const fees = await testApp.ledger.reports.fees({ limit: 1_000 });
  return Object.fromEntries(fees.map(({ ref, state }) => [ref, state]));
}

/** Waits until nothing is due any more, now or later, but for what waits for people. */
export async function settled(testApp: TestApp, timeoutMs = 15_000): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const fees = await testApp.ledger.reports.fees({ limit: 1_000 });
    const going = fees.filter(({ nextStep }) => nextStep !== null);
    if (fees.length > 0 && going.length === 0) return;
    if (performance.now() > deadline)
      throw new Error(
        going.map(({ ref, state, nextStep }) => `${ref} ${state} ${nextStep}`).join(', '),
      );
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
