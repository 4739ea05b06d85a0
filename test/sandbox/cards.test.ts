import { expect, test } from 'vitest';
import { cardholder, errorOf, openTestApp, openIntent, pay } from './test-app.ts';

/** What Stripe's test mode answers for its documented declining cards, off session. */
const DECLINES = [
  ['pm_card_chargeDeclined', 'card_declined', 'generic_decline', 'try_again_later'],
  [
    'pm_card_chargeDeclinedInsufficientFunds',
    'card_declined',
    'insufficient_funds',
    'try_again_later',
  ],
  ['pm_card_visa_chargeDeclinedLostCard', 'card_declined', 'lost_card', 'do_not_try_again'],
  ['pm_card_visa_chargeDeclinedStolenCard', 'card_declined', 'stolen_card', 'do_not_try_again'],
  ['pm_card_chargeDeclinedExpiredCard', 'expired_card', 'expired_card', 'confirm_card_data'],
  ['pm_card_chargeDeclinedIncorrectCvc', 'incorrect_cvc', 'incorrect_cvc', 'confirm_card_data'],
  [
    'pm_card_chargeDeclinedProcessingError',
    'processing_error',
    'processing_error',
    'try_again_later',
  ],
  ['pm_card_chargeDeclinedFraudulent', 'card_declined', 'fraudulent', undefined],
  ['pm_card_chargeCustomerFail', 'card_declined', 'generic_decline', 'try_again_later'],
  ['pm_card_levy_doNotTryAgain', 'card_declined', 'do_not_honor', 'do_not_try_again'],
  ['pm_card_levy_confirmCardData', 'card_declined', 'do_not_honor', 'confirm_card_data'],
  ['pm_card_levy_unknownDecline', 'card_declined', 'mislaid_by_the_moon', undefined],
  ['pm_card_levy_decline_stop_payment_order', 'card_declined', 'stop_payment_order', undefined],
] as const;

test.each(DECLINES)('%s is declined with %s, %s, advice %s', async (id, code, decline, advice) => {
  const { stripe } = await openTestApp();
  const error = await errorOf(pay(stripe, await cardholder(stripe, id)));
  expect(error).toMatchObject({ type: 'StripeCardError', code, decline_code: decline });
  expect(error.advice_code).toBe(advice);
});

test.each([
  ['pm_card_visa', 'visa', '4242', 'credit'],
  ['pm_card_mastercard', 'mastercard', '4444', 'credit'],
  ['pm_card_amex', 'amex', '8431', 'credit'],
  ['pm_card_visa_debit', 'visa', '5556', 'debit'],
])('%s is a good %s ending in %s (%s)', async (id, brand, last4, funding) => {
  const { stripe } = await openTestApp();
  const { method } = await cardholder(stripe, id);
  expect(method).toMatchObject({ type: 'card', card: { brand, last4, funding, exp_month: 12 } });
  expect(method.id).not.toBe(id);
});

test('saved twice, a card is two payment methods with one fingerprint', async () => {
  const { stripe } = await openTestApp();
  const one = await cardholder(stripe);
  const two = await cardholder(stripe);
  const other = await cardholder(stripe, 'pm_card_mastercard');
  expect(two.card).not.toBe(one.card);
  expect(two.method.card?.fingerprint).toBe(one.method.card?.fingerprint);
  expect(other.method.card?.fingerprint).not.toBe(one.method.card?.fingerprint);
});

test('a card that declines twice counts its tries over all intents', async () => {
  const { stripe } = await openTestApp();
  const who = await cardholder(stripe, 'pm_card_levy_insufficientFunds_twice');
  await errorOf(pay(stripe, who));
  await errorOf(pay(stripe, who));
  expect((await pay(stripe, who)).status).toBe('succeeded');
});

test('a payment that Stripe blocks never reached the network', async () => {
  const { stripe } = await openTestApp();
  const who = await cardholder(stripe, 'pm_card_levy_blockedByStripe');
  await errorOf(pay(stripe, who));
  const { data } = await stripe.charges.list({ customer: who.customer });
  expect(data).toMatchObject([
    {
      outcome: {
        type: 'blocked',
        network_status: 'not_sent_to_network',
        reason: 'previously_declined_do_not_retry',
      },
    },
  ]);
});

