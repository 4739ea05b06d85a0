import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { FeeStatus } from '../core/fee/fee.ts';
import { createRestore } from '../workers/maintenance/restore.ts';
import { createReconcile } from '../workers/maintenance/reconcile.ts';
import { recordUse } from './support/assessment.ts';
import { backUp } from './support/backup.ts';
import { createTestApp, settled, statesOf, type TestApp } from './support/test-app.ts';
import { queueBackends } from './support/queues.ts';
import { secondLedger } from './support/second-ledger.ts';
import { broken } from './support/verified-year.ts';
import { EVERYBODY, openYear, payers } from './support/year.ts';

const backend = queueBackends[0]!;

/** People of every end, before anything was opened. */
async function staffedTestApp(): Promise<TestApp> {
  const testApp = await createTestApp(backend);
  for (const [ref, card, { used = true, ...changes } = {}] of [...EVERYBODY, ...payers(6)]) {
    const id = await testApp.clinician(ref, card, changes);
    if (used) await recordUse(testApp.ledger, id);
  }
  return testApp;
}

/** Opens the year where it is not open yet, and works until nothing is due. */
async function liveTo(testApp: TestApp, isThere?: (states: FeeStatus[]) => boolean): Promise<void> {
  const work = await testApp.work();
  await openYear(testApp, []);
  while (isThere && !isThere(Object.values(await statesOf(testApp)))) await sleep(5);
  if (!isThere) await settled(testApp, 40_000);
  await work.close();
}

const verify = async ({ deps }: TestApp) =>
  broken(await createReconcile({ ...deps, patienceMs: 200 }).once());

/** Notices received, by address. */
function noticesOf({ mailbox }: TestApp): Record<string, number> {
  const count: Record<string, number> = {};
  for (const { subject, to } of mailbox.messages())
    if (/^Your 2026 CPT license fee: \$/.test(subject))
      count[JSON.stringify(to)] = (count[JSON.stringify(to)] ?? 0) + 1;
  return count;
}

/** Succeeded charges by customer. */
function chargesOf({ sandbox }: TestApp): Record<string, number> {
  const count: Record<string, number> = {};
  for (const { customer } of sandbox.books().succeeded)
    count[customer ?? ''] = (count[customer ?? ''] ?? 0) + 1;
  return count;
}

const once = (count: Record<string, number>) =>
  Object.fromEntries(Object.keys(count).map((key) => [key, 1]));

const isOpened = (states: FeeStatus[]) => states.length > 0;
const isNoticed = (states: FeeStatus[]) => states.includes('noticed');
const isPaid = (states: FeeStatus[]) => states.includes('paid');

describe('a backup that is restored after the year ran', () => {
  it.each([
    ['from before the year was opened', null],
    ['from when the year had been opened', isOpened],
    ['from when notices went out', isNoticed],
    ['from when the first were paid', isPaid],
  ])(
    '%s: nobody is charged or noticed twice, and all end as before',
    async (_, moment) => {
      const testApp = await staffedTestApp();
      if (moment) await liveTo(testApp, moment);
      const backup = await backUp(testApp.db.pool);
      await liveTo(testApp);
      const before = {
        charges: chargesOf(testApp),
        notices: noticesOf(testApp),
        states: await statesOf(testApp),
      };
      const tries = testApp.sandbox.books().charges;
      expect(before.charges).toEqual(once(before.charges));

      await backup.restore();
      await liveTo(testApp);

      expect(chargesOf(testApp)).toEqual(before.charges);
      expect(noticesOf(testApp)).toEqual(before.notices);
      expect(await statesOf(testApp)).toEqual(before.states);
      // No card that had been refused was tried again: not one more confirmation.
      expect(testApp.sandbox.books().charges).toEqual(tries);
      expect(await verify(testApp)).toEqual(new Map());
    },
    120_000,
  );

  it('is brought up to date by the restore alone, before anything is due', async () => {
    const testApp = await staffedTestApp();
    await liveTo(testApp, isNoticed);
    const backup = await backUp(testApp.db.pool);
    await liveTo(testApp);
    const states = await statesOf(testApp);
    const paid = (all: Record<string, FeeStatus>) =>
      Object.values(all).filter((one) => one === 'paid');
    await backup.restore();
    expect(paid(await statesOf(testApp))).toEqual([]);
    const restored = await createRestore(testApp.deps).ifBehind();
    expect(restored).toMatchObject({ left: [], orphanObjects: 0 });
    expect(paid(await statesOf(testApp))).toEqual(paid(states));
    expect(await createRestore(testApp.deps).ifBehind()).toBeNull();
  }, 120_000);
});

