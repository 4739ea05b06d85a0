import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EntryKind } from '../../core/fee/fee.ts';
import { createRestore } from '../../workers/maintenance/restore.ts';
import { createReconcileJob } from '../../workers/maintenance/reconcile-job.ts';
import { createReconcile } from '../../workers/maintenance/reconcile.ts';
import { backUp } from '../support/backup.ts';
import { elsewhere, OTHER_FEE } from '../support/elsewhere.ts';
import { feeLife, type FeeLife } from '../support/fee-life.ts';
import { createTestApp, type TestApp } from '../support/test-app.ts';
import { queueBackends } from '../support/queues.ts';
import { broken } from '../support/verified-year.ts';
import { feeOf, liveYear, type Somebody } from '../support/year.ts';

const restoreOf = ({ deps, ledger }: Pick<FeeLife, 'ledger'> & Pick<TestApp, 'deps'>) =>
  createRestore({ ...deps, ledger });
const of = (fee: FeeLife) => restoreOf({ deps: fee.testApp.deps, ledger: fee.ledger });
const AGREES = { behind: 0, changed: 0, left: [], orphanObjects: 0 };
const ONE = { ...AGREES, behind: 1, changed: 1 };

/** A fee that is lived on, and whose ledger is then put back to where it was `until`. */
async function restored(
  until: 'notice' | 'charge',
  card?: string,
  more?: (fee: FeeLife) => unknown,
) {
  const fee = await feeLife({ card });
  await fee.live(until);
  const backup = await backUp(fee.testApp.db.pool);
  const length = (await fee.kinds()).length;
  await fee.live();
  await more?.(fee);
  await backup.restore();
  return { fee, since: async () => (await fee.kinds()).slice(length) };
}

const intentOf = async (fee: FeeLife) => (await elsewhere(fee).all())[0]?.id as string;

