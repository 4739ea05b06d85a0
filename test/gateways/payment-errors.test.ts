import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PaymentsUnavailable } from '../../gateways/payments.ts';
import { createPayments, createStripe } from '../../gateways/stripe/client.ts';
import { openStripeTestApp, type StripeTestApp } from './stripe-test-app.ts';

let testApp: StripeTestApp;
beforeAll(async () => {
  testApp = await openStripeTestApp();
});
afterAll(() => testApp.close());

/** How often the sandbox's books say that an intent was paid. */
function timesPaid(intent: string): number {
  return testApp.books('fee').succeeded.filter((paid) => paid.payment_intent === intent).length;
}

describe('a confirmation under a fault', () => {
  test.each([
    // The library itself sends once more after a closed connection: two faults to get through.
    { kind: 'drop_before', times: 2, why: 'connection', paid: 0 },
    { kind: 'drop_after_commit', times: 2, why: 'connection', paid: 1 },
    { kind: 'truncate', times: 1, why: 'connection', paid: 1 },
    { kind: 'timeout', times: 1, why: 'timeout', paid: 0 },
    { kind: 'timeout_after_commit', times: 1, why: 'timeout', paid: 1 },
    { kind: 'status_500', times: 1, why: 'server_error', paid: 0 },
    { kind: 'status_500_after_commit', times: 1, why: 'server_error', paid: 1 },
  ])('of $kind is unknown, and reading the intent tells', async ({ kind, times, why, paid }) => {
    const { intent, paymentMethod } = await testApp.intent('pm_card_visa', `fee-${kind}`);
    await testApp.fault('payment_intents.confirm', kind, { times });
    const confirmed = { intent, paymentMethod, key: `fault-${kind}` };
    expect(await testApp.payments.confirmIntent(confirmed)).toEqual({ outcome: 'unknown', why });
    expect(timesPaid(intent)).toBe(paid);
    const { status } = await testApp.payments.readIntent(intent);
    expect(status).toBe(paid === 1 ? 'succeeded' : 'waiting');
  });

  test.each(['drop_before', 'drop_after_commit', 'truncate', 'timeout', 'timeout_after_commit'])(
    'of %s, sent again under its key, ends paid once',
    async (kind) => {
      const { intent, paymentMethod } = await testApp.intent('pm_card_visa', `fee-again-${kind}`);
      await testApp.fault('payment_intents.confirm', kind, { times: 2 });
      const confirmed = { intent, paymentMethod, key: `again-${kind}` };
      for (let n = 0; n < 2; n += 1) await testApp.payments.confirmIntent(confirmed);
      expect(await testApp.payments.confirmIntent(confirmed)).toMatchObject({
        outcome: 'answered',
        reading: { status: 'succeeded' },
      });
      expect(timesPaid(intent)).toBe(1);
    },
  );

  test.each([
    ['rate_limit', 'rate_limit'],
    ['lock_timeout', 'lock_timeout'],
  ])('of %s is asked to slow down and costs nothing', async (kind, why) => {
    const { intent, paymentMethod } = await testApp.intent();
    await testApp.fault('payment_intents.confirm', kind);
    const confirmed = { intent, paymentMethod, key: `slow-${kind}-${intent}` };
    const first = await testApp.payments.confirmIntent(confirmed);
    expect(first).toEqual({ outcome: 'slow_down', why, afterMs: null });
    expect(timesPaid(intent)).toBe(0);
    const second = await testApp.payments.confirmIntent(confirmed);
    expect(second).toMatchObject({ outcome: 'answered' });
  });

  test('sent twice at the same moment is asked to slow down, and paid once', async () => {
    const { intent, paymentMethod } = await testApp.intent();
    await testApp.fault('payment_intents.confirm', 'delay', { delayMs: 150 });
    const confirmed = { intent, paymentMethod, key: `both-${intent}` };
    const answers = await Promise.all([
      testApp.payments.confirmIntent(confirmed),
      testApp.payments.confirmIntent(confirmed),
    ]);
    expect(answers).toContainEqual({
      outcome: 'slow_down',
      why: 'idempotency_key_in_use',
      afterMs: null,
    });
    expect(answers).toContainEqual(expect.objectContaining({ outcome: 'answered' }));
    expect(timesPaid(intent)).toBe(1);
  });

  test('declined while the extra look fails still says why, from the error alone', async () => {
    const { intent, paymentMethod } = await testApp.intent('pm_card_chargeDeclinedLostCard');
    await testApp.fault('payment_intents.retrieve', 'status_500');
    const answer = await testApp.payments.confirmIntent({ intent, paymentMethod, key: 'blind-1' });
    expect(answer).toMatchObject({
      outcome: 'declined',
      refusal: { code: 'lost_card', adviceCode: 'do_not_try_again', sentToNetwork: true },
    });
  });

  test('refused for its state is unknown when the state cannot be read', async () => {
    const { intent, paymentMethod } = await testApp.intent();
    await testApp.payments.cancelIntent({ intent, reason: 'duplicate', key: `cancel-${intent}` });
    await testApp.fault('payment_intents.retrieve', 'status_500');
    const answer = await testApp.payments.confirmIntent({ intent, paymentMethod, key: 'blind-2' });
    expect(answer).toEqual({ outcome: 'unknown', why: 'server_error' });
  });
});