describe('a second ledger on the same Stripe account', () => {
  it.each([
    ['the same references, after the first was lost', (ref: string) => ref],
    ['references of its own', (ref: string) => `other-${ref}`],
  ])(
    'with %s: nobody is charged or noticed twice',
    async (_, ref) => {
      const testApp = await staffedTestApp();
      await liveTo(testApp);
      const before = { charges: chargesOf(testApp), notices: noticesOf(testApp) };
      const tries = testApp.sandbox.books().charges;
      const second = await secondLedger(testApp, ref);
      await liveTo(second);
      expect(chargesOf(second)).toEqual(before.charges);
      expect(noticesOf(second)).toEqual(before.notices);
      expect(second.sandbox.books().charges).toEqual(tries);
      expect(await verify(second)).toEqual(new Map());
    },
    120_000,
  );

  it('at the same time: one charge a person', async () => {
    const testApp = await staffedTestApp();
    const second = await secondLedger(testApp, (ref) => `other-${ref}`);
    await Promise.all([liveTo(testApp), liveTo(second)]);
    expect(chargesOf(testApp)).toEqual(once(chargesOf(testApp)));
    const paid = ['A1', 'A2', 'B1', 'D2', 'P1', 'P6'];
    const here = await statesOf(testApp);
    const there = await statesOf(second);
    for (const one of paid)
      expect([one, here[one], there[`other-${one}`]]).toEqual([one, 'paid', 'paid']);
  }, 120_000);
});

/** A payment for this year that another ledger took from somebody, by the metadata it left. */
async function payElsewhere({ stripe }: TestApp, customer: string, fee: string): Promise<void> {
  await stripe.paymentIntents.create({
    ...{ amount: 1950, currency: 'usd', confirm: true, customer },
    payment_method: 'pm_card_visa',
    automatic_payment_methods: { enabled: true, allow_redirects: 'never' },
    metadata: { fee, year: '2026' },
  });
}

const ELSEWHERE = ['7f5c2b0e-1111-4000-8000-00000000dead', '7f5c2b0e-2222-4000-8000-00000000dead'];

describe('a person who was charged twice all the same', () => {
  it('is named by the check, also when the ledger knows neither of the fees', async () => {
    const testApp = await staffedTestApp();
    const [one] = await testApp.ledger.clinicians.list({ limit: 1 });
    const customer = one?.stripeCustomer ?? '';
    for (const fee of ELSEWHERE) await payElsewhere(testApp, customer, fee);
    const found = [...(await verify(testApp)).values()];
    expect(found.filter((which) => which.startsWith('one_charge'))).toHaveLength(1);
  }, 60_000);

  it('stops an assessment before its first charge', async () => {
    const testApp = await staffedTestApp();
    const [one] = await testApp.ledger.clinicians.list({ limit: 1 });
    for (const fee of ELSEWHERE) await payElsewhere(testApp, one?.stripeCustomer ?? '', fee);
    const before = testApp.sandbox.books().charges;
    const work = await testApp.work();
    const assessmentId = await openYear(testApp, []);
    const assessment = () => testApp.ledger.assessments.get(assessmentId);
    while (!(await assessment())?.pausedAt) await sleep(20);
    await work.close();
    expect((await assessment())?.pausedWhy).toMatch(
      /^The check found a breach\. .*2 charges of one/,
    );
    expect(testApp.sandbox.books().charges).toEqual(before);
  }, 60_000);
});
