import type Stripe from 'stripe';
import { expect, test } from 'vitest';
import { cardholder, errorOf, openTestApp, openIntent, stripeAt } from './test-app.ts';

type Create = Stripe.PaymentIntentCreateParams;
/** Parameters that the types would not let through. */
const raw = (params: object) => params as Create;
const ok = { amount: 1850, currency: 'usd' };

test.each<[string, object, object]>([
  [
    'an unknown parameter',
    { ...ok, colour: 'red' },
    { code: 'parameter_unknown', param: 'colour' },
  ],
  [
    'payment_method_types, which version 23 removed',
    { ...ok, payment_method_types: ['card'] },
    { code: 'parameter_unknown', param: 'payment_method_types' },
  ],
  [
    'an unknown parameter inside a hash',
    { ...ok, automatic_payment_methods: { enabled: true, fast: true } },
    { code: 'parameter_unknown', param: 'automatic_payment_methods[fast]' },
  ],
  ['a missing amount', { currency: 'usd' }, { code: 'parameter_missing', param: 'amount' }],
  ['a missing currency', { amount: 1850 }, { code: 'parameter_missing', param: 'currency' }],
  [
    'an amount that is not whole',
    { ...ok, amount: 18.5 },
    { code: 'parameter_invalid_integer', param: 'amount' },
  ],
  [
    'an amount below nothing',
    { ...ok, amount: -1 },
    { code: 'parameter_invalid_integer', param: 'amount' },
  ],
  ['49 cents', { ...ok, amount: 49 }, { code: 'amount_too_small', param: 'amount' }],
  ['too much', { ...ok, amount: 100_000_000 }, { code: 'amount_too_large', param: 'amount' }],
  ['a currency that is none', { ...ok, currency: 'dollars' }, { param: 'currency' }],
  [
    'a customer nobody knows',
    { ...ok, customer: 'cus_nobody' },
    { code: 'resource_missing', param: 'customer' },
  ],
  [
    'a card nobody knows',
    { ...ok, payment_method: 'pm_nobody' },
    { code: 'resource_missing', param: 'payment_method' },
  ],
  [
    'an empty customer',
    { ...ok, customer: '' },
    { code: 'parameter_invalid_empty', param: 'customer' },
  ],
  ['off_session without confirm', { ...ok, off_session: true }, { param: 'off_session' }],
  ['a flag that is none', { ...ok, confirm: 'perhaps' }, { param: 'confirm' }],
  [
    'a statement descriptor on a card payment',
    { ...ok, statement_descriptor: 'LEVY' },
    { param: 'statement_descriptor' },
  ],
  ['a receipt address that is none', { ...ok, receipt_email: 'nobody' }, { code: 'email_invalid' }],
  [
    'a metadata name of 41 characters',
    { ...ok, metadata: { ['k'.repeat(41)]: '' } },
    { param: 'metadata' },
  ],
  [
    'a metadata value of 501 characters',
    { ...ok, metadata: { k: 'v'.repeat(501) } },
    { param: 'metadata[k]' },
  ],
  [
    'metadata with 51 names',
    { ...ok, metadata: Object.fromEntries(Array.from({ length: 51 }, (_, n) => [`k${n}`, 'v'])) },
    { param: 'metadata' },
  ],
  [
    'an expansion of what has no parts',
    { ...ok, expand: ['amount'] },
    { param: 'expand[0]', statusCode: 400 },
  ],
  [
    'what only the real Stripe can do',
    { ...ok, capture_method: 'manual' },
    { code: 'sandbox_not_simulated', param: 'capture_method' },
  ],
  [
    'what the sandbox could only ignore',
    { ...ok, setup_future_usage: 'off_session' },
    { code: 'sandbox_not_simulated', param: 'setup_future_usage' },
  ],
])('creating an intent with %s is refused', async (_what, params, expected) => {
  const { stripe } = await openTestApp();
  const error = await errorOf(stripe.paymentIntents.create(raw(params)));
  expect(error).toMatchObject({
    type: 'StripeInvalidRequestError',
    rawType: 'invalid_request_error',
    statusCode: 400,
    ...expected,
  });
  expect(error.requestId).toMatch(/^req_/);
  expect((await stripe.paymentIntents.list()).data).toEqual([]);
});

