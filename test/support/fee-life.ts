import {
  decide,
  applyExternalChange,
  type Action,
  type ExternalChange,
} from '../../core/fee/actions.ts';
import type { Entry, EntryKind, Step } from '../../core/fee/fee.ts';
import type { Policy } from '../../core/policy.ts';
import type { PaymentEvent } from '../../gateways/payments.ts';
import type { Done } from '../../jobs/queues.ts';
import type { Changed, FeeRecord } from '../../ledger/fees.ts';
import { createLedger, type Ledger } from '../../ledger/ledger.ts';
import type { WorkerDeps } from '../../workers/deps.ts';
import { createWebhookEvent } from '../../workers/webhook-event.ts';
import { recordUse, setClock } from './assessment.ts';
import { testPolicy } from './fees.ts';
import { createTestApp, type TestApp } from './test-app.ts';
import { live, run, standing } from './one-fee.ts';

/** What the one clinician of a test is like, and how the assessment treats people. */
export interface Circumstances {
  card?: string | null;
  email?: string | null;
  vendor?: string;
  used?: boolean;
  autoApprove?: boolean;
  policy?: Partial<Policy>;
}

/** One clinician's fee in an app of its own, and everything that can happen to the fee. */
export type FeeLife = Awaited<ReturnType<typeof feeLife>>;

/** Everything Stripe may tell about a fee or a card. */
const EVENTS = [
  'payment_intent.succeeded',
  'payment_intent.payment_failed',
  'payment_intent.canceled',
  'payment_method.attached',
  'payment_method.automatically_updated',
  'checkout.session.completed',
  'setup_intent.succeeded',
  'charge.refunded',
  'refund.created',
  'refund.updated',
  'refund.failed',
  'charge.dispute.created',
  'charge.dispute.closed',
];

/** Opens the assessment of 2026 for one clinician. The clock stands still until it is moved. */
export async function feeLife(circumstances: Circumstances = {}) {
  const {
    card = 'pm_card_visa',
    used = true,
    autoApprove = true,
    policy,
    ...person
  } = circumstances;
  const testApp = await createTestApp({ name: 'postgres', redis: () => undefined });
  await setClock(testApp.db.pool, new Date('2026-01-15T14:00:00Z'));
  const ledger = createLedger(testApp.db.appPool, () => 0);
  const clinicianId = await testApp.clinician('A1', card, person);
  if (used) await recordUse(ledger, clinicianId);
  const opening = await ledger.assessments.open({
    vendor: 'theranest',
    year: 2026,
    policy: testPolicy(policy),
    autoApprove,
    livemode: false,
    actor: 'test',
  });
  if (!opening.opened) throw new Error(opening.why);
  const { assessmentId } = opening.assessment;
  await ledger.assessments.enroll(assessmentId);
  const [fee] = await ledger.reports.fees({ limit: 1 });
  const feeId = fee?.feeId as string;
  return { testApp, ledger, clinicianId, assessmentId, feeId, ...handsOn(testApp, ledger, feeId) };
}

function handsOn(testApp: TestApp, ledger: Ledger, feeId: string) {
  const load = async () => (await ledger.fees.load(feeId)) as FeeRecord;
  const changed = async (change: Promise<Changed | null>): Promise<string> => {
    const after = (await change) as Changed;
    return 'refused' in after ? after.refused : `${after.added} entries`;
  };
  return {
    load,
    /** Runs one processor now, as a job would; with `ledger`, on that view of it. */
    run: (step: Step, view = ledger): Promise<Done> => run(testApp, view, step, feeId),
    /** Does what is due when it is due, until nothing is or `until` is. */
    live: (until?: Step) => live(testApp, ledger, feeId, until),
    state: async () => (await standing(ledger, feeId)).state,
    standing: () => standing(ledger, feeId),
    kinds: async (): Promise<EntryKind[]> => (await load()).entries.map(({ kind }) => kind),
    /** The latest entry of a kind. */
    last: async <K extends EntryKind>(kind: K): Promise<Extract<Entry, { kind: K }> | undefined> =>
      (await load()).entries.findLast((one) => one.kind === kind) as never,
    /** A person's act; the refusal's code, or how many entries it added. */
    ask: (input: Action) => changed(ledger.fees.change(feeId, 'test', (fee) => decide(fee, input))),
    /** A change outside, followed as the API follows it. */
    follow: (change: ExternalChange) =>
      changed(
        ledger.fees.change(feeId, 'test', (fee) => ({ entries: applyExternalChange(fee, change) })),
      ),
    /** Has something happen between the next mail and what its sender writes down about it. */
    whileSending(meanwhile: () => Promise<unknown>): void {
      const { mail } = testApp.deps;
      testApp.deps.mail = {
        ...mail,
        async send(outgoing) {
          testApp.deps.mail = mail;
          const outcome = await mail.send(outgoing);
          await meanwhile();
          return outcome;
        },
      };
    },
    /** Moves the database's clock on. */
    async pass(ms: number): Promise<void> {
      const now = await ledger.fees.now();
      await setClock(testApp.db.pool, new Date(now.getTime() + ms));
    },
    ...stripeSide(testApp, ledger),
    /** The mails received so far, by subject. */
    mails: () => testApp.mailbox.messages().map(({ subject }) => subject),
  };
}

function stripeSide(testApp: TestApp, ledger: Ledger) {
  async function control(path: string, body: object): Promise<unknown> {
    const answer = await fetch(`${testApp.sandbox.url}/_sandbox/${path}`, {
      method: 'POST',
      body: JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(await answer.text());
    return answer.json();
  }
  /** Every event there is that nobody has heard of yet, oldest first. */
  async function news(): Promise<PaymentEvent[]> {
    const found: PaymentEvent[] = [];
    const since = new Date(0);
    for await (const one of testApp.deps.payments.listEvents({ since, types: EVENTS }))
      found.push(one);
    const heard = await Promise.all(found.map(({ id }) => ledger.events.get(id)));
    return found.filter((_, n) => heard[n] === null).reverse();
  }
  const hear = async (event: PaymentEvent, deps: WorkerDeps = testApp.deps): Promise<string> => {
    await ledger.events.receive(event);
    const done = await createWebhookEvent({ ...deps, ledger })({ eventId: event.id });
    return 'done' in done ? done.done : done.failed;
  };
  return {
    control,
    news,
    /** Receives an event and follows its hint. */
    hear,
    /** Hears all the news, oldest first. */
    async hearAll(): Promise<string[]> {
      const told: string[] = [];
      for (const event of await news()) told.push(await hear(event));
      return told;
    },
    /** The next `times` calls of a route of the payment intents go wrong in this way. */
    fault: (route: string, kind: string, times = 1) =>
      control('faults', { route: `payment_intents.${route}`, kind, times }),
    customer: async () => {
      const [clinician] = await ledger.clinicians.list({ limit: 1 });
      return clinician?.stripeCustomer as string;
    },
    /** Puts another card on the clinician's customer. */
    async attach(card: string): Promise<string> {
      const [clinician] = await ledger.clinicians.list({ limit: 1 });
      const customer = clinician?.stripeCustomer as string;
      return (await testApp.stripe.paymentMethods.attach(card, { customer })).id;
    },
    /** Succeeded charges, by Stripe's books. */
    charged: () => testApp.sandbox.books('fee').succeeded.length,
    /** Cents that stayed with the practice, by Stripe's books. */
    kept: () => {
      const { charged, refunded, disputed } = testApp.sandbox.books('fee').totals;
      return charged - refunded - disputed;
    },
  };
}