describe('any other call', () => {
  const reads = () => testApp.payments.readIntent('pi_any');

  test.each([
    ['status_500', { why: 'server_error', reached: true, afterMs: null }],
    ['timeout', { why: 'timeout', reached: true, afterMs: null }],
    ['rate_limit', { why: 'rate_limit', reached: false, afterMs: null }],
    ['lock_timeout', { why: 'lock_timeout', reached: false, afterMs: null }],
  ])('under %s throws PaymentsUnavailable', async (kind, says) => {
    await testApp.fault('payment_intents.retrieve', kind);
    const error: unknown = await reads().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(PaymentsUnavailable);
    expect(error).toMatchObject({ name: 'PaymentsUnavailable', ...says });
  });

  test('gets through one closed connection by itself', async () => {
    const { intent } = await testApp.intent();
    await testApp.fault('payment_intents.retrieve', 'drop_before');
    expect(await testApp.payments.readIntent(intent)).toMatchObject({ intent });
  });

  test('to a Stripe that is down throws PaymentsUnavailable, and reached nobody', async () => {
    const gone = await openStripeTestApp();
    await gone.close();
    const error: unknown = await gone.payments
      .readIntent('pi_any')
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ why: 'connection', reached: false });
  });
});

describe('the gate', () => {
  test('sees every call by its route, with its errors in our words', async () => {
    const seen: string[] = [];
    const gate = async <T>(route: string, call: () => Promise<T>): Promise<T> => {
      try {
        const answer = await call();
        seen.push(route);
        return answer;
      } catch (error) {
        seen.push(`${route}: ${(error as Error).name}`);
        throw error;
      }
    };
    const stripe = createStripe({ secretKey: 'sk_test_levy', apiBase: testApp.url });
    const payments = createPayments(stripe, { gate });
    const { intent, customer, paymentMethod } = await testApp.intent();
    await payments.readCard(customer, paymentMethod);
    await payments.findIntents({ customer, year: 2026 });
    await testApp.fault('payment_intents.confirm', 'rate_limit');
    const answer = await payments.confirmIntent({ intent, paymentMethod, key: 'gated-1' });
    expect(answer.outcome).toBe('slow_down');
    expect(seen).toEqual([
      'GET /v1/payment_methods/:id',
      'GET /v1/payment_intents',
      'POST /v1/payment_intents/:id/confirm: PaymentsUnavailable',
    ]);
  });

  test('can hold a call back: its own error passes unchanged and nothing is sent', async () => {
    const full = new PaymentsUnavailable('rate_limit', 250, false);
    const gate = () => Promise.reject(full);
    const stripe = createStripe({ secretKey: 'sk_test_levy', apiBase: testApp.url });
    const payments = createPayments(stripe, { gate });
    const { intent, paymentMethod } = await testApp.intent();
    await expect(payments.readIntent(intent)).rejects.toBe(full);
    expect(await payments.confirmIntent({ intent, paymentMethod, key: 'held-1' })).toEqual({
      outcome: 'slow_down',
      why: 'rate_limit',
      afterMs: 250,
    });
    expect(timesPaid(intent)).toBe(0);
  });
});
