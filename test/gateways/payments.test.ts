import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CallReport } from '../../gateways/stripe/calls.ts';
import { PaymentsRefused } from '../../gateways/payments.ts';
import { openStripeTestApp, type StripeTestApp } from './stripe-test-app.ts';

const calls: CallReport[] = [];
let testApp: StripeTestApp;
beforeAll(async () => {
  testApp = await openStripeTestApp({ onCall: (call) => calls.push(call) });
});
afterAll(() => testApp.close());

/** The routes called while `act` ran. */
async function routesOf(act: () => Promise<unknown>): Promise<string[]> {
  const before = calls.length;
  await act();
  return calls.slice(before).map((call) => call.route);
}

/** What is asked for when an intent is created. */
const input = (customer: string) => ({
  ...{ feeId: 'fee-of-a-wish', year: 2026, vendor: 'theranest', amountCents: 1950 },
  ...{ notice: null, customer },
});

const NOTICE = {
  messageId: '<fee-1-notice-1@sunrise.example>',
  at: '2026-01-15T14:00:00.000Z',
  chargeFrom: '2026-01-29T15:00:00.000Z',
};

describe('the intent', () => {
  test('is created unconfirmed, in US cents, and carries nothing but whose fee it is', async () => {
    const { intent, opened, customer } = await testApp.intent('pm_card_visa', 'fee-plain');
    expect(opened).toEqual({
      intent,
      status: 'waiting',
      customer,
      amountCents: 1950,
      feeId: 'fee-plain',
      notice: null,
      canceledFor: null,
      charge: null,
      refusal: null,
      refusedCard: null,
      refusedBefore: [],
      refunds: [],
      dispute: null,
    });
    const raw = await testApp.stripe.paymentIntents.retrieve(intent);
    expect(raw).toMatchObject({
      amount: 1950,
      currency: 'usd',
      customer,
      description: '2026 fee fee-plain',
      metadata: { fee: 'fee-plain', year: '2026', vendor: 'theranest' },
      payment_method: null,
      receipt_email: null,
      statement_descriptor_suffix: 'FEE 2026',
    });
    expect(Object.keys(raw.metadata)).toHaveLength(3);
  });

  test('opened twice with one key is one intent, and the second answer is as it is now', async () => {
    const { customer, paymentMethod } = await testApp.customer();
    const args = { ...input(customer), key: 'twice' };
    const first = await testApp.payments.openIntent(args);
    await testApp.payments.confirmIntent({ intent: first.intent, paymentMethod, key: 'twice-1' });
    const again = await testApp.payments.openIntent(args);
    expect(again).toMatchObject({ intent: first.intent, status: 'succeeded' });
  });

  test('of a customer Stripe does not know is our mistake, said in codes', async () => {
    const args = { ...input('cus_none'), key: 'none' };
    const error: unknown = await testApp.payments
      .openIntent(args)
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(PaymentsRefused);
    expect(error).toMatchObject({ code: 'resource_missing', param: 'customer', status: 400 });
    expect(String(error)).not.toContain('cus_none');
  });

  test('that another ledger has created under the key, with other words, says so', async () => {
    const { customer } = await testApp.customer();
    const key = `levy-intent-2026-${customer}`;
    await testApp.payments.openIntent({ ...input(customer), key });
    const other = testApp.payments.openIntent({ ...input(customer), feeId: 'another-fee', key });
    await expect(other).rejects.toMatchObject({
      name: 'PaymentsRefused',
      code: 'idempotency_error',
    });
  });

  test('is found by customer and year through every page, and nobody else’s with it', async () => {
    const { customer, intent } = await testApp.intent('pm_card_visa', 'fee-lost');
    for (let n = 0; n < 101; n += 1)
      await testApp.stripe.paymentIntents.create({ amount: 500, currency: 'usd', customer });
    await testApp.intent();
    const routes = await routesOf(async () => {
      const found = await testApp.payments.findIntents({ customer, year: 2026 });
      expect(found.map((reading) => reading.intent)).toEqual([intent]);
    });
    expect(routes).toEqual(['GET /v1/payment_intents', 'GET /v1/payment_intents']);
  });

  test('is found whoever made it, newest first, and none of another year', async () => {
    const { customer } = await testApp.customer();
    const made = async (metadata: Record<string, string>) =>
      (await testApp.stripe.paymentIntents.create({ ...MADE, customer, metadata })).id;
    const lost = await made({ fee: 'fee-of-a-lost-ledger', year: '2026' });
    const older = await made({ fee: 'fee-without-a-year' });
    await made({ fee: 'fee-of-the-year-before', year: '2025' });
    await made({ order: '7' });
    const found = await testApp.payments.findIntents({ customer, year: 2026 });
    expect(found.map(({ intent, feeId }) => [intent, feeId])).toEqual([
      [older, 'fee-without-a-year'],
      [lost, 'fee-of-a-lost-ledger'],
    ]);
  });

  test('created long before the year is not looked for', async () => {
    const { customer } = await testApp.intent();
    expect(await testApp.payments.findIntents({ customer, year: 2026 })).toHaveLength(1);
    expect(await testApp.payments.findIntents({ customer, year: 2100 })).toEqual([]);
  });
});