test('confirming an intent that may redirect needs a return_url', async () => {
  const { stripe } = await openTestApp();
  const { customer, card } = await cardholder(stripe);
  const confirm = { payment_method: card, off_session: true };
  const usual = await stripe.paymentIntents.create({ ...ok, customer });
  const refused = await errorOf(stripe.paymentIntents.confirm(usual.id, confirm));
  expect(refused).toMatchObject({ statusCode: 400, param: 'return_url' });
  expect((await stripe.paymentIntents.retrieve(usual.id)).status).toBe('requires_payment_method');
  const cards = await stripe.paymentIntents.create({
    ...ok,
    customer,
    allowed_payment_method_types: ['card'],
  });
  expect((await stripe.paymentIntents.confirm(cards.id, confirm)).status).toBe('succeeded');
});

test('what is not there is a 404 when asked for by its path', async () => {
  const { stripe } = await openTestApp();
  const calls = [
    () => stripe.paymentIntents.retrieve('pi_nobody'),
    () => stripe.paymentIntents.confirm('pi_nobody'),
    () => stripe.customers.retrieve('cus_nobody'),
    () => stripe.customers.update('cus_nobody', { name: 'x' }),
    () => stripe.paymentMethods.retrieve('pm_nobody'),
    () => stripe.charges.retrieve('ch_nobody'),
    () => stripe.refunds.retrieve('re_nobody'),
    () => stripe.disputes.retrieve('du_nobody'),
    () => stripe.events.retrieve('evt_nobody'),
    () => stripe.balanceTransactions.retrieve('txn_nobody'),
    () => stripe.checkout.sessions.retrieve('cs_nobody'),
    () => stripe.setupIntents.retrieve('seti_nobody'),
  ];
  for (const call of calls) {
    expect(await errorOf(call())).toMatchObject({
      type: 'StripeInvalidRequestError',
      statusCode: 404,
      code: 'resource_missing',
    });
  }
});

test('an endpoint that is not simulated says so', async () => {
  const { stripe } = await openTestApp();
  const error = await errorOf(stripe.invoices.list());
  expect(error).toMatchObject({ statusCode: 404, type: 'StripeInvalidRequestError' });
  expect(error.message).toContain('GET: /v1/invoices');
});

test.each([['sk_live_levy'], ['pk_test_levy'], ['nonsense_of_a_key']])(
  'the key %s is not authenticated',
  async (key) => {
    const { sandbox } = await openTestApp();
    const error = await errorOf(stripeAt(sandbox.url, {}, key).customers.list());
    expect(error).toMatchObject({ type: 'StripeAuthenticationError', statusCode: 401 });
    expect(error.message).not.toContain(key.slice(8));
  },
);

test('without a key, or with an empty one, nothing is answered', async () => {
  const { sandbox } = await openTestApp();
  for (const authorization of ['', 'Bearer ', 'Basic Og==']) {
    const headers: Record<string, string> = authorization ? { authorization } : {};
    const response = await fetch(`${sandbox.url}/v1/customers`, { headers });
    expect(response.status).toBe(401);
    expect(await response.json()).toMatchObject({ error: { type: 'invalid_request_error' } });
  }
});

test('an unknown API version is refused, a known one is echoed', async () => {
  const { sandbox, stripe } = await openTestApp();
  const odd = stripeAt(sandbox.url, { apiVersion: 'tomorrow' as never });
  expect(await errorOf(odd.customers.list())).toMatchObject({ statusCode: 400 });
  const { lastResponse } = await stripe.customers.list();
  expect(lastResponse.headers['stripe-version']).toBe('2026-10-28.endive');
});

test('beyond its limits the sandbox answers 429 and says which limit it was', async () => {
  const { stripe, clock } = await openTestApp({ limits: { perSecond: 3, perEndpoint: 2 } });
  await stripe.customers.list();
  await stripe.customers.list();
  const endpoint = await errorOf(stripe.customers.list());
  expect(endpoint).toMatchObject({
    type: 'StripeRateLimitError',
    statusCode: 429,
    code: 'rate_limit',
  });
  expect(endpoint.headers?.['stripe-rate-limited-reason']).toBe('endpoint-rate');
  await stripe.charges.list();
  const account = await errorOf(stripe.events.list());
  expect(account.headers?.['stripe-rate-limited-reason']).toBe('global-rate');
  clock.ms += 1001;
  await stripe.customers.list();
});

test('metadata named like a part of every object is kept as data', async () => {
  const { stripe } = await openTestApp();
  const customer = await stripe.customers.create({ metadata: { constructor: 'c', toString: 's' } });
  expect(Object.entries(customer.metadata)).toEqual([
    ['constructor', 'c'],
    ['toString', 's'],
  ]);
  const sent = await openIntent(stripe, customer.id, raw({ metadata: { a: 'ü & = %', b: '1+1' } }));
  expect(sent.metadata).toEqual({ a: 'ü & = %', b: '1+1' });
});
