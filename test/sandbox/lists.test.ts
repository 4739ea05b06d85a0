import type Stripe from 'stripe';
import { expect, test } from 'vitest';
import { cardholder, errorOf, MONDAY, openTestApp, openIntent, pay } from './test-app.ts';

test('lists are newest first, ten at a time, and go on from where they stopped', async () => {
  const { stripe } = await openTestApp();
  const { customer } = await cardholder(stripe);
  const ids: string[] = [];
  for (let n = 0; n < 12; n += 1) ids.unshift((await openIntent(stripe, customer)).id);
  const first = await stripe.paymentIntents.list({ customer });
  expect(first).toMatchObject({ object: 'list', has_more: true, url: '/v1/payment_intents' });
  expect(first.data.map(({ id }) => id)).toEqual(ids.slice(0, 10));
  const rest = await stripe.paymentIntents.list({ customer, starting_after: ids[9] });
  expect(rest.has_more).toBe(false);
  expect(rest.data.map(({ id }) => id)).toEqual(ids.slice(10));
  const back = await stripe.paymentIntents.list({ customer, ending_before: ids[9], limit: 3 });
  expect(back.data.map(({ id }) => id)).toEqual(ids.slice(6, 9));
  expect(back.has_more).toBe(true);
});

test('the library pages through everything by itself', async () => {
  const { stripe } = await openTestApp();
  const { customer } = await cardholder(stripe);
  for (let n = 0; n < 25; n += 1) await openIntent(stripe, customer);
  await openIntent(stripe, (await cardholder(stripe)).customer);
  const found = new Set<string>();
  for await (const { id } of stripe.paymentIntents.list({ customer, limit: 10 })) found.add(id);
  expect(found.size).toBe(25);
});

test('a full last page has no more after it', async () => {
  const { stripe } = await openTestApp();
  const { customer } = await cardholder(stripe);
  for (let n = 0; n < 3; n += 1) await openIntent(stripe, customer);
  expect((await stripe.paymentIntents.list({ customer, limit: 3 })).has_more).toBe(false);
});

test('lists can be narrowed to a customer, an intent, and a span of time', async () => {
  const { stripe, clock } = await openTestApp();
  const who = await cardholder(stripe);
  const early = await pay(stripe, who);
  clock.ms += 60_000;
  const late = await pay(stripe, who);
  await pay(stripe, await cardholder(stripe));
  const since = { created: { gt: MONDAY / 1000 }, customer: who.customer };
  const ids = (page: Stripe.ApiList<{ id: string }>) => page.data.map(({ id }) => id);
  expect(ids(await stripe.paymentIntents.list(since))).toEqual([late.id]);
  expect(ids(await stripe.charges.list({ customer: who.customer }))).toEqual([
    late.latest_charge,
    early.latest_charge,
  ]);
  expect(ids(await stripe.charges.list({ payment_intent: early.id }))).toEqual([
    early.latest_charge,
  ]);
  const at = await stripe.paymentIntents.list({ created: MONDAY / 1000 });
  expect(ids(at)).toEqual([early.id]);
});

test('a list refuses a limit over 100 and a cursor that is not there', async () => {
  const { stripe } = await openTestApp();
  for (const limit of [0, 101]) {
    expect(await errorOf(stripe.charges.list({ limit }))).toMatchObject({ param: 'limit' });
  }
  const lost = await errorOf(stripe.paymentIntents.list({ starting_after: 'pi_nobody' }));
  expect(lost).toMatchObject({ code: 'resource_missing', param: 'starting_after' });
});

test('expansion puts whole objects into one answer, also deep and inside lists', async () => {
  const { stripe } = await openTestApp();
  const who = await cardholder(stripe);
  await pay(stripe, who);
  const { data } = await stripe.paymentIntents.list({
    customer: who.customer,
    expand: ['data.latest_charge.customer', 'data.payment_method'],
  });
  expect(data[0]).toMatchObject({
    latest_charge: { object: 'charge', customer: { id: who.customer, object: 'customer' } },
    payment_method: { id: who.card, card: { brand: 'visa' } },
  });
  const plain = await stripe.paymentIntents.retrieve(data[0]!.id);
  expect(plain.payment_method).toBe(who.card);
  const deep = await errorOf(
    stripe.paymentIntents.list({ expand: ['data.latest_charge.customer.source.charge.refunds'] }),
  );
  expect(deep.param).toBe('expand[0]');
});

test("a customer's cards are listed under the customer and under the cards", async () => {
  const { stripe } = await openTestApp();
  const who = await cardholder(stripe);
  const second = await stripe.paymentMethods.attach('pm_card_amex', { customer: who.customer });
  await cardholder(stripe);
  const cards = [second.id, who.card];
  const under = await stripe.customers.listPaymentMethods(who.customer, { type: 'card' });
  expect(under.data.map(({ id }) => id)).toEqual(cards);
  const listed = await stripe.paymentMethods.list({ customer: who.customer });
  expect(listed.data.map(({ id }) => id)).toEqual(cards);
});

test('what has just been created is listed at once', async () => {
  const { stripe } = await openTestApp();
  const { customer } = await cardholder(stripe);
  const { id } = await openIntent(stripe, customer, { metadata: { fee: 'f1' } });
  const { data } = await stripe.paymentIntents.list({ customer });
  expect(data).toMatchObject([{ id, metadata: { fee: 'f1' } }]);
});
