import type Stripe from 'stripe';
import { expect, test } from 'vitest';
import { cardholder, errorOf, openTestApp, openIntent, pay } from './test-app.ts';
import type { TestApp } from './test-app.ts';

/** Lets everything that is planned on the sandbox's clock happen. */
const later = (testApp: TestApp) => testApp.control('POST', 'clock', { advanceMs: 60_000 });

async function paidCharge(testApp: TestApp, testCard?: string) {
  const intent = await pay(testApp.stripe, await cardholder(testApp.stripe, testCard));
  return { intent: intent.id, charge: intent.latest_charge as string };
}

async function eventTypes({ stripe }: TestApp): Promise<string[]> {
  const { data } = await stripe.events.list({ limit: 100 });
  return data.map(({ type }) => type as string).reverse();
}

test('money reaches the balance a moment after the charge, less 2.9 % and 30 cents', async () => {
  const testApp = await openTestApp();
  const { intent, charge } = await paidCharge(testApp);
  expect((await testApp.stripe.charges.retrieve(charge)).balance_transaction).toBeNull();
  await later(testApp);
  const read = await testApp.stripe.paymentIntents.retrieve(intent, {
    expand: ['latest_charge.balance_transaction'],
  });
  expect((read.latest_charge as Stripe.Charge).balance_transaction).toMatchObject({
    object: 'balance_transaction',
    type: 'charge',
    amount: 1850,
    fee: 84,
    net: 1766,
    source: charge,
  });
  expect((await eventTypes(testApp)).slice(-3)).toEqual([
    'charge.succeeded',
    'payment_intent.succeeded',
    'charge.updated',
  ]);
});

test('a refund gives back the whole charge, or what is left of it, and never more', async () => {
  const testApp = await openTestApp();
  const { stripe } = testApp;
  const { intent, charge } = await paidCharge(testApp);
  const part = await stripe.refunds.create({ payment_intent: intent, amount: 850 });
  expect(part).toMatchObject({ status: 'succeeded', amount: 850, charge, payment_intent: intent });
  expect(await stripe.charges.retrieve(charge)).toMatchObject({
    amount_refunded: 850,
    refunded: false,
  });
  const more = await errorOf(stripe.refunds.create({ charge, amount: 1001 }));
  expect(more).toMatchObject({ statusCode: 400, param: 'amount', code: undefined });
  expect((await stripe.refunds.create({ charge })).amount).toBe(1000);
  const again = await errorOf(stripe.refunds.create({ charge }));
  expect(again).toMatchObject({ statusCode: 400, code: 'charge_already_refunded' });
  const read = await stripe.charges.retrieve(charge, { expand: ['refunds'] });
  expect(read).toMatchObject({ refunded: true, amount_refunded: 1850 });
  expect(read.refunds?.data.map(({ amount }) => amount)).toEqual([1000, 850]);
  const moved = await stripe.balanceTransactions.list({ type: 'refund' });
  expect(moved.data.map(({ amount, fee }) => [amount, fee])).toEqual([
    [-1000, 0],
    [-850, 0],
  ]);
  const types = await eventTypes(testApp);
  expect(types.filter((type) => type === 'charge.refunded')).toHaveLength(2);
  expect(types).toContain('refund.created');
});

test('nothing that was not paid can be refunded', async () => {
  const { stripe } = await openTestApp();
  const { customer } = await cardholder(stripe);
  const { id } = await openIntent(stripe, customer);
  expect((await errorOf(stripe.refunds.create({ payment_intent: id }))).statusCode).toBe(400);
  expect((await errorOf(stripe.refunds.create({}))).code).toBe('parameter_missing');
});

test('a refund may stay pending for a while', async () => {
  const testApp = await openTestApp();
  const { charge } = await paidCharge(testApp, 'pm_card_pendingRefund');
  const refund = await testApp.stripe.refunds.create({ charge });
  expect(refund.status).toBe('pending');
  await later(testApp);
  expect((await testApp.stripe.refunds.retrieve(refund.id)).status).toBe('succeeded');
  expect(await eventTypes(testApp)).toContain('refund.updated');
});

test('a refund that succeeded may fail after all: the money is back in the account', async () => {
  const testApp = await openTestApp();
  const { stripe } = testApp;
  const { charge } = await paidCharge(testApp, 'pm_card_refundFail');
  const refund = await stripe.refunds.create({ charge });
  expect(refund.status).toBe('succeeded');
  await later(testApp);
  expect(await stripe.refunds.retrieve(refund.id)).toMatchObject({
    status: 'failed',
    failure_reason: 'expired_or_canceled_card',
  });
  expect(await stripe.charges.retrieve(charge)).toMatchObject({
    amount_refunded: 0,
    refunded: false,
  });
  expect(await eventTypes(testApp)).toContain('refund.failed');
  expect(testApp.sandbox.books().totals).toMatchObject({
    charged: 1850,
    refunded: 0,
    settled: 1850,
  });
});

