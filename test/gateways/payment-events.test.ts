import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { PaymentEvent } from '../../gateways/payments.ts';
import { openStripeTestApp, type StripeTestApp } from './stripe-test-app.ts';

let testApp: StripeTestApp;
beforeAll(async () => {
  testApp = await openStripeTestApp({ delays: { settle: 0 } });
});
afterAll(() => testApp.close());

const SECRETS = ['whsec_new', 'whsec_old'];

function signed(payload: string, secret: string, timestamp?: number) {
  const { webhooks } = testApp.stripe;
  return webhooks.generateTestHeaderString({ payload, secret, ...(timestamp && { timestamp }) });
}

describe('a webhook', () => {
  const body = JSON.stringify({
    id: 'evt_1',
    object: 'event',
    type: 'payment_intent.succeeded',
    livemode: false,
    created: 1_790_000_000,
    data: {
      object: {
        id: 'pi_1',
        object: 'payment_intent',
        customer: 'cus_1',
        payment_method: 'pm_1',
        metadata: { fee: 'fee-1' },
      },
    },
  });
  const read = (text: string, signature: string, at?: Date) =>
    testApp.payments.readEvent(Buffer.from(text), signature, SECRETS, at);

  test.each(SECRETS)('signed with %s, one of two secrets, is read', (secret) => {
    expect(read(body, signed(body, secret))).toEqual({
      id: 'evt_1',
      type: 'payment_intent.succeeded',
      livemode: false,
      objectId: 'pi_1',
      intent: 'pi_1',
      customer: 'cus_1',
      paymentMethod: 'pm_1',
      feeId: 'fee-1',
      createdAt: new Date(1_790_000_000_000),
    } satisfies PaymentEvent);
  });

  test('that is forged, changed, unsigned or checked against no secret is not believed', () => {
    const signature = signed(body, 'whsec_new');
    const invalid = { invalid: 'signature' };
    expect(read(body, signed(body, 'whsec_other'))).toEqual(invalid);
    expect(read(body.replace('fee-1', 'fee-2'), signature)).toEqual(invalid);
    expect(read(body, '')).toEqual(invalid);
    expect(read('', signature)).toEqual(invalid);
    expect(testApp.payments.readEvent(Buffer.from(body), signature, [])).toEqual(invalid);
    expect(testApp.payments.readEvent(Buffer.from(body), signature, ['', ' '])).toEqual(invalid);
  });

  test('that is more than five minutes old is stale, by the clock it is given', () => {
    const at = 1_790_000_000;
    const signature = signed(body, 'whsec_old', at);
    const after = (seconds: number) => new Date((at + seconds) * 1000);
    expect(read(body, signature, after(300))).toMatchObject({ id: 'evt_1' });
    expect(read(body, signature, after(301))).toEqual({ invalid: 'stale' });
    expect(read(body, signature)).toEqual({ invalid: 'stale' });
  });

  test.each([
    ['no JSON', '{"id":'],
    ['a list', '[]'],
    ['no object', JSON.stringify({ id: 'evt_1', type: 't', created: 1, data: {} })],
    ['a thin event', JSON.stringify({ id: 'evt_1', object: 'v2.core.event', type: 't' })],
    ['null', 'null'],
  ])('with a good signature and %s inside is malformed', (_what, text) => {
    expect(read(text, signed(text, 'whsec_new'))).toEqual({ invalid: 'malformed' });
  });

  test.each([
    ['charge.refunded', { id: 'ch_1', object: 'charge', payment_intent: 'pi_1' }, 'pi_1', null],
    ['refund.failed', { id: 're_1', object: 'refund', payment_intent: 'pi_1' }, 'pi_1', null],
    [
      'charge.dispute.created',
      { id: 'du_1', object: 'dispute', payment_intent: 'pi_1' },
      'pi_1',
      null,
    ],
    [
      'payment_method.attached',
      { id: 'pm_9', object: 'payment_method', customer: 'cus_1' },
      null,
      'pm_9',
    ],
    ['customer.deleted', { id: 'cus_1', object: 'customer' }, null, null],
  ])('%s names what it is about', (type, object, intent, paymentMethod) => {
    const text = JSON.stringify({
      id: 'evt_2',
      object: 'event',
      type,
      livemode: true,
      created: 1,
      data: { object },
    });
    expect(read(text, signed(text, 'whsec_new'))).toMatchObject({
      objectId: object.id,
      livemode: true,
      feeId: null,
      intent,
      paymentMethod,
      ...(type.startsWith('customer') && { customer: 'cus_1' }),
    });
  });
});

test('lost webhooks are found in the list of events, newest first and by type', async () => {
  const { intent, paymentMethod, customer } = await testApp.intent('pm_card_visa', 'fee-listed');
  await testApp.payments.confirmIntent({ intent, paymentMethod, key: 'listed-1' });
  const found: PaymentEvent[] = [];
  const since = new Date(0);
  const types = ['payment_intent.succeeded', 'payment_intent.created'];
  for await (const event of testApp.payments.listEvents({ since, types })) found.push(event);
  const ours = found.filter((event) => event.intent === intent);
  expect(ours.map((event) => event.type)).toEqual(types);
  expect(ours[0]).toMatchObject({ feeId: 'fee-listed', customer, livemode: false });
});

describe('the books', () => {
  const all = async <T>(lines: AsyncIterable<T>): Promise<T[]> => {
    const found: T[] = [];
    for await (const line of lines) found.push(line);
    return found;
  };

  test('hold every intent, charge, refund and movement of our fees, and nobody else’s', async () => {
    const { intent, paymentMethod, customer } = await testApp.intent('pm_card_visa', 'fee-booked');
    await testApp.payments.confirmIntent({ intent, paymentMethod, key: 'booked-1' });
    const refund = await testApp.payments.openRefund({
      intent,
      feeId: 'fee-booked',
      key: 'booked-2',
    });
    await testApp.stripe.paymentIntents.create({ amount: 999, currency: 'usd', customer });
    const books = testApp.payments.books({ since: new Date(0) });

    const intents = await all(books.intents());
    expect(intents.filter((line) => line.customer === customer)).toMatchObject([
      { intent, feeId: 'fee-booked', year: '2026', status: 'succeeded', receivedCents: 1950 },
    ]);
    const charges = (await all(books.charges())).filter((line) => line.intent === intent);
    expect(charges).toMatchObject([
      { feeId: 'fee-booked', status: 'succeeded', amountCents: 1950, refundedCents: 1950 },
    ]);
    expect((await all(books.refunds())).filter((line) => line.intent === intent)).toMatchObject([
      { refund: refund.refund, feeId: 'fee-booked', amountCents: 1950, status: 'succeeded' },
    ]);
    const movements = await all(books.movements());
    const total = movements.reduce((sum, line) => sum + line.netCents, 0);
    expect(total).toBe(testApp.books().totals.net);
    expect(movements.every((m) => m.amountCents - m.feeCents === m.netCents)).toBe(true);
  });

  test('end where the period ends', async () => {
    const { opened } = await testApp.intent('pm_card_visa', 'fee-period');
    const [line] = await all(testApp.payments.books({ since: new Date(0) }).intents());
    expect(line?.intent).toBe(opened.intent);
    const until = line?.createdAt ?? new Date(0);
    const before = await all(testApp.payments.books({ since: new Date(0), until }).intents());
    expect(before.map((one) => one.intent)).not.toContain(opened.intent);
    const from = await all(testApp.payments.books({ since: until }).intents());
    expect(from.map((one) => one.intent)).toContain(opened.intent);
  });
});
