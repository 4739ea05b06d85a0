import { expect, test } from 'vitest';
import { cardholder, errorOf, openTestApp, openIntent, pay } from './test-app.ts';

const HOUR_MS = 3_600_000;

test('the same request under the same key is answered again, not done again', async () => {
  const { stripe } = await openTestApp();
  const { customer } = await cardholder(stripe);
  const first = await openIntent(stripe, customer, {}, { idempotencyKey: 'k' });
  const again = await openIntent(stripe, customer, {}, { idempotencyKey: 'k' });
  expect(again).toEqual(first);
  expect(first.lastResponse.headers['idempotent-replayed']).toBeUndefined();
  expect(again.lastResponse.headers).toMatchObject({
    'idempotent-replayed': 'true',
    'idempotency-key': 'k',
    'original-request': first.lastResponse.requestId,
  });
  expect(again.lastResponse.requestId).not.toBe(first.lastResponse.requestId);
  expect((await stripe.paymentIntents.list({ customer })).data).toHaveLength(1);
});

test('a replay tells what was answered then, not what is true now', async () => {
  const { stripe } = await openTestApp();
  const { customer, card } = await cardholder(stripe);
  const intent = await openIntent(stripe, customer, {}, { idempotencyKey: 'k' });
  await stripe.paymentIntents.confirm(intent.id, { payment_method: card });
  const replayed = await openIntent(stripe, customer, {}, { idempotencyKey: 'k' });
  expect(replayed.status).toBe('requires_payment_method');
});

test('a decline is kept under its key; another try needs another key', async () => {
  const { stripe, sandbox } = await openTestApp();
  const who = await cardholder(stripe, 'pm_card_levy_insufficientFunds_once');
  const { id } = await openIntent(stripe, who.customer);
  const confirm = (idempotencyKey: string) =>
    stripe.paymentIntents.confirm(id, { payment_method: who.card }, { idempotencyKey });
  const first = await errorOf(confirm('attempt-1'));
  const replayed = await errorOf(confirm('attempt-1'));
  expect(replayed).toMatchObject({ statusCode: 402, charge: first.charge });
  expect(replayed.headers?.['idempotent-replayed']).toBe('true');
  expect(sandbox.books().charges).toEqual({ failed: 1 });
  expect((await confirm('attempt-2')).status).toBe('succeeded');
});

test('the same key for something else is refused and changes nothing', async () => {
  const { stripe } = await openTestApp();
  const { customer } = await cardholder(stripe);
  await openIntent(stripe, customer, {}, { idempotencyKey: 'k' });
  const calls = [
    () => openIntent(stripe, customer, { amount: 1900 }, { idempotencyKey: 'k' }),
    () => stripe.customers.create({}, { idempotencyKey: 'k' }),
  ];
  for (const call of calls) {
    const error = await errorOf(call());
    expect(error).toMatchObject({ type: 'StripeIdempotencyError', statusCode: 400 });
    expect(error.code).toBeUndefined();
  }
  expect((await stripe.paymentIntents.list({ customer })).data).toHaveLength(1);
});

test('while the first request is being done, its key is in use', async () => {
  const { stripe, control } = await openTestApp();
  await control('POST', 'faults', { route: 'customers.create', kind: 'delay', delayMs: 300 });
  const slow = stripe.customers.create({ name: 'x' }, { idempotencyKey: 'k' });
  let error = undefined as Awaited<ReturnType<typeof errorOf>> | undefined;
  while (!error) {
    const struck = (await control('GET', 'faults')).faults as { struck: number }[];
    if (struck[0]?.struck) {
      error = await errorOf(stripe.customers.create({ name: 'x' }, { idempotencyKey: 'k' }));
    }
  }
  // The library has no class of its own for a 409.
  expect(error).toMatchObject({
    type: 'StripeAPIError',
    statusCode: 409,
    code: 'idempotency_key_in_use',
  });
  await slow;
  expect((await stripe.customers.list()).data).toHaveLength(1);
});

test('nothing is kept of a request that was refused before work began', async () => {
  const { stripe, control } = await openTestApp();
  const key = { idempotencyKey: 'k' };
  const { customer } = await cardholder(stripe);
  const invalid = { amount: 18.5 };
  expect((await errorOf(openIntent(stripe, customer, invalid, key))).statusCode).toBe(400);
  await control('POST', 'faults', { route: 'payment_intents.create', kind: 'rate_limit' });
  expect((await errorOf(openIntent(stripe, customer, {}, key))).statusCode).toBe(429);
  expect((await openIntent(stripe, customer, {}, key)).object).toBe('payment_intent');
});

test('what the work itself refused is kept', async () => {
  const { stripe } = await openTestApp();
  const paid = await pay(stripe, await cardholder(stripe));
  const cancel = () => stripe.paymentIntents.cancel(paid.id, {}, { idempotencyKey: 'k' });
  await errorOf(cancel());
  expect((await errorOf(cancel())).headers?.['idempotent-replayed']).toBe('true');
});

test('after 24 hours of its clock the key is forgotten and makes a new intent', async () => {
  const { stripe, control } = await openTestApp();
  const { customer } = await cardholder(stripe);
  const create = () => openIntent(stripe, customer, {}, { idempotencyKey: 'k' });
  const first = await create();
  await control('POST', 'clock', { advanceMs: 24 * HOUR_MS - 1 });
  expect((await create()).id).toBe(first.id);
  await control('POST', 'clock', { advanceMs: 1 });
  expect((await create()).id).not.toBe(first.id);
});

test('a key of more than 255 characters is refused', async () => {
  const { stripe } = await openTestApp();
  const error = await errorOf(stripe.customers.create({}, { idempotencyKey: 'k'.repeat(256) }));
  expect(error.statusCode).toBe(400);
});