test('a detached card is off its customer and can never be used again', async () => {
  const { stripe } = await openTestApp();
  const who = await cardholder(stripe);
  expect((await stripe.paymentMethods.detach(who.card)).customer).toBeNull();
  const listed = await stripe.customers.listPaymentMethods(who.customer);
  expect(listed.data).toEqual([]);
  const intent = await openIntent(stripe, who.customer);
  const { card: payment_method } = who;
  const charged = await errorOf(stripe.paymentIntents.confirm(intent.id, { payment_method }));
  expect(charged).toMatchObject({ statusCode: 400, param: 'payment_method' });
  await errorOf(stripe.paymentMethods.attach(who.card, { customer: who.customer }));
});

test('a card that no customer keeps is good for one payment', async () => {
  const { stripe } = await openTestApp();
  const { id } = await stripe.paymentMethods.create({ type: 'card', card: { token: 'tok_visa' } });
  const buy = () =>
    stripe.paymentIntents.create({
      amount: 1850,
      currency: 'usd',
      payment_method: id,
      confirm: true,
      allowed_payment_method_types: ['card'],
    });
  expect((await buy()).status).toBe('succeeded');
  expect(await errorOf(buy())).toMatchObject({ statusCode: 400, param: 'payment_method' });
});

test('a card of one customer cannot pay for another, nor for nobody', async () => {
  const { stripe } = await openTestApp();
  const owner = await cardholder(stripe);
  const other = await stripe.customers.create({});
  const use = { payment_method: owner.card };
  const stranger = await openIntent(stripe, other.id);
  expect(await errorOf(stripe.paymentIntents.confirm(stranger.id, use))).toMatchObject({
    code: 'resource_missing',
    param: 'payment_method',
  });
  const nobody = await errorOf(
    stripe.paymentIntents.create({ amount: 1850, currency: 'usd', payment_method: owner.card }),
  );
  expect(nobody).toMatchObject({ code: 'parameter_missing', param: 'customer' });
});

test('the bank sends a new card: the saved one works again and an event says so', async () => {
  const { stripe, control } = await openTestApp();
  const who = await cardholder(stripe, 'pm_card_chargeDeclinedExpiredCard');
  await errorOf(pay(stripe, who));
  await control('POST', `cards/${who.card}/update`, { exp_month: 4, exp_year: 2031 });
  const { data } = await stripe.events.list({ type: 'payment_method.automatically_updated' });
  expect(data).toMatchObject([
    {
      data: {
        object: { id: who.card, card: { exp_month: 4, exp_year: 2031 } },
        previous_attributes: { card: { last4: '0069' } },
      },
    },
  ]);
  expect((await pay(stripe, who)).status).toBe('succeeded');
});

test('what is said about a customer or a card is kept', async () => {
  const { stripe } = await openTestApp();
  const { customer, card } = await cardholder(stripe);
  const address = { line1: '12 Harbor Way', postal_code: '90802' };
  const known = await stripe.customers.update(customer, { address, name: 'A. Person' });
  expect(known).toMatchObject({ address: { ...address, city: null }, name: 'A. Person' });
  const forgotten = await stripe.customers.update(customer, { address: '', name: '' });
  expect(forgotten).toMatchObject({ address: null, name: null });
  const billed = await stripe.paymentMethods.update(card, {
    billing_details: { email: 'a@example.org' },
  });
  expect(billed.billing_details).toMatchObject({ email: 'a@example.org', name: null });
});

test('the older tokens make cards too', async () => {
  const { stripe } = await openTestApp();
  const method = await stripe.paymentMethods.create({ type: 'card', card: { token: 'tok_amex' } });
  expect(method).toMatchObject({ customer: null, card: { brand: 'amex' } });
});

test('a deleted customer answers as deleted, loses the cards and cannot be charged', async () => {
  const { stripe } = await openTestApp();
  const who = await cardholder(stripe);
  const intent = await openIntent(stripe, who.customer);
  await stripe.customers.del(who.customer);
  expect(await stripe.customers.retrieve(who.customer)).toMatchObject({
    id: who.customer,
    deleted: true,
  });
  await errorOf(stripe.paymentIntents.confirm(intent.id, { payment_method: who.card }));
  expect(await errorOf(openIntent(stripe, who.customer))).toMatchObject({
    code: 'resource_missing',
    param: 'customer',
  });
  expect((await errorOf(stripe.customers.del(who.customer))).statusCode).toBe(404);
  expect((await stripe.customers.list()).data).toEqual([]);
});
