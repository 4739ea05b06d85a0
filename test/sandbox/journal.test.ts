import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { expect, onTestFinished, test } from 'vitest';
import { startSandboxStripe } from '../../sandbox/stripe/server.ts';
import { cardholder, controlOf, errorOf, openIntent, pay, stripeAt } from './test-app.ts';

function journalFile(): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'levy-journal-'));
  onTestFinished(() => fs.rmSync(folder, { recursive: true }));
  return path.join(folder, 'stripe.journal');
}

/** Starts the sandbox as its own process and waits for its one line. */
async function startProcess(...args: string[]) {
  const main = path.resolve(import.meta.dirname, '../../sandbox/stripe/main.ts');
  const child = spawn(process.execPath, ['--import', 'tsx', main, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  const { url } = JSON.parse(line) as { url: string };
  return {
    url,
    async kill() {
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}

test('what was answered before a SIGKILL in full flight is still true afterwards', async () => {
  const file = journalFile();
  const first = await startProcess('--journal', file);
  const stripe = stripeAt(first.url, { timeout: 2000 });
  const who = await cardholder(stripe);
  const paid = new Map<string, string>();
  const flights = Array.from({ length: 8 }, async (_, lane) => {
    for (let n = 0; ; n += 1) {
      const fee = `f${lane}-${n}`;
      const options = { idempotencyKey: `create-${fee}` };
      const intent = await openIntent(stripe, who.customer, { metadata: { fee } }, options);
      await stripe.paymentIntents.confirm(intent.id, { payment_method: who.card });
      paid.set(fee, intent.id);
      if (paid.size === 60) void first.kill();
    }
  });
  await Promise.allSettled(flights);
  expect(paid.size).toBeGreaterThanOrEqual(60);

  const second = await startProcess('--journal', file);
  const again = stripeAt(second.url);
  const found = new Map<string, string>();
  for await (const { id, metadata, status } of again.paymentIntents.list({ limit: 100 })) {
    if (status === 'succeeded') found.set(metadata.fee!, id);
  }
  for (const [fee, id] of paid) expect(found.get(fee)).toBe(id);
  const books = await controlOf(second.url)('GET', 'books');
  expect(books).toMatchObject({ charges: { succeeded: found.size }, doubleCharges: [] });
  // The keys are remembered too: the same creation gives the same intent.
  const [fee, id] = [...paid][0]!;
  const options = { idempotencyKey: `create-${fee}` };
  const replayed = await openIntent(again, who.customer, { metadata: { fee } }, options);
  expect(replayed.id).toBe(id);
});

test('clock, cards, planned work and undelivered events outlive a restart', async () => {
  const journal = journalFile();
  const clock = () => 1_790_000_000_000;
  const first = await startSandboxStripe({ journal, clock, webhook: nowhere });
  const stripe = stripeAt(first.url);
  const who = await cardholder(stripe, 'pm_card_levy_insufficientFunds_twice');
  await errorOf(pay(stripe, who));
  const other = await cardholder(stripe, 'pm_card_levy_processing');
  const slow = await pay(stripe, other);
  await first.close();

  const second = await startSandboxStripe({ journal, clock, webhook: nowhere });
  onTestFinished(() => second.close());
  const again = stripeAt(second.url);
  await errorOf(pay(again, who));
  expect((await pay(again, who)).status).toBe('succeeded');
  expect((await again.paymentIntents.retrieve(slow.id)).status).toBe('processing');
  await controlOf(second.url)('POST', 'clock', { advanceMs: 5000 });
  expect((await again.paymentIntents.retrieve(slow.id)).status).toBe('succeeded');
  const { data } = await again.events.list({ type: 'payment_intent.processing' });
  expect(data[0]!.pending_webhooks).toBe(1);
});

test('a line torn by a kill is cut off, and what follows it is whole', async () => {
  const journal = journalFile();
  const first = await startSandboxStripe({ journal });
  const { id } = await stripeAt(first.url).customers.create({});
  await first.close();
  fs.appendFileSync(journal, '[["customers","cus_torn",{"id":"cus_to');

  const second = await startSandboxStripe({ journal });
  const later = await stripeAt(second.url).customers.create({});
  await second.close();
  const third = await startSandboxStripe({ journal });
  onTestFinished(() => third.close());
  const { data } = await stripeAt(third.url).customers.list();
  expect(data.map((customer) => customer.id)).toEqual([later.id, id]);
});

test('a journal of many changes shrinks to the state it adds up to', async () => {
  const journal = journalFile();
  const first = await startSandboxStripe({ journal, keepEvents: 10 });
  const stripe = stripeAt(first.url);
  const { id } = await stripe.customers.create({});
  for (let n = 0; n < 600; n += 1) await stripe.customers.update(id, { description: `${n}` });
  await first.close();
  const before = fs.statSync(journal).size;
  const second = await startSandboxStripe({ journal, keepEvents: 10 });
  onTestFinished(() => second.close());
  expect(fs.statSync(journal).size).toBeLessThan(before);
  const customer = await stripeAt(second.url).customers.retrieve(id);
  expect(customer).toMatchObject({ description: '599' });
});

/** A port that nothing listens on: deliveries to it stay undelivered. */
const nowhere = { url: 'http://127.0.0.1:9/', secrets: ['whsec_x'] };