const MADE = { amount: 1950, currency: 'usd' };

describe('the notice in an intent’s metadata', () => {
  test('is there from the creation on', async () => {
    const { intent, opened } = await testApp.intent('pm_card_visa', 'fee-noticed', NOTICE);
    expect(opened.notice).toEqual(NOTICE);
    const { metadata } = await testApp.stripe.paymentIntents.retrieve(intent);
    expect(metadata).toEqual({
      ...{ fee: 'fee-noticed', year: '2026', vendor: 'theranest' },
      notice: NOTICE.messageId,
      noticed_at: NOTICE.at,
      charge_from: NOTICE.chargeFrom,
    });
  });

  test('is written later, replaced by the next one, and struck', async () => {
    const { intent, customer } = await testApp.intent();
    const reads = async () => (await testApp.payments.readIntent(intent)).notice;
    const record = (notice: typeof NOTICE | null, n: number) =>
      testApp.payments.recordNotice({
        intent,
        notice,
        customer,
        key: `levy-notice-${intent}-${n}`,
      });
    const second = { ...NOTICE, messageId: '<fee-1-notice-2@sunrise.example>' };
    for (const [n, notice] of [NOTICE, second, null].entries()) {
      await record(notice, n);
      expect(await reads()).toEqual(notice);
    }
    const { metadata } = await testApp.stripe.paymentIntents.retrieve(intent);
    expect(metadata).toMatchObject({ fee: 'fee-1', year: '2026', vendor: 'theranest' });
  });

  test('is not written into an intent that Stripe does not know', async () => {
    const record = testApp.payments.recordNotice({
      ...{ intent: 'pi_none', notice: NOTICE, customer: null, key: 'levy-notice-none' },
    });
    await expect(record).rejects.toMatchObject({
      name: 'PaymentsRefused',
      code: 'resource_missing',
    });
  });
});

describe('the refused charges of an intent', () => {
  test('are listed the oldest first, each with its card and moment, and the payment is none', async () => {
    const { intent, customer } = await testApp.intent();
    const cards: string[] = [];
    for (const card of [
      'pm_card_chargeDeclinedLostCard',
      'pm_card_chargeDeclined',
      'pm_card_visa',
    ]) {
      const paymentMethod = await testApp.attach(customer, card);
      cards.push(paymentMethod);
      await testApp.payments.confirmIntent({
        intent,
        paymentMethod,
        key: `tried-${paymentMethod}`,
      });
    }
    const refused = await testApp.payments.refusedCharges(intent);
    expect(refused.map(({ paymentMethod }) => paymentMethod)).toEqual(cards.slice(0, 2));
    expect(refused[0]).toMatchObject({ code: 'lost_card', charge: expect.stringMatching(/^ch_/) });
    const { created } = await testApp.stripe.charges.retrieve(refused[0]!.charge!);
    expect(refused[0]!.at).toEqual(new Date(created * 1000));
    const outcome = await testApp.payments.readOutcome(intent);
    expect(outcome).toMatchObject({ status: 'succeeded', refusedBefore: refused });
  });

  test('are none of an intent nobody has tried', async () => {
    const { intent } = await testApp.intent();
    expect(await testApp.payments.refusedCharges(intent)).toEqual([]);
  });
});

