import { describe, expect, it } from 'vitest';
import { EVERY_FEE, FAILED_STATES } from '../../core/fee/selection.ts';
import { createBulkAct } from '../../workers/bulk-act.ts';
import { queueBackends } from '../support/queues.ts';
import { createTestApp, settled, statesOf, type TestApp } from '../support/test-app.ts';
import { openYear, type Somebody } from '../support/year.ts';

const NO_MONEY = 'pm_card_chargeDeclinedInsufficientFunds';
const FAILED = { ...EVERY_FEE, states: [...FAILED_STATES] };

/** Begins an act on everything that has failed, for the pump to find. */
async function begin({ ledger }: TestApp, act: 'retry' | 'send_card_link'): Promise<string> {
  const wanted = { act, why: null, selection: FAILED, createdBy: 'ann' };
  const bulkId = await ledger.bulkActs.preview({ ...wanted, timeZone: 'America/New_York' });
  expect(await ledger.bulkActs.start(bulkId, 'ann')).toBe(true);
  return bulkId;
}

async function ended({ ledger }: TestApp, bulkId: string) {
  for (;;) {
    const act = await ledger.bulkActs.get(bulkId);
    if (act && act.state !== 'running') return act;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** People whose cards lacked money when they were charged, and `good` whose cards work now. */
async function declinedYear(testApp: TestApp, people: number, good: number): Promise<void> {
  const work = await testApp.work();
  const all = Array.from({ length: people }, (_, n): Somebody => [`P${n}`, NO_MONEY]);
  // So many bad cards would pause the year itself. They have one number, and so few tries.
  await openYear(testApp, all, { canaryFees: 0, declineSample: 1_000, attemptsMax: 1 });
  await settled(testApp, 30_000);
  await work.close();
  expect(Object.values(await statesOf(testApp))).toEqual(Array(people).fill('gave_up'));
  const everybody = await testApp.ledger.clinicians.list({ limit: 100 });
  for (const { clinicianId, stripeCustomer } of everybody.slice(0, good)) {
    const card = await testApp.stripe.paymentMethods.attach('pm_card_visa', {
      customer: stripeCustomer as string,
    });
    await testApp.stripe.customers.update(stripeCustomer as string, {
      invoice_settings: { default_payment_method: card.id },
    });
    await testApp.ledger.clinicians.setCard(clinicianId, card.id);
  }
}

describe.each(queueBackends)('acts on many fees, on $name', (backend) => {
  it('go on in waves, and each card is charged once', async () => {
    const testApp = await createTestApp(backend);
    await declinedYear(testApp, 8, 8);
    await testApp.work();
    const bulkId = await begin(testApp, 'retry');
    const act = await ended(testApp, bulkId);
    expect(act).toMatchObject({ state: 'finished', members: 8 });
    await settled(testApp);
    expect(new Set(Object.values(await statesOf(testApp)))).toEqual(new Set(['paid']));
    expect(testApp.sandbox.books('fee').doubleCharges).toEqual([]);
    expect(testApp.sandbox.books('fee').succeeded).toHaveLength(8);
  });
});

describe('an act on many fees', () => {
  const [backend] = queueBackends;
  if (!backend) throw new Error('no queue to test on');

  it('is paused when nobody of its first wave paid, and the others are not tried', async () => {
    const testApp = await createTestApp(backend);
    await declinedYear(testApp, 8, 0);
    await testApp.work();
    const bulkId = await begin(testApp, 'retry');
    const act = await ended(testApp, bulkId);
    expect(act).toMatchObject({ state: 'paused', pausedBy: 'levy' });
    expect(act.pausedWhy).toContain('none was paid');
    expect(await testApp.ledger.bulkActs.progress(bulkId)).toEqual([
      { result: 'done', fees: 5 },
      { result: 'open', fees: 3 },
    ]);
  });

  it('goes on after a worker was killed anywhere, and does nothing twice', async () => {
    const testApp = await createTestApp(backend);
    await declinedYear(testApp, 3, 0);
    const bulkId = await begin(testApp, 'send_card_link');
    // A worker that decides one member and is never heard of again.
    await testApp.ledger.bulkActs.beginWave(bulkId, 0, 100);
    await testApp.ledger.bulkActs.decideNext(bulkId, 1);
    const process = createBulkAct(testApp.deps);
    await Promise.all([process({ bulkId }), process({ bulkId })]);
    expect((await ended(testApp, bulkId)).state).toBe('finished');
    const before = testApp.mailbox.received();
    await testApp.work();
    await settled(testApp);
    const asked = testApp.mailbox.messages().slice(before);
    expect(asked.map(({ subject }) => subject)).toHaveLength(3);
    expect(new Set(asked.map(({ to }) => String(to))).size).toBe(3);
    expect(asked[0]?.text).toContain('/fee/');
  });
});
