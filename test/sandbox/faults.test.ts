import { expect, test } from 'vitest';
import { cardholder, errorOf, openTestApp, openIntent, stripeAt } from './test-app.ts';
import type { TestApp } from './test-app.ts';

const CONFIRM = 'payment_intents.confirm';

/** An intent ready to be confirmed under one key, as often as wanted. */
async function attempt(testApp: TestApp) {
  const { customer, card } = await cardholder(testApp.stripe);
  const { id } = await openIntent(testApp.stripe, customer);
  const params = { payment_method: card, off_session: true };
  return {
    id,
    confirm: (stripe = testApp.stripe) =>
      stripe.paymentIntents.confirm(id, params, { idempotencyKey: 'attempt-1' }),
    status: async () => (await testApp.stripe.paymentIntents.retrieve(id)).status,
  };
}

test('a connection dropped before the work leaves nothing; the same key then does it', async () => {
  const testApp = await openTestApp();
  const { confirm, status } = await attempt(testApp);
  // The library repeats a reset call once by itself, so one reset is not enough to reach us.
  await testApp.control('POST', 'faults', { route: CONFIRM, kind: 'drop_before', times: 2 });
  const error = await errorOf(confirm());
  expect(error).toMatchObject({ type: 'StripeConnectionError', statusCode: undefined });
  expect(await status()).toBe('requires_payment_method');
  expect((await confirm()).status).toBe('succeeded');
});

test('a connection dropped after the work: paid, and the caller does not know', async () => {
  const testApp = await openTestApp();
  const { confirm, status } = await attempt(testApp);
  await testApp.control('POST', 'faults', {
    route: 'confirm',
    kind: 'drop_after_commit',
    times: 2,
  });
  expect(await errorOf(confirm())).toMatchObject({ type: 'StripeConnectionError' });
  expect(await status()).toBe('succeeded');
  const replayed = await confirm();
  expect(replayed.lastResponse.headers['idempotent-replayed']).toBe('true');
  expect(testApp.sandbox.books().charges).toEqual({ succeeded: 1 });
});

test('one reset is mended by the library itself, with the same key', async () => {
  const testApp = await openTestApp();
  const { confirm } = await attempt(testApp);
  await testApp.control('POST', 'faults', { route: 'confirm', kind: 'drop_after_commit' });
  expect((await confirm()).status).toBe('succeeded');
  expect(testApp.sandbox.books().charges).toEqual({ succeeded: 1 });
});

test('a body cut in half is an unknown outcome although the money moved', async () => {
  const testApp = await openTestApp();
  const { confirm, status } = await attempt(testApp);
  await testApp.control('POST', 'faults', { route: 'confirm', kind: 'truncate', times: 2 });
  const error = await errorOf(confirm());
  expect(error).toMatchObject({ type: 'StripeConnectionError', statusCode: undefined });
  expect(await status()).toBe('succeeded');
});

test.each([
  ['timeout', 'requires_payment_method'],
  ['timeout_after_commit', 'succeeded'],
])('%s: the caller hears nothing, and the intent is %s', async (kind, left) => {
  const testApp = await openTestApp();
  const { confirm, status } = await attempt(testApp);
  await testApp.control('POST', 'faults', { route: 'confirm', kind });
  const hasty = stripeAt(testApp.sandbox.url, { timeout: 150 });
  expect(await errorOf(confirm(hasty))).toMatchObject({ type: 'StripeConnectionError' });
  expect(await status()).toBe(left);
  expect((await confirm()).status).toBe('succeeded');
});

test.each([
  ['status_500', 'requires_payment_method'],
  ['status_500_after_commit', 'succeeded'],
])('%s is kept under the key for good, and the intent is %s', async (kind, left) => {
  const testApp = await openTestApp();
  const { confirm, status } = await attempt(testApp);
  await testApp.control('POST', 'faults', { route: 'confirm', kind });
  const error = await errorOf(confirm());
  expect(error).toMatchObject({ type: 'StripeAPIError', statusCode: 500, rawType: 'api_error' });
  expect(error.headers?.['stripe-should-retry']).toBe('false');
  expect(await status()).toBe(left);
  const replayed = await errorOf(confirm());
  expect(replayed).toMatchObject({ statusCode: 500 });
  expect(replayed.headers?.['idempotent-replayed']).toBe('true');
});

test('a lock that could not be had is a 429 of its own kind and nothing is done', async () => {
  const testApp = await openTestApp();
  const { confirm, status } = await attempt(testApp);
  await testApp.control('POST', 'faults', { route: 'confirm', kind: 'lock_timeout' });
  const error = await errorOf(confirm());
  expect(error).toMatchObject({ statusCode: 429, code: 'lock_timeout' });
  expect(error.headers).toMatchObject({
    'stripe-rate-limited-reason': 'resource-specific',
    'stripe-should-retry': 'true',
  });
  expect(await status()).toBe('requires_payment_method');
});

test('a key in use is a 409, and nothing is done or kept under the key', async () => {
  const testApp = await openTestApp();
  const { confirm, status } = await attempt(testApp);
  await testApp.control('POST', 'faults', { route: 'confirm', kind: 'key_in_use' });
  const error = await errorOf(confirm());
  expect(error).toMatchObject({ statusCode: 409, code: 'idempotency_key_in_use' });
  expect(await status()).toBe('requires_payment_method');
  await confirm();
  expect(await status()).toBe('succeeded');
});

test('a plan strikes its own route only, may let calls pass, and can be withdrawn', async () => {
  const { stripe, control } = await openTestApp();
  const plan = { route: 'customers.*', kind: 'rate_limit', skip: 1, times: 1 };
  await control('POST', 'faults', plan);
  await stripe.charges.list();
  await stripe.customers.list();
  expect((await errorOf(stripe.customers.create())).statusCode).toBe(429);
  await stripe.customers.create();
  await control('POST', 'faults', { route: '*', kind: 'rate_limit', times: 100 });
  expect((await errorOf(stripe.events.list())).statusCode).toBe(429);
  await control('DELETE', 'faults');
  await stripe.events.list();
});

test('a plan that makes no sense is refused', async () => {
  const { control } = await openTestApp();
  const refused = [{ route: 'confirm', kind: 'earthquake' }, { kind: 'timeout' }];
  for (const plan of refused) await expect(control('POST', 'faults', plan)).rejects.toThrow();
});