describe('a confirmation', () => {
  test('takes the money once and answers with the charge, in a single call', async () => {
    const { intent, paymentMethod } = await testApp.intent();
    const routes = await routesOf(async () => {
      const answer = await testApp.payments.confirmIntent({ intent, paymentMethod, key: 'ok-1' });
      expect(answer).toMatchObject({
        outcome: 'answered',
        reading: { intent, status: 'succeeded', amountCents: 1950, refusal: null },
      });
    });
    expect(routes).toEqual(['POST /v1/payment_intents/:id/confirm']);
  });

  test('repeated with the same or another key finds the payment instead of making a second', async () => {
    const { intent, paymentMethod } = await testApp.intent('pm_card_visa', 'fee-repeat');
    for (const key of ['repeat-1', 'repeat-1', 'repeat-2'])
      expect(await testApp.payments.confirmIntent({ intent, paymentMethod, key })).toMatchObject({
        outcome: 'answered',
        reading: { status: 'succeeded' },
      });
    const ours = testApp.books('fee').succeeded.filter((paid) => paid.payment_intent === intent);
    expect(ours).toHaveLength(1);
  });

  test.each([
    ['pm_card_chargeDeclinedInsufficientFunds', 'insufficient_funds', 'try_again_later', true],
    ['pm_card_chargeDeclinedLostCard', 'lost_card', 'do_not_try_again', true],
    ['pm_card_levy_confirmCardData', 'do_not_honor', 'confirm_card_data', true],
    ['pm_card_levy_unknownDecline', 'mislaid_by_the_moon', null, true],
    ['pm_card_authenticationRequired', 'authentication_required', null, true],
    ['pm_card_levy_blockedByStripe', 'previously_declined_do_not_retry', null, false],
    ['pm_card_radarBlock', 'highest_risk_level', null, false],
  ])('declined by %s says %s', async (card, code, adviceCode, sentToNetwork) => {
    const { intent, paymentMethod } = await testApp.intent(card);
    const key = `declined-${card}`;
    const answer = await testApp.payments.confirmIntent({ intent, paymentMethod, key });
    expect(answer).toMatchObject({
      outcome: 'declined',
      refusal: { code, adviceCode, sentToNetwork },
    });
    const reading = await testApp.payments.readIntent(intent);
    expect(reading).toMatchObject({ status: 'waiting', refusal: { code } });
    const { charge } = reading;
    expect(charge).toMatch(/^ch_/);
    expect(answer).toMatchObject({ refusal: { charge } });
    const repeated = await testApp.payments.confirmIntent({ intent, paymentMethod, key });
    expect(repeated).toEqual(answer);
  });

  test('of a card that takes its time is unknown until Stripe has been read', async () => {
    const { intent, paymentMethod } = await testApp.intent('pm_card_levy_processing');
    const answer = await testApp.payments.confirmIntent({ intent, paymentMethod, key: 'slow-1' });
    expect(answer).toEqual({ outcome: 'unknown', why: 'processing' });
    await testApp.control('POST', 'clock', { advanceMs: 86_400_000 });
    expect(await testApp.payments.readIntent(intent)).toMatchObject({ status: 'succeeded' });
  });

  test('with a detached card is declined as gone, and never reached the network', async () => {
    const { intent, paymentMethod } = await testApp.intent();
    await testApp.stripe.paymentMethods.detach(paymentMethod);
    const answer = await testApp.payments.confirmIntent({ intent, paymentMethod, key: 'gone-1' });
    expect(answer).toEqual({
      outcome: 'declined',
      refusal: {
        code: 'resource_missing',
        adviceCode: null,
        networkAdviceCode: null,
        sentToNetwork: false,
        charge: null,
      },
    });
  });

  test('with the card of somebody else is declined as gone', async () => {
    const { intent } = await testApp.intent();
    const { paymentMethod } = await testApp.customer();
    const answer = await testApp.payments.confirmIntent({ intent, paymentMethod, key: 'theirs-1' });
    expect(answer).toMatchObject({ outcome: 'declined', refusal: { code: 'resource_missing' } });
  });

  test('of a canceled intent answers with the cancellation', async () => {
    const { intent, paymentMethod } = await testApp.intent();
    await testApp.payments.cancelIntent({ intent, reason: 'duplicate', key: 'cancel-first' });
    const answer = await testApp.payments.confirmIntent({ intent, paymentMethod, key: 'late-1' });
    expect(answer).toMatchObject({ outcome: 'answered', reading: { status: 'canceled' } });
  });

  test('of an intent Stripe does not know, or under a used key, is our mistake', async () => {
    const { intent, paymentMethod } = await testApp.intent();
    const confirm = (id: string, key: string) =>
      testApp.payments.confirmIntent({ intent: id, paymentMethod, key });
    expect(await confirm('pi_none', 'none-1')).toEqual({
      outcome: 'refused_request',
      code: 'resource_missing',
    });
    await confirm(intent, 'used-1');
    const other = await testApp.intent();
    expect(await confirm(other.intent, 'used-1')).toEqual({
      outcome: 'refused_request',
      code: 'idempotency_error',
    });
  });
});