describe('a ledger that was restored', () => {
  const table: [what: string, until: 'notice' | 'charge', card: string, found: EntryKind[]][] = [
    ['from before the notice: a payment', 'notice', 'pm_card_visa', ['intent_opened', 'paid']],
    ['from before the charge: a payment', 'charge', 'pm_card_visa', ['paid']],
    [
      'a card refused for good',
      'notice',
      'pm_card_chargeDeclinedLostCard',
      ['intent_opened', 'declined'],
    ],
    [
      'every decline, and that it was given up',
      'charge',
      'pm_card_chargeDeclinedInsufficientFunds',
      ['declined', 'declined', 'declined', 'declined', 'gave_up'],
    ],
    ['a code nobody knows', 'charge', 'pm_card_levy_unknownDecline', ['declined', 'held']],
  ];
  it.each(table)('takes over from Stripe, %s', async (_what, until, card, found) => {
    const { fee, since } = await restored(until, card);
    const mails = fee.mails().length;
    expect(await of(fee).once()).toEqual(ONE);
    expect(await since()).toEqual(found);
    expect((await fee.load()).entries.at(-1)).toMatchObject({ actor: 'Stripe' });
    expect(await of(fee).once()).toEqual(AGREES);
    // Nothing was charged and nobody was written to by it, and no card that was refused is tried.
    expect(fee.mails()).toHaveLength(mails);
    const tries = fee.testApp.sandbox.books('fee').charges;
    await fee.live();
    expect(fee.testApp.sandbox.books('fee').charges).toEqual(tries);
  });

  it('takes over refunds and a dispute that were made since', async () => {
    const { fee, since } = await restored('charge', undefined, async (lived) => {
      const payment_intent = await intentOf(lived);
      await lived.testApp.stripe.refunds.create({ payment_intent, amount: 500 });
      await lived.control('disputes', { payment_intent });
    });
    expect(await of(fee).once()).toEqual(ONE);
    expect(await since()).toEqual(['paid', 'refunded', 'disputed']);
  });

  it('takes over a refund of a payment that it knows', async () => {
    const fee = await feeLife();
    await fee.live();
    const backup = await backUp(fee.testApp.db.pool);
    await fee.testApp.stripe.refunds.create({ payment_intent: await intentOf(fee) });
    await fee.hearAll();
    await backup.restore();
    expect(await of(fee).once()).toEqual(ONE);
    expect((await fee.kinds()).at(-1)).toBe('refunded');
    const { checks } = await createReconcile({ ...fee.testApp.deps, patienceMs: 0 }).once();
    expect(checks.filter(({ breaches }) => breaches.length > 0)).toEqual([]);
  });

  it('leaves a fee for the next time that moves on meanwhile', async () => {
    const { fee } = await restored('notice');
    const { payments } = fee.testApp.deps;
    const busy = {
      ...payments,
      async findIntents(args: Parameters<typeof payments.findIntents>[0]) {
        const found = await payments.findIntents(args);
        await fee.ask({ act: 'hold', why: 'a look' });
        return found;
      },
    };
    const restore = createRestore({ ...fee.testApp.deps, ledger: fee.ledger, payments: busy });
    expect(await restore.once()).toEqual({ ...AGREES, behind: 1, left: [fee.feeId] });
    expect(await of(fee).once()).toEqual(ONE);
  });

  it('has the declines of a fee, too, that is waived before anybody compared it', async () => {
    const { fee } = await restored('charge', 'pm_card_chargeDeclinedLostCard');
    await fee.ask({ act: 'waive', why: 'kindness' });
    await fee.live();
    expect((await fee.kinds()).slice(-3)).toEqual(['declined', 'waived', 'email_sent']);
    expect(await of(fee).once()).toEqual(AGREES);
  });

  describe('of a fee that was paid by another customer than the roster names', () => {
    /** The fee waits for its charge, and Stripe has a payment of it by a customer of before. */
    async function paidBefore() {
      const fee = await feeLife();
      await fee.live('charge');
      const { id: earlier } = await fee.testApp.stripe.customers.create();
      const lost = elsewhere({ ...fee, customer: () => Promise.resolve(earlier) });
      const intent = await lost.intent({ fee: fee.feeId });
      await lost.confirm(intent, 'pm_card_visa');
      return { fee, earlier, intent };
    }

    it('takes the payment over, and cancels its own intent', async () => {
      const { fee, intent } = await paidBefore();
      expect(await of(fee).once()).toEqual(ONE);
      expect(await fee.last('paid')).toMatchObject({ data: { intent, attempt: null } });
      await createReconcileJob({ ...fee.testApp.deps, patienceMs: 0 })({});
      const { data } = await fee.testApp.stripe.paymentIntents.list();
      const states = data.map(({ id, status }) => (id === intent ? `theirs ${status}` : status));
      expect(states.sort()).toEqual(['canceled', 'theirs succeeded']);
      expect(await of(fee).once()).toEqual(AGREES);
    });

    it('takes nothing over where the customer is another clinician’s here', async () => {
      const { fee, earlier } = await paidBefore();
      await fee.testApp.db.pool.query(
        `insert into clinicians (ref, name, email, vendor, time_zone, stripe_customer)
         values ('Z-1', 'Zoe', 'zoe@people.example', 'theranest', 'America/New_York', $1)`,
        [earlier],
      );
      const before = await fee.kinds();
      // Named by the check, and left to a person.
      expect(await of(fee).once()).toEqual({ ...AGREES, behind: 1 });
      expect(await fee.kinds()).toEqual(before);
    });
  });

  it('counts what belongs to no fee here, and says nothing of it is left to do', async () => {
    const fee = await feeLife();
    await fee.live('notice');
    const { stripe } = fee.testApp;
    await stripe.paymentIntents.create({
      ...{ amount: 1950, currency: 'usd', confirm: true, payment_method: 'pm_card_amex' },
      automatic_payment_methods: { enabled: true, allow_redirects: 'never' },
      metadata: { fee: OTHER_FEE, year: '2026' },
    });
    // An intent and its charge.
    expect(await of(fee).once()).toEqual({ ...AGREES, orphanObjects: 2 });
  });

  it('throws while Stripe cannot be asked, and goes on where it stopped', async () => {
    const { fee } = await restored('charge');
    await fee.control('faults', { route: 'charges.list', kind: 'status_500' });
    await expect(of(fee).once()).rejects.toThrow('no usable answer');
    expect(await of(fee).once()).toEqual(ONE);
  });
});

