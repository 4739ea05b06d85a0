import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openStripeTestApp, type StripeTestApp } from './stripe-test-app.ts';

let testApp: StripeTestApp;
beforeAll(async () => {
  testApp = await openStripeTestApp();
});
afterAll(() => testApp.close());

const setDefault = (customer: string, paymentMethod: string) =>
  testApp.stripe.customers.update(customer, {
    invoice_settings: { default_payment_method: paymentMethod },
  });

describe('the card to charge', () => {
  test('is the named one, with what a notice says of it', async () => {
    const { customer, paymentMethod } = await testApp.customer();
    await setDefault(customer, await testApp.attach(customer, 'pm_card_mastercard'));
    const card = await testApp.payments.readCard(customer, paymentMethod);
    expect(card).toMatchObject({ found: true, paymentMethod, brand: 'visa', last4: '4242' });
    if (!card.found) return;
    expect(card.fingerprint).toEqual(expect.any(String));
    expect(card.expMonth).toBeGreaterThan(0);
    expect(card.expYear).toBeGreaterThan(2000);
  });

  test('is the default when none is named or the named one is gone', async () => {
    const { customer, paymentMethod } = await testApp.customer();
    const standard = await testApp.attach(customer, 'pm_card_mastercard');
    await setDefault(customer, standard);
    const isStandard = { found: true, paymentMethod: standard };
    expect(await testApp.payments.readCard(customer, null)).toMatchObject(isStandard);
    await testApp.stripe.paymentMethods.detach(paymentMethod);
    expect(await testApp.payments.readCard(customer, paymentMethod)).toMatchObject(isStandard);
    expect(await testApp.payments.readCard(customer, 'pm_none')).toMatchObject(isStandard);
  });

  test('is the only one attached when nothing says which', async () => {
    const { customer, paymentMethod } = await testApp.customer();
    expect(await testApp.payments.readCard(customer, null)).toMatchObject({ paymentMethod });
  });

  test('is never guessed between several', async () => {
    const { customer } = await testApp.customer();
    await testApp.attach(customer, 'pm_card_mastercard');
    expect(await testApp.payments.readCard(customer, null)).toEqual({
      found: false,
      why: 'no_card',
    });
  });

  test('is never the card of somebody else', async () => {
    const { customer } = await testApp.customer(null);
    const other = await testApp.customer();
    expect(await testApp.payments.readCard(customer, other.paymentMethod)).toEqual({
      found: false,
      why: 'card_detached',
    });
  });

  test('is missing for a reason', async () => {
    const { customer, paymentMethod } = await testApp.customer();
    expect(await testApp.payments.readCard('cus_none', null)).toEqual({
      found: false,
      why: 'no_customer',
    });
    const bare = await testApp.customer(null);
    expect(await testApp.payments.readCard(bare.customer, null)).toEqual({
      found: false,
      why: 'no_card',
    });
    await testApp.stripe.customers.del(customer);
    expect(await testApp.payments.readCard(customer, paymentMethod)).toEqual({
      found: false,
      why: 'customer_deleted',
    });
  });
});

describe('the e-mail of a customer', () => {
  test('is what Stripe has, and null where it has none', async () => {
    const { id } = await testApp.stripe.customers.create({ email: 'ann@people.example' });
    expect(await testApp.payments.readEmail(id)).toBe('ann@people.example');
    const { customer } = await testApp.customer(null);
    expect(await testApp.payments.readEmail(customer)).toBeNull();
    expect(await testApp.payments.readEmail('cus_none')).toBeNull();
    await testApp.stripe.customers.del(id);
    expect(await testApp.payments.readEmail(id)).toBeNull();
  });
});

describe('the page to give a card', () => {
  const returnUrl = 'https://levy.example/thanks';
  const feeId = '00000000-0000-8000-8000-000000000001';

  test('attaches the card, and can be closed while it is open', async () => {
    const { customer } = await testApp.customer(null);
    const { url, session } = await testApp.payments.cardLink({ customer, feeId, returnUrl });
    expect(url).toMatch(/^http/);
    const done = await testApp.payments.cardLink({ customer, feeId, returnUrl });
    await testApp.control('POST', `checkout/${done.session}/complete`, {
      payment_method: 'pm_card_visa',
    });
    expect(await testApp.payments.readCard(customer, null)).toMatchObject({ found: true });
    expect(await testApp.payments.closeCardPage(session)).toBe(true);
    expect(await testApp.payments.closeCardPage(session)).toBe(false);
    expect(await testApp.payments.closeCardPage(done.session)).toBe(false);
    expect(await testApp.payments.closeCardPage('cs_test_none')).toBe(false);
    expect((await testApp.stripe.checkout.sessions.retrieve(session)).status).toBe('expired');
  });

  test('tells the fee it was opened for with the card it brings', async () => {
    const { customer } = await testApp.customer(null);
    const { session } = await testApp.payments.cardLink({ customer, feeId, returnUrl });
    const { setup_intent: setup } = await testApp.stripe.checkout.sessions.retrieve(session, {
      expand: ['setup_intent'],
    });
    expect(setup).toMatchObject({ metadata: { fee: feeId } });
  });

  test('is the same one for the same key', async () => {
    const { customer } = await testApp.customer(null);
    const args = { customer, feeId, returnUrl, key: `link-${customer}` };
    const first = await testApp.payments.cardLink(args);
    expect(await testApp.payments.cardLink(args)).toEqual(first);
  });
});