describe('a cancellation', () => {
  test('makes sure that the intent can never succeed', async () => {
    const { intent } = await testApp.intent();
    const cancel = (key: string) =>
      testApp.payments.cancelIntent({ intent, reason: 'abandoned', key });
    expect(await cancel('cancel-1')).toMatchObject({ status: 'canceled', charge: null });
    expect(await cancel('cancel-2')).toMatchObject({ status: 'canceled' });
  });

  test.each(['duplicate', 'abandoned', 'requested_by_customer'] as const)(
    'says %s to whoever finds it',
    async (reason) => {
      const { intent, customer } = await testApp.intent();
      await testApp.payments.cancelIntent({ intent, reason, key: `cancel-${reason}` });
      const [found] = await testApp.payments.findIntents({ customer, year: 2026 });
      expect(found).toMatchObject({ intent, status: 'canceled', canceledFor: reason });
    },
  );

  test('that comes after the payment says so', async () => {
    const { intent, paymentMethod } = await testApp.intent();
    await testApp.payments.confirmIntent({ intent, paymentMethod, key: 'paid-before' });
    const late = { intent, reason: 'requested_by_customer', key: 'cancel-3' } as const;
    const reading = await testApp.payments.cancelIntent(late);
    expect(reading).toMatchObject({ status: 'succeeded', amountCents: 1950 });
  });
});

describe('a refund', () => {
  async function paid(card: string, feeId: string) {
    const opened = await testApp.intent(card, feeId);
    const { intent, paymentMethod } = opened;
    await testApp.payments.confirmIntent({ intent, paymentMethod, key: `pay-${feeId}` });
    return opened;
  }

  test('pays everything back, shows in the reading, and is made once', async () => {
    const { intent, feeId } = await paid('pm_card_visa', 'fee-back');
    const args = { intent, feeId, key: 'refund-1' };
    const opened = await testApp.payments.openRefund(args);
    expect(opened).toMatchObject({ amountCents: 1950, status: 'succeeded' });
    for (const key of ['refund-1', 'refund-after-the-key-was-forgotten'])
      expect(await testApp.payments.openRefund({ ...args, key })).toEqual(opened);
    const routes = await routesOf(async () => {
      expect((await testApp.payments.readIntent(intent)).refunds).toEqual([opened]);
    });
    expect(routes).toEqual(['GET /v1/payment_intents/:id']);
  });

  test('is pending first and may fail later', async () => {
    const { intent, feeId } = await paid('pm_card_pendingRefund', 'fee-pending');
    const opened = await testApp.payments.openRefund({ intent, feeId, key: 'refund-2' });
    expect(opened.status).toBe('pending');
    await testApp.control('POST', `refunds/${opened.refund}/fail`);
    expect((await testApp.payments.readIntent(intent)).refunds).toEqual([
      { refund: opened.refund, amountCents: 1950, status: 'failed' },
    ]);
  });

  test('of an unpaid intent is refused', async () => {
    const { intent, feeId } = await testApp.intent();
    await expect(
      testApp.payments.openRefund({ intent, feeId, key: 'refund-3' }),
    ).rejects.toBeInstanceOf(PaymentsRefused);
  });
});

test('a dispute is read with the intent, from its opening to its end', async () => {
  const { intent, paymentMethod } = await testApp.intent('pm_card_visa', 'fee-disputed');
  await testApp.payments.confirmIntent({ intent, paymentMethod, key: 'disputed-1' });
  const dispute = (await testApp.control('POST', 'disputes', { payment_intent: intent })) as {
    id: string;
    reason: string;
  };
  expect((await testApp.payments.readIntent(intent)).dispute).toEqual({
    dispute: dispute.id,
    amountCents: 1950,
    status: 'open',
    why: dispute.reason,
  });
  await testApp.control('POST', `disputes/${dispute.id}/close`, { status: 'won' });
  expect((await testApp.payments.readIntent(intent)).dispute).toMatchObject({ status: 'won' });
});
