import type Stripe from 'stripe';
import { expect, test } from 'vitest';
import { cardholder, errorOf, openTestApp, openIntent, pay } from './test-app.ts';

test('an intent goes from wanting a card over wanting confirmation to success', async () => {
  const { stripe } = await openTestApp();
  const { customer, card } = await cardholder(stripe);
  const intent = await openIntent(stripe, customer, { metadata: { fee: 'f1' } });
  expect(intent).toMatchObject({ status: 'requires_payment_method', livemode: false });
  const updated = await stripe.paymentIntents.update(intent.id, { payment_method: card });
  expect(updated.status).toBe('requires_confirmation');
  const paid = await stripe.paymentIntents.confirm(intent.id, { expand: ['latest_charge'] });
  expect(paid).toMatchObject({
    status: 'succeeded',
    amount_received: 1850,
    latest_charge: {
      amount: 1850,
      paid: true,
      status: 'succeeded',
      metadata: { fee: 'f1' },
      balance_transaction: null,
      outcome: { type: 'authorized', network_status: 'approved_by_network' },
      payment_method_details: { card: { brand: 'visa', last4: '4242' } },
    },
  });
});

test('a decline puts the intent back, without its card, and tells why everywhere', async () => {
  const { stripe } = await openTestApp();
  const who = await cardholder(stripe, 'pm_card_visa_chargeDeclinedInsufficientFunds');
  const intent = await openIntent(stripe, who.customer);
  const error = await errorOf(
    stripe.paymentIntents.confirm(intent.id, { payment_method: who.card, off_session: true }),
  );
  expect(error).toMatchObject({
    type: 'StripeCardError',
    statusCode: 402,
    code: 'card_declined',
    decline_code: 'insufficient_funds',
    advice_code: 'try_again_later',
    network_decline_code: '51',
    payment_intent: { id: intent.id, status: 'requires_payment_method', payment_method: null },
    payment_method: { id: who.card },
  });
  const after = await stripe.paymentIntents.retrieve(intent.id, { expand: ['latest_charge'] });
  const charge = after.latest_charge as Stripe.Charge;
  expect(after).toMatchObject({
    status: 'requires_payment_method',
    payment_method: null,
    last_payment_error: {
      type: 'card_error',
      code: 'card_declined',
      decline_code: 'insufficient_funds',
      charge: charge.id,
      payment_method: { id: who.card },
    },
  });
  expect(charge).toMatchObject({
    status: 'failed',
    failure_code: 'card_declined',
    outcome: {
      type: 'issuer_declined',
      network_status: 'declined_by_network',
      reason: 'insufficient_funds',
      advice_code: 'try_again_later',
    },
  });
});

test('each confirmation makes a charge of its own, and only one of them can succeed', async () => {
  const { stripe, sandbox } = await openTestApp();
  const who = await cardholder(stripe, 'pm_card_levy_insufficientFunds_once');
  const intent = await openIntent(stripe, who.customer);
  const confirm = () => stripe.paymentIntents.confirm(intent.id, { payment_method: who.card });
  await errorOf(confirm());
  await confirm();
  const again = await errorOf(confirm());
  expect(again).toMatchObject({
    type: 'StripeInvalidRequestError',
    statusCode: 400,
    code: 'payment_intent_unexpected_state',
    payment_intent: { id: intent.id, status: 'succeeded' },
  });
  const charges = await stripe.charges.list({ payment_intent: intent.id });
  expect(charges.data.map(({ status }) => status)).toEqual(['succeeded', 'failed']);
  expect(sandbox.books().charges).toEqual({ succeeded: 1, failed: 1 });
});

test('confirming without a card is refused, since the declined one was taken off', async () => {
  const { stripe } = await openTestApp();
  const who = await cardholder(stripe, 'pm_card_visa_chargeDeclined');
  const intent = await openIntent(stripe, who.customer);
  await errorOf(stripe.paymentIntents.confirm(intent.id, { payment_method: who.card }));
  const error = await errorOf(stripe.paymentIntents.confirm(intent.id));
  expect(error).toMatchObject({ code: 'payment_intent_unexpected_state', statusCode: 400 });
});

test('a canceled intent can neither be confirmed nor canceled again', async () => {
  const { stripe } = await openTestApp();
  const { customer, card } = await cardholder(stripe);
  const intent = await openIntent(stripe, customer);
  const canceled = await stripe.paymentIntents.cancel(intent.id, {
    cancellation_reason: 'abandoned',
  });
  expect(canceled).toMatchObject({ status: 'canceled', cancellation_reason: 'abandoned' });
  const calls = [
    () => stripe.paymentIntents.confirm(intent.id, { payment_method: card }),
    () => stripe.paymentIntents.cancel(intent.id),
    () => stripe.paymentIntents.update(intent.id, { amount: 1900 }),
  ];
  for (const call of calls) {
    expect(await errorOf(call())).toMatchObject({ code: 'payment_intent_unexpected_state' });
  }
});