test('any refund can be made to fail by the control endpoint, once', async () => {
  const testApp = await openTestApp();
  const { charge } = await paidCharge(testApp);
  const { id } = await testApp.stripe.refunds.create({ charge });
  await testApp.control('POST', `refunds/${id}/fail`);
  expect((await testApp.stripe.refunds.retrieve(id)).status).toBe('failed');
  await expect(testApp.control('POST', `refunds/${id}/fail`)).rejects.toThrow('cannot fail');
});

test('a disputed card: the money and a fee leave at once, and no refund is possible', async () => {
  const testApp = await openTestApp();
  const { stripe } = testApp;
  const { intent, charge } = await paidCharge(testApp, 'pm_card_createDispute');
  await later(testApp);
  const { data } = await stripe.disputes.list({ payment_intent: intent });
  expect(data).toMatchObject([
    {
      amount: 1850,
      charge,
      payment_intent: intent,
      status: 'needs_response',
      balance_transactions: [{ amount: -1850, fee: 1500, net: -3350, type: 'adjustment' }],
    },
  ]);
  expect((await stripe.charges.retrieve(charge)).disputed).toBe(true);
  expect((await errorOf(stripe.refunds.create({ charge }))).code).toBe('charge_disputed');
  expect((await stripe.disputes.close(data[0]!.id)).status).toBe('lost');
  expect((await errorOf(stripe.disputes.close(data[0]!.id))).statusCode).toBe(400);
  const types = (await eventTypes(testApp)).filter((type) => type.startsWith('charge.dispute'));
  expect(types).toEqual([
    'charge.dispute.created',
    'charge.dispute.funds_withdrawn',
    'charge.dispute.closed',
  ]);
});

test('a dispute that is won brings the money and the fee back', async () => {
  const testApp = await openTestApp();
  const { intent } = await paidCharge(testApp);
  await later(testApp);
  const opened = await testApp.control('POST', 'disputes', { payment_intent: intent });
  expect(testApp.sandbox.books().totals).toMatchObject({ disputed: 1850, settled: 0 });
  await testApp.control('POST', `disputes/${String(opened.id)}/close`, { status: 'won' });
  expect(testApp.sandbox.books().totals).toEqual({
    charged: 1850,
    refunded: 0,
    disputed: 0,
    settled: 1850,
    fees: 84,
    net: 1766,
  });
});

test('the books count what was paid, and find by metadata what was paid twice', async () => {
  const testApp = await openTestApp();
  const { stripe, control, sandbox } = testApp;
  const who = await cardholder(stripe);
  const metadata = { fee: 'f1', year: '2026' };
  const first = await pay(stripe, who, { metadata });
  await pay(stripe, who, { metadata: { fee: 'f2', year: '2026' } });
  expect(sandbox.books().doubleCharges).toEqual([]);
  const second = await pay(stripe, who, { metadata });
  await errorOf(pay(stripe, await cardholder(stripe, 'pm_card_chargeDeclined')));
  await later(testApp);
  const charges = [first.latest_charge, second.latest_charge];
  const double = [{ for: 'fee=f1 year=2026', charges, amount: 3700 }];
  const books = await control('GET', 'books');
  expect(books).toMatchObject({
    intents: { succeeded: 3, requires_payment_method: 1 },
    charges: { succeeded: 3, failed: 1 },
    totals: { charged: 5550, settled: 5550, fees: 252, net: 5298 },
    doubleCharges: double,
  });
  expect((books.succeeded as object[])[0]).toMatchObject({
    charge: first.latest_charge,
    payment_intent: first.id,
    customer: who.customer,
    amount: 1850,
    metadata,
  });
  expect(sandbox.books('year').doubleCharges).toMatchObject([{ for: 'year=2026', amount: 5550 }]);
});

test('the front page shows totals and the latest payments, and escapes what it shows', async () => {
  const { stripe, sandbox } = await openTestApp();
  const intent = await pay(stripe, await cardholder(stripe), { metadata: { fee: '<b>f1' } });
  await errorOf(pay(stripe, await cardholder(stripe, 'pm_card_chargeDeclinedLostCard')));
  const html = await (await fetch(sandbox.url)).text();
  for (const part of [intent.id, '$18.50', 'visa ···· 4242', 'fee=&lt;b&gt;f1', 'lost_card']) {
    expect(html).toContain(part);
  }
});
