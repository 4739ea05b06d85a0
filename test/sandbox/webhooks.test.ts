import http from 'node:http';
import type { AddressInfo } from 'node:net';
import type Stripe from 'stripe';
import { expect, onTestFinished, test } from 'vitest';
import { startSandboxStripe } from '../../sandbox/stripe/server.ts';
import { cardholder, controlOf, errorOf, pay, stripeAt } from './test-app.ts';

const SECRETS = ['whsec_old', 'whsec_new'];

interface Delivery {
  body: Buffer;
  signature: string;
}

/** A receiver that answers with `statuses` in turn (then 200), and a sandbox that sends to it. */
async function openPost(statuses: number[] = []) {
  const deliveries: Delivery[] = [];
  const waiting: { count: number; go: () => void }[] = [];
  const receiver = http.createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const signature = String(request.headers['stripe-signature']);
      deliveries.push({ body: Buffer.concat(chunks), signature });
      response.writeHead(statuses.shift() ?? 200).end();
      for (const one of waiting) if (deliveries.length >= one.count) one.go();
    });
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`;
  const sandbox = await startSandboxStripe({
    webhook: { url, secrets: SECRETS },
    delays: { settle: 10, dispute: 10 },
  });
  onTestFinished(async () => {
    await sandbox.close();
    receiver.closeAllConnections();
    receiver.close();
  });
  return {
    url,
    deliveries,
    stripe: stripeAt(sandbox.url),
    control: controlOf(sandbox.url),
    /** Resolves when that many deliveries have come in. */
    arrived: (count: number) =>
      new Promise<void>((go) => (deliveries.length >= count ? go() : waiting.push({ count, go }))),
  };
}

function eventsOf(stripe: Stripe, deliveries: Delivery[]): Stripe.Event[] {
  return deliveries.map(({ body, signature }) =>
    stripe.webhooks.constructEvent(body, signature, SECRETS[0]!),
  );
}

test('everything about a payment is delivered, signed so that the library accepts it', async () => {
  const post = await openPost();
  const paid = await pay(post.stripe, await cardholder(post.stripe), { metadata: { fee: 'f1' } });
  await post.arrived(6);
  const events = eventsOf(post.stripe, post.deliveries);
  expect(events.map(({ type }) => type).sort()).toEqual([
    'charge.succeeded',
    'charge.updated',
    'customer.created',
    'payment_intent.created',
    'payment_intent.succeeded',
    'payment_method.attached',
  ]);
  const succeeded = events.find(({ type }) => type === 'payment_intent.succeeded');
  expect(succeeded).toMatchObject({
    api_version: '2026-10-28.endive',
    livemode: false,
    pending_webhooks: 1,
    request: { id: paid.lastResponse.requestId },
    data: { object: { id: paid.id, status: 'succeeded', metadata: { fee: 'f1' } } },
  });
});

test('of two secrets each verifies; another does not, nor does a changed body', async () => {
  const post = await openPost();
  await post.stripe.customers.create({});
  await post.arrived(1);
  const { body, signature } = post.deliveries[0]!;
  const verify = (content: string | Buffer, secret: string) =>
    post.stripe.webhooks.constructEvent(content, signature, secret);
  for (const secret of SECRETS) expect(verify(body, secret).type).toBe('customer.created');
  expect(() => verify(body, 'whsec_other')).toThrow();
  expect(() => verify(JSON.stringify(JSON.parse(body.toString())), SECRETS[0]!)).toThrow();
});

test('a delivery that is not accepted is made again later, with the same event', async () => {
  const post = await openPost([500, 503]);
  await post.stripe.customers.create({});
  await post.arrived(1);
  await expect.poll(() => retried(post, 2)).toBe(true);
  await expect.poll(() => retried(post, 3)).toBe(true);
  const events = eventsOf(post.stripe, post.deliveries);
  expect(new Set(events.map(({ id }) => id)).size).toBe(1);
  await expect
    .poll(async () => (await post.stripe.events.retrieve(events[0]!.id)).pending_webhooks)
    .toBe(0);
});

/** Moves the clock on until that many deliveries were made. */
async function retried(post: Awaited<ReturnType<typeof openPost>>, count: number) {
  await post.control('POST', 'clock', { advanceMs: 6000 });
  return post.deliveries.length >= count;
}

test('events can be held back and then come together, doubled and backwards', async () => {
  const post = await openPost();
  await post.control('POST', 'webhook', { mode: 'hold', copies: 2 });
  await post.stripe.customers.create({ metadata: { n: '1' } });
  await post.stripe.customers.create({ metadata: { n: '2' } });
  // What is held shows as pending, so its count tells that nothing was sent.
  await expect
    .poll(async () => (await post.stripe.events.list()).data.map((event) => event.pending_webhooks))
    .toEqual([2, 2]);
  expect(post.deliveries).toEqual([]);
  await post.control('POST', 'webhook', { mode: 'send', order: 'reversed' });
  await post.arrived(4);
  const events = eventsOf(post.stripe, post.deliveries);
  expect(new Set(events.map(({ id }) => id)).size).toBe(2);
  const first = events[0]!.data.object as Stripe.Customer;
  expect(first.metadata.n).toBe('2');
});

test('events can be lost; they are still listed, and can be sent again by hand', async () => {
  const post = await openPost();
  await post.control('POST', 'webhook', { mode: 'lose' });
  await post.stripe.customers.create({});
  const { data } = await post.stripe.events.list();
  expect(data).toMatchObject([{ type: 'customer.created', pending_webhooks: 0 }]);
  await post.control('POST', 'webhook', { mode: 'send' });
  await post.control('POST', `events/${data[0]!.id}/resend`);
  await post.arrived(1);
  expect(eventsOf(post.stripe, post.deliveries)[0]!.id).toBe(data[0]!.id);
});

test('where events go can be changed while the sandbox runs', async () => {
  const first = await openPost();
  const second = await openPost();
  await first.control('POST', 'webhook', { url: second.url, secrets: ['whsec_other'] });
  await first.stripe.customers.create({});
  await second.arrived(1);
  expect(first.deliveries).toEqual([]);
  const { body, signature } = second.deliveries[0]!;
  const event = first.stripe.webhooks.constructEvent(body, signature, 'whsec_other');
  expect(event.type).toBe('customer.created');
});

test('each kind of happening has its event', async () => {
  const { stripe, control } = await openPost();
  const who = await cardholder(stripe);
  const paid = await pay(stripe, who);
  const open = await stripe.paymentIntents.create({ amount: 1850, currency: 'usd' });
  await stripe.paymentIntents.cancel(open.id);
  await errorOf(pay(stripe, await cardholder(stripe, 'pm_card_chargeDeclined')));
  await pay(stripe, await cardholder(stripe, 'pm_card_levy_processing'));
  await stripe.refunds.create({ payment_intent: paid.id });
  await stripe.paymentMethods.update(who.card, { metadata: { a: '1' } });
  await stripe.customers.update(who.customer, { email: 'a@example.org' });
  await stripe.customers.del(who.customer);
  await control('POST', 'clock', { advanceMs: 60_000 });
  const seen = new Set<string>();
  for await (const { type } of stripe.events.list({ limit: 100 })) seen.add(type);
  expect([...seen].sort()).toEqual([
    'charge.failed',
    'charge.pending',
    'charge.refunded',
    'charge.succeeded',
    'charge.updated',
    'customer.created',
    'customer.deleted',
    'customer.updated',
    'payment_intent.canceled',
    'payment_intent.created',
    'payment_intent.payment_failed',
    'payment_intent.processing',
    'payment_intent.succeeded',
    'payment_method.attached',
    'payment_method.detached',
    'payment_method.updated',
    'refund.created',
  ]);
  const updated = await stripe.events.list({ type: 'customer.updated' });
  expect(updated.data[0]!.data.previous_attributes).toEqual({ email: null });
});
