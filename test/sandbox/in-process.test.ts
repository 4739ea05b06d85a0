import type Stripe from 'stripe';
import { describe, expect, test } from 'vitest';
import { createStripeAccount } from '../../testing/simulator/account/account.ts';
import { outside } from '../../testing/simulator/account/outside.ts';
import { createFaults, type Rates } from '../../testing/simulator/faults.ts';
import { createRandom } from '../../testing/simulator/random.ts';
import { createTimeline } from '../../testing/simulator/timeline.ts';
import { cardholder, errorOf, MONDAY, openTestApp } from './test-app.ts';

/** The sandbox as a server, or within a process under a simulation's clock: both must do alike. */
interface Double {
  stripe: Stripe;
  /** A customer with a good card, or with one that is always declined. */
  holder: (card: 'good' | 'declined') => Promise<{ customer: string; card: string }>;
  /** Moves the double's clock. */
  pass: (ms: number) => Promise<void>;
  /** A person gives a card on the page of this session. */
  giveCard: (session: string) => Promise<unknown>;
}

async function overHttp(): Promise<Double> {
  const { stripe, clock, control } = await openTestApp();
  const cards = { good: 'pm_card_visa', declined: 'pm_card_visa_chargeDeclinedLostCard' };
  return {
    stripe,
    holder: async (card) => {
      const { customer, card: id } = await cardholder(stripe, cards[card]);
      return { customer, card: id };
    },
    pass: (ms) => Promise.resolve(void (clock.ms += ms)),
    giveCard: (session) =>
      control('POST', `checkout/${session}/complete`, { payment_method: 'pm_card_visa' }),
  };
}

function inProcess(rates: Rates = {}): Promise<Double> {
  const random = createRandom('doubles');
  const timeline = createTimeline(MONDAY, random, () => null);
  const note = () => undefined;
  const faults = createFaults({ rates, random, now: timeline.now, note });
  const account = createStripeAccount({ timeline, random, faults, note, deliver: note });
  const people = outside(account, timeline);
  const behaviour = { code: 'lost_card', tries: 99, hours: 0, ends: 'failed' } as const;
  return Promise.resolve({
    stripe: account.client({ decidedAt: 0, site: 'levy', isAlive: () => true }),
    holder: (card) => {
      const customer = people.addCustomer('P0');
      const answer = card === 'good' ? 'approve' : 'hard';
      return Promise.resolve({
        customer: customer.id,
        card: people.addCard(customer, undefined, { ...behaviour, answer }).id,
      });
    },
    pass: (ms) => timeline.runUntil(timeline.now() + ms),
    giveCard: (id) => Promise.resolve(people.complete(id)),
  });
}

const DOUBLES = [
  { where: 'over HTTP', open: overHttp },
  { where: 'within the process', open: () => inProcess() },
];

const METADATA = { fee: 'f1', year: '2026', vendor: 'theranest' };

function create(
  { stripe }: Double,
  customer: string,
  more: Partial<Stripe.PaymentIntentCreateParams> = {},
  options: Stripe.RequestOptions = {},
) {
  const params = { amount: 1850, currency: 'usd', customer, metadata: METADATA, ...more };
  const automatic_payment_methods = { enabled: true, allow_redirects: 'never' } as const;
  return stripe.paymentIntents.create({ automatic_payment_methods, ...params }, options);
}

