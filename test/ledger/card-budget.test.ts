import { expect, it } from 'vitest';
import { NETWORK_BUDGETS } from '../../core/fee/declines.ts';
import { createLedger } from '../../ledger/ledger.ts';
import { appendAll, openedAssessment, ownOf, setClock, testLedger } from '../support/assessment.ts';
import { createTestDatabase } from '../support/database.ts';
import { sample } from '../support/fees.ts';

const VISA = NETWORK_BUDGETS.find(({ brand }) => brand === 'visa')!;
const FEES = VISA.declines + 8;

/** Fees of different people, noticed and due, whose cards are one and the same Visa. */
async function oneCardOfMany() {
  const { pool } = await createTestDatabase();
  const ledger = await testLedger(pool);
  await setClock(pool, new Date('2026-01-15T14:00:00Z'));
  const { feeIds } = await openedAssessment(pool, ledger, { count: FEES });
  for (const [n, feeId] of feeIds.entries())
    await appendAll(ledger, feeId, [
      ...[sample('assessed'), sample('approved'), sample('noticed')],
      sample('intent_opened', { intent: `pi_${n}` }),
    ]);
  await setClock(pool, new Date('2026-02-02T15:30:00Z'));
  // Several processes: each with a ledger, and so a batch, of its own.
  const others = [ledger, createLedger(pool, () => 0), createLedger(pool, () => 0)];
  const attempt = async (n: number) => {
    const own = others[n % others.length]!;
    const feeRecord = (await own.fees.load(feeIds[n]!))!;
    const tried = sample('attempted', {
      ...{ intent: `pi_${n}`, brand: 'visa', fingerprint: 'one card', chargeBefore: null },
    });
    return own.fees.append(feeRecord, [ownOf(feeRecord, tried)], 'levy');
  };
  const decline = (n: number) =>
    appendAll(ledger, feeIds[n]!, [
      sample('declined', { charge: `ch_${n}`, fingerprint: 'one card' }),
    ]);
  const lapse = (n: number) => appendAll(ledger, feeIds[n]!, [sample('lapsed')]);
  return { attempt, decline, lapse };
}

it('tries of one card that begin at once stay within its network’s budget', async () => {
  const { attempt, decline, lapse } = await oneCardOfMany();
  const all = Array.from({ length: FEES }, (_, n) => n);
  const tried = await Promise.allSettled(all.map(attempt));
  const begun = all.filter((n) => tried[n]?.status === 'fulfilled');
  const refused = all.filter((n) => !begun.includes(n));
  expect(begun).toHaveLength(VISA.declines);
  for (const n of refused)
    expect(tried[n]).toMatchObject({ status: 'rejected', reason: { code: 'LV014' } });

  // One that did not happen leaves room for one other; one that was declined does not.
  const [first, second, ...rest] = begun as [number, number, ...number[]];
  await lapse(first);
  for (const n of [second, ...rest]) await decline(n);
  const again = await Promise.allSettled(refused.map(attempt));
  expect(again.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
});