describe('before any work begins, a ledger', () => {
  it.each(['notice', 'charge'] as const)(
    'that is behind is known by a charge it does not know (restored to before the %s)',
    async (until) => {
      const { fee, since } = await restored(until);
      expect(await of(fee).ifBehind()).toEqual(ONE);
      expect((await since()).at(-1)).toBe('paid');
      expect(await of(fee).ifBehind()).toBeNull();
    },
  );

  it.each([
    ['that was never charged by', 'notice', undefined],
    ['that has charged everything', undefined, undefined],
    ['whose last try was declined', undefined, 'pm_card_chargeDeclinedLostCard'],
  ] as const)('%s is not behind, and costs one list', async (_what, until, card) => {
    const fee = await feeLife({ card });
    await fee.live(until);
    const routes: string[] = [];
    const { payments } = fee.testApp.deps;
    const counting = {
      ...payments,
      books(args: { since: Date }) {
        const books = payments.books(args);
        const counted = Object.entries(books).map(([kind, list]) => {
          const listed = () => (routes.push(kind), list());
          return [kind, listed];
        });
        return Object.fromEntries(counted) as typeof books;
      },
    };
    const restore = createRestore({ ...fee.testApp.deps, ledger: fee.ledger, payments: counting });
    expect(await restore.ifBehind()).toBeNull();
    expect(routes).toEqual(['charges']);
  });

  it('with an attempt under way leaves that to the attempt’s own step', async () => {
    const fee = await feeLife();
    await fee.live('charge');
    await fee.fault('confirm', 'truncate');
    await fee.run('charge');
    expect(fee.charged()).toBe(1);
    expect(await of(fee).ifBehind()).toBeNull();
    await fee.live();
    expect(await fee.state()).toBe('paid');
  });

  it('is asked about until Stripe answers, or until it is stopped', async () => {
    const { fee, since } = await restored('charge');
    const warned: string[] = [];
    const warn = (_: unknown, what: string) => void warned.push(what);
    const deps = { ...fee.testApp.deps, ledger: fee.ledger };
    const restore = createRestore({ ...deps, log: { ...deps.log, warn } });
    await fee.control('faults', { route: 'charges.list', kind: 'status_500' });
    expect(await restore.beforeWork(new AbortController().signal)).toBe(true);
    expect(await since()).toEqual(['paid']);
    expect(warned[0]).toBe('nothing is sent or charged before Stripe was asked what it has');

    const stop = new AbortController();
    await fee.control('faults', { route: 'charges.list', kind: 'status_500', times: 9 });
    const stopped = createRestore({ ...deps, log: { ...deps.log, warn: () => stop.abort() } });
    expect(await stopped.beforeWork(stop.signal)).toBe(false);
  });
});

describe('a year of many', () => {
  const PEOPLE: Somebody[] = [
    ['P1', 'pm_card_visa'],
    ['P2', 'pm_card_mastercard'],
    ['B1', 'pm_card_chargeDeclinedInsufficientFunds'],
    ['C1', 'pm_card_chargeDeclinedLostCard'],
    ['N1', null],
    ['F1', 'pm_card_visa', { used: false }],
  ];
  let testApp: TestApp;
  let close = () => Promise.resolve();
  beforeAll(async () => {
    testApp = await createTestApp(queueBackends[0]!, (pullDown) => (close = pullDown));
    await liveYear(testApp, PEOPLE);
  });
  afterAll(() => close());

  it('agrees with Stripe after it was put back to any moment, and holds what holds', async () => {
    const restore = restoreOf(testApp);
    expect(await restore.once()).toEqual(AGREES);
    const { pool } = testApp.db;
    const intent = async (ref: string) =>
      (await testApp.ledger.fees.load(await feeOf(testApp, ref)))?.entries.find(
        ({ kind }) => kind === 'intent_opened',
      )?.data as { intent: string };
    const backup = await backUp(pool);
    await testApp.stripe.refunds.create({ payment_intent: (await intent('P1')).intent });
    const visa = await testApp.stripe.paymentMethods.attach('pm_card_visa', {
      customer: (await testApp.ledger.fees.load(await feeOf(testApp, 'C1')))!.clinician
        .stripeCustomer as string,
    });
    const { intent: c1 } = await intent('C1');
    await testApp.stripe.paymentIntents.confirm(c1, { payment_method: visa.id });
    await backup.restore();
    expect(await restore.once()).toEqual({ ...AGREES, behind: 2, changed: 2 });
    const check = await createReconcile({ ...testApp.deps, patienceMs: 0 }).once();
    expect([...broken(check).values()]).toEqual([]);
    expect(await restore.once()).toEqual(AGREES);
  });
});