test('a paid intent keeps its amount, but its metadata can still change', async () => {
  const { stripe } = await openTestApp();
  const paid = await pay(stripe, await cardholder(stripe), { metadata: { fee: 'f1', x: '1' } });
  const error = await errorOf(stripe.paymentIntents.update(paid.id, { amount: 1900 }));
  expect(error.code).toBe('payment_intent_unexpected_state');
  const changed = await stripe.paymentIntents.update(paid.id, { metadata: { x: '', note: 'n' } });
  expect(changed.metadata).toEqual({ fee: 'f1', note: 'n' });
});

test('how to pay can be said at any request until the payment', async () => {
  const { stripe } = await openTestApp();
  const { customer, card } = await cardholder(stripe);
  const intent = await stripe.paymentIntents.create({ amount: 1850, currency: 'usd', customer });
  const updated = await stripe.paymentIntents.update(intent.id, {
    amount: 1900,
    description: '2026 fee',
    allowed_payment_method_types: ['card'],
    payment_method_options: { card: { stored_credential_usage: 'unscheduled' } },
  });
  expect(updated).toMatchObject({
    amount: 1900,
    description: '2026 fee',
    automatic_payment_methods: null,
    payment_method_options: { card: { stored_credential_usage: 'unscheduled' } },
  });
  const confirm = (amount_to_confirm: number) =>
    stripe.paymentIntents.confirm(intent.id, { payment_method: card, amount_to_confirm });
  expect((await errorOf(confirm(1850))).param).toBe('amount_to_confirm');
  expect((await confirm(1900)).amount_received).toBe(1900);
});

test('a card that takes its time is processing first and paid later', async () => {
  const { stripe, clock, control } = await openTestApp();
  const who = await cardholder(stripe, 'pm_card_levy_processing');
  const intent = await pay(stripe, who);
  expect(intent).toMatchObject({ status: 'processing', processing: { type: 'card' } });
  const refused = await errorOf(stripe.paymentIntents.confirm(intent.id));
  expect(refused.code).toBe('payment_intent_unexpected_state');
  clock.ms += 60_000;
  expect((await stripe.paymentIntents.retrieve(intent.id)).status).toBe('succeeded');
  const other = await pay(stripe, await cardholder(stripe, 'pm_card_levy_processing_declined'));
  await control('POST', 'clock', { advanceMs: 60_000 });
  const failed = await stripe.paymentIntents.retrieve(other.id);
  expect(failed).toMatchObject({
    status: 'requires_payment_method',
    payment_method: null,
    last_payment_error: { code: 'card_declined' },
  });
});

test('off session, a card that wants authentication is declined', async () => {
  const { stripe } = await openTestApp();
  const who = await cardholder(stripe, 'pm_card_authenticationRequired');
  const error = await errorOf(pay(stripe, who));
  expect(error).toMatchObject({
    type: 'StripeCardError',
    code: 'authentication_required',
    decline_code: 'authentication_required',
    payment_intent: { status: 'requires_payment_method' },
  });
});

test('on session, the same card asks its holder, who agrees or does not', async () => {
  const { stripe, control } = await openTestApp();
  const who = await cardholder(stripe, 'pm_card_authenticationRequired');
  const confirmed = async () => {
    const { id } = await openIntent(stripe, who.customer);
    return stripe.paymentIntents.confirm(id, {
      payment_method: who.card,
      return_url: 'https://example.org/back',
    });
  };
  const asked = await confirmed();
  expect(asked).toMatchObject({
    status: 'requires_action',
    next_action: { type: 'redirect_to_url' },
  });
  await control('POST', `intents/${asked.id}/authenticate`, { succeed: true });
  expect((await stripe.paymentIntents.retrieve(asked.id)).status).toBe('succeeded');
  const other = await confirmed();
  await control('POST', `intents/${other.id}/authenticate`, { succeed: false });
  expect(await stripe.paymentIntents.retrieve(other.id)).toMatchObject({
    status: 'requires_payment_method',
    last_payment_error: { code: 'payment_intent_authentication_failure' },
  });
});

test('creating with confirm pays at once, and a refusal still leaves the intent', async () => {
  const { stripe } = await openTestApp();
  const good = await cardholder(stripe);
  const now = { confirm: true, off_session: true };
  const paid = await openIntent(stripe, good.customer, { ...now, payment_method: good.card });
  expect(paid.status).toBe('succeeded');
  const bad = await cardholder(stripe, 'pm_card_visa_chargeDeclinedLostCard');
  await errorOf(openIntent(stripe, bad.customer, { ...now, payment_method: bad.card }));
  const left = await stripe.paymentIntents.list({ customer: bad.customer });
  expect(left.data).toMatchObject([{ status: 'requires_payment_method', payment_method: null }]);
});
