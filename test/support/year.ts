import { setTimeout as sleep } from 'node:timers/promises';
import type { Policy } from '../../core/policy.ts';
import { recordUse } from './assessment.ts';
import { rehearsal, settled, type TestApp } from './test-app.ts';

/** A clinician by reference, with a test card or none; `used` false: never used a code. */
export type Somebody = [
  ref: string,
  card: string | null,
  changes?: { used?: boolean; email?: string | null; vendor?: string },
];

/** People of every kind of end a year can have. */
export const EVERYBODY: Somebody[] = [
  ['A1', 'pm_card_visa'],
  ['A2', 'pm_card_mastercard'],
  ['B1', 'pm_card_levy_insufficientFunds_once'],
  ['B2', 'pm_card_chargeDeclinedInsufficientFunds'],
  ['C1', 'pm_card_chargeDeclinedLostCard'],
  ['C2', null],
  ['D1', 'pm_card_visa', { email: 'refuse@people.example' }],
  ['D2', 'pm_card_visa', { email: 'greylist@people.example' }],
  ['D3', 'pm_card_visa', { email: null }],
  ['E1', 'pm_card_visa', { vendor: 'therapynotes' }],
  ['F1', 'pm_card_visa', { used: false }],
];

/** So many people whose cards pay, `P1` to `Pn`. */
export const payers = (count: number): Somebody[] =>
  Array.from({ length: count }, (_, n) => [`P${n + 1}`, 'pm_card_visa']);

/** Hires these people and opens the year's assessment for them, approved by itself. */
export async function openYear(
  testApp: TestApp,
  people: Somebody[],
  policy: Partial<Policy> = {},
): Promise<string> {
  for (const [ref, card, { used = true, ...changes } = {}] of people) {
    const id = await testApp.clinician(ref, card, changes);
    if (used) await recordUse(testApp.ledger, id);
  }
  const opening = await testApp.ledger.assessments.open({
    vendor: 'theranest',
    year: 2026,
    policy: { ...rehearsal(), ...policy },
    autoApprove: true,
    livemode: false,
    actor: 'test',
  });
  if (!opening.opened) throw new Error(opening.why);
  const { assessmentId } = opening.assessment;
  await testApp.queues.enqueue('open-assessment', { assessmentId });
  return assessmentId;
}

/** A whole year of these people, from the roster to rest, with Stripe's balance settled. */
export async function liveYear(testApp: TestApp, people: Somebody[]): Promise<string> {
  const work = await testApp.work();
  const assessmentId = await openYear(testApp, people);
  // The first charge waits for a check, and a check for news that may still be on its way.
  await settled(testApp, 50_000);
  await work.close();
  await balanced(testApp);
  return assessmentId;
}

/** Waits until every charge has reached Stripe's balance, which it does a moment later. */
async function balanced(testApp: TestApp): Promise<void> {
  const { charged, refunded, disputed } = testApp.sandbox.books().totals;
  while (testApp.sandbox.books().totals.settled < charged - refunded - disputed) await sleep(20);
}

/** The id of somebody's fee. */
export async function feeOf({ ledger }: TestApp, ref: string): Promise<string> {
  const [fee] = await ledger.reports.fees({ ref, limit: 1 });
  if (!fee) throw new Error(`no fee of ${ref}`);
  return fee.feeId;
}

/** When each fee that was attempted was so first, and when it was paid, in the first order. */
export async function firstTries(
  testApp: TestApp,
): Promise<{ attempted: Date; paid: Date | null }[]> {
  const { rows } = await testApp.db.pool.query<{ attempted: Date; paid: Date | null }>(
    `select min(recorded_at) filter (where kind = 'attempted') as attempted,
       min(recorded_at) filter (where kind = 'paid') as paid
     from entries group by fee_id having bool_or(kind = 'attempted') order by 1`,
  );
  return rows;
}