describe.each(DOUBLES)('the sandbox $where', ({ open }) => {
  test('changes metadata key by key, also of a paid and of a canceled intent', async () => {
    const double = await open();
    const { paymentIntents } = double.stripe;
    const { customer, card } = await double.holder('good');
    const paid = await create(double, customer);
    await paymentIntents.confirm(paid.id, { payment_method: card });
    const notice = { notice: '<n1@levy>', noticed_at: '2026-11-02T09:00:00.000Z' };
    const noticed = await paymentIntents.update(paid.id, { metadata: notice });
    expect(noticed.metadata).toEqual({ ...METADATA, ...notice });
    await paymentIntents.update(paid.id, {
      metadata: { notice: '', year: '2025' },
    });
    const after = await paymentIntents.retrieve(paid.id);
    expect(after).toMatchObject({ status: 'succeeded' });
    expect(after.metadata).toEqual({ ...METADATA, year: '2025', noticed_at: notice.noticed_at });
    const canceled = await create(double, customer);
    await paymentIntents.cancel(canceled.id);
    const told = await paymentIntents.update(canceled.id, {
      metadata: { note: 'n' },
    });
    expect(told).toMatchObject({ status: 'canceled', metadata: { ...METADATA, note: 'n' } });
  });

  test('changes metadata once for one key, and refuses the key for other metadata', async () => {
    const double = await open();
    const { customer } = await double.holder('good');
    const { id } = await create(double, customer);
    const tell = (metadata: Record<string, string>, idempotencyKey: string) =>
      double.stripe.paymentIntents.update(id, { metadata }, { idempotencyKey });
    await tell({ notice: 'one' }, 'k1');
    await tell({ notice: 'two' }, 'k2');
    const again = await tell({ notice: 'one' }, 'k1');
    expect(again.lastResponse.headers['idempotent-replayed']).toBe('true');
    const now = await double.stripe.paymentIntents.retrieve(id);
    expect(now.metadata.notice).toBe('two');
    const error = await errorOf(tell({ notice: 'three' }, 'k1'));
    expect(error).toMatchObject({ type: 'StripeIdempotencyError', statusCode: 400 });
    expect(error.rawType).toBe('idempotency_error');
  });

  test('refuses a creation under a key that came with other parameters', async () => {
    const double = await open();
    const { customer } = await double.holder('good');
    const key = { idempotencyKey: 'levy-intent-2026-x' };
    const first = await create(double, customer, {}, key);
    const error = await errorOf(
      create(double, customer, { metadata: { ...METADATA, fee: 'f2' } }, key),
    );
    expect(error).toMatchObject({ type: 'StripeIdempotencyError', statusCode: 400 });
    const { data } = await double.stripe.paymentIntents.list({ customer });
    expect(data.map(({ id }) => id)).toEqual([first.id]);
  });

  test('shows why an intent was canceled, and refuses a reason it does not know', async () => {
    const double = await open();
    const { customer } = await double.holder('good');
    const { paymentIntents } = double.stripe;
    const reasons = ['duplicate', 'fraudulent', 'requested_by_customer', 'abandoned'] as const;
    for (const cancellation_reason of reasons) {
      const { id, cancellation_reason: before } = await create(double, customer);
      expect(before).toBeNull();
      await paymentIntents.cancel(id, { cancellation_reason });
      expect((await paymentIntents.retrieve(id)).cancellation_reason).toBe(cancellation_reason);
    }
    const other = await create(double, customer);
    const error = await errorOf(
      paymentIntents.cancel(other.id, { cancellation_reason: 'expired' }),
    );
    expect(error).toMatchObject({ statusCode: 400, param: 'cancellation_reason' });
    expect((await paymentIntents.retrieve(other.id)).status).toBe('requires_payment_method');
    await paymentIntents.cancel(other.id);
    expect((await paymentIntents.retrieve(other.id)).cancellation_reason).toBeNull();
  });

  test("lists a customer's intents since a moment, newest first", async () => {
    const double = await open();
    const { customer } = await double.holder('good');
    await create(double, customer);
    await double.pass(60_000);
    const second = await create(double, customer);
    await double.pass(60_000);
    const third = await create(double, customer);
    await create(double, (await double.holder('good')).customer);
    const gte = MONDAY / 1_000 + 60;
    const { data } = await double.stripe.paymentIntents.list({ customer, created: { gte } });
    expect(data.map(({ id }) => id)).toEqual([third.id, second.id]);
    expect(data.map(({ metadata }) => metadata)).toEqual([METADATA, METADATA]);
    const { data: later } = await double.stripe.charges.list({ created: { gte: gte + 60 } });
    expect(later).toEqual([]);
  });

  test('a charge has the customer, and the metadata the intent had when it was made', async () => {
    const double = await open();
    const { customer, card } = await double.holder('declined');
    const { id } = await create(double, customer);
    const confirm = () =>
      double.stripe.paymentIntents.confirm(id, { payment_method: card, off_session: true });
    await errorOf(confirm());
    await double.stripe.paymentIntents.update(id, { metadata: { notice: 'n1' } });
    await double.pass(1_000);
    await errorOf(confirm());
    await create(double, customer);
    const { data } = await double.stripe.charges.list({ payment_intent: id });
    expect(data).toMatchObject([
      { customer, status: 'failed', payment_method: card, metadata: { ...METADATA, notice: 'n1' } },
      { customer, status: 'failed', payment_method: card },
    ]);
    expect(data[1]?.metadata).toEqual(METADATA);
    const { last_payment_error: last } = await double.stripe.paymentIntents.retrieve(id);
    expect(last).toMatchObject({ charge: data[0]?.id, payment_method: { id: card } });
  });

  test('a card given on a page names the fee the page was opened for', async () => {
    const double = await open();
    const { customer } = await double.holder('good');
    const { checkout, customers, events } = double.stripe;
    const session = await checkout.sessions.create({
      mode: 'setup',
      customer,
      allowed_payment_method_types: ['card'],
      success_url: 'https://practice.example/',
      setup_intent_data: { metadata: { fee: 'f1' } },
    });
    expect(session.url).toMatch(/^https?:/);
    await double.giveCard(session.id);
    const given = await customers.listPaymentMethods(customer, { type: 'card' });
    expect(given.data).toHaveLength(2);
    const { data } = await events.list({
      types: ['setup_intent.succeeded', 'payment_method.attached'],
      created: { gte: MONDAY / 1_000 },
    });
    const card = (data[0]?.data.object as Stripe.SetupIntent).payment_method;
    expect(given.data.map(({ id }) => id)).toContain(card);
    expect(data[0]).toMatchObject({
      type: 'setup_intent.succeeded',
      data: { object: { id: session.setup_intent, customer, metadata: { fee: 'f1' } } },
    });
    expect(data[1]).toMatchObject({
      type: 'payment_method.attached',
      data: { object: { id: card } },
    });
    expect(data[1]?.data.object).not.toMatchObject({ metadata: { fee: 'f1' } });
    const refused = await errorOf(checkout.sessions.expire(session.id));
    expect(refused.statusCode).toBe(400);
  });
});

describe('a fault within the process', () => {
  const refused = async (rates: Rates) => {
    const double = await inProcess(rates);
    const { customer } = await double.holder('good');
    return errorOf(create(double, customer, {}, { idempotencyKey: 'k1' }));
  };

  test('is an error of the library: a slow-down, a key in use, half of an answer', async () => {
    expect(await refused({ stripe_429: 1 })).toMatchObject({ statusCode: 429, code: 'rate_limit' });
    const inUse = await refused({ stripe_in_use: 1 });
    expect(['lock_timeout', 'idempotency_key_in_use']).toContain(inUse.code);
    const cut = await refused({ stripe_cut_answer: 1 });
    expect(['StripeAPIError', 'StripeConnectionError']).toContain(cut.type);
  });

  test('leaves what was carried out, and a 500 is given again to the same key', async () => {
    const double = await inProcess({ stripe_500: 1 });
    const { customer } = await double.holder('good');
    const open = () => create(double, customer, {}, { idempotencyKey: 'k1' });
    const first = await errorOf(open());
    expect(first).toMatchObject({ statusCode: 500 });
    const again = await errorOf(open());
    expect(again.headers?.['idempotent-replayed']).toBe('true');
    expect(again).toMatchObject({ statusCode: 500 });
  });
});
