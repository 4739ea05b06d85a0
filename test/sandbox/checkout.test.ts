import type Stripe from 'stripe';
import { expect, test } from 'vitest';
import { errorOf, openTestApp, openIntent } from './test-app.ts';

const BACK = 'https://practice.example.org/done?session={CHECKOUT_SESSION_ID}';

function open(stripe: Stripe, customer: string, more: object = {}) {
  const params = { mode: 'setup', currency: 'usd', customer, success_url: BACK, ...more } as const;
  return stripe.checkout.sessions.create(params);
}

test('a person saves a card on the page of a session, and it can then be charged', async () => {
  const { stripe } = await openTestApp();
  const customer = await stripe.customers.create({});
  const session = await open(stripe, customer.id, { metadata: { fee: 'f1' } });
  expect(session).toMatchObject({
    status: 'open',
    mode: 'setup',
    payment_status: 'no_payment_required',
  });

  const page = await fetch(session.url!);
  const html = await page.text();
  expect(page.headers.get('content-security-policy')).toContain(
    "form-action 'self' https://practice.example.org",
  );
  expect(html).toContain('value="pm_card_mastercard"');
  const sent = await fetch(session.url!, {
    method: 'POST',
    body: new URLSearchParams({ payment_method: 'pm_card_mastercard' }),
    redirect: 'manual',
  });
  expect(sent.status).toBe(303);
  expect(sent.headers.get('location')).toBe(BACK.replace('{CHECKOUT_SESSION_ID}', session.id));

  const done = await stripe.checkout.sessions.retrieve(session.id, {
    expand: ['setup_intent.payment_method'],
  });
  const setup = done.setup_intent as Stripe.SetupIntent;
  const method = setup.payment_method as Stripe.PaymentMethod;
  expect(done).toMatchObject({ status: 'complete', url: null, metadata: { fee: 'f1' } });
  expect(setup.status).toBe('succeeded');
  expect(method).toMatchObject({ customer: customer.id, card: { brand: 'mastercard' } });
  const intent = await openIntent(stripe, customer.id);
  const paid = await stripe.paymentIntents.confirm(intent.id, {
    payment_method: method.id,
    off_session: true,
  });
  expect(paid.status).toBe('succeeded');
  const { data } = await stripe.events.list({ type: 'checkout.session.completed' });
  expect(data).toMatchObject([{ data: { object: { id: session.id, metadata: { fee: 'f1' } } } }]);
});

test('a session is used once; afterwards its page says so', async () => {
  const { stripe, sandbox, control } = await openTestApp();
  const { id: customer } = await stripe.customers.create({});
  const session = await open(stripe, customer);
  const complete = () =>
    control('POST', `checkout/${session.id}/complete`, { payment_method: 'pm_card_visa' });
  await complete();
  await expect(complete()).rejects.toThrow('complete');
  const page = await fetch(`${sandbox.url}/c/pay/${session.id}`);
  expect(await page.text()).toContain('Your card is saved.');
  expect((await stripe.customers.listPaymentMethods(customer)).data).toHaveLength(1);
});

test('a session expires after a day, or when it is told to', async () => {
  const { stripe, control } = await openTestApp();
  const { id: customer } = await stripe.customers.create({});
  const told = await open(stripe, customer);
  const left = await open(stripe, customer);
  expect(await stripe.checkout.sessions.expire(told.id)).toMatchObject({
    status: 'expired',
    url: null,
  });
  expect((await errorOf(stripe.checkout.sessions.expire(told.id))).statusCode).toBe(400);
  await control('POST', 'clock', { advanceMs: 86_400_000 });
  expect((await stripe.checkout.sessions.retrieve(left.id)).status).toBe('expired');
  const { data } = await stripe.events.list({ type: 'checkout.session.expired' });
  expect(data).toHaveLength(2);
  expect((await stripe.checkout.sessions.list({ status: 'open' })).data).toEqual([]);
});

test.each([
  ['without a place to go back to', { success_url: undefined }, 'success_url'],
  ['in payment mode', { mode: 'payment' }, 'mode'],
  ['without a currency', { currency: undefined }, 'currency'],
  ['for nobody that is known', { customer: 'cus_nobody' }, 'customer'],
  ['for a week', { expires_at: 1_800_000_000 }, 'expires_at'],
  ['with payment_method_types', { payment_method_types: ['card'] }, 'payment_method_types'],
])('a session %s is refused', async (_what, more, param) => {
  const { stripe } = await openTestApp();
  const { id } = await stripe.customers.create({});
  expect(await errorOf(open(stripe, id, more))).toMatchObject({ statusCode: 400, param });
});

test('an address that is sent to the page cannot add to it, nor run there', async () => {
  const { stripe } = await openTestApp();
  const { id } = await stripe.customers.create({});
  const script = await errorOf(open(stripe, id, { cancel_url: 'javascript:alert(1)' }));
  expect(script).toMatchObject({ code: 'url_invalid', param: 'cancel_url' });
  const cancel_url = 'https://example.org/"><script>alert(2)</script>';
  const page = await fetch((await open(stripe, id, { cancel_url })).url!);
  expect(await page.text()).not.toContain('<script>');
  expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
});
