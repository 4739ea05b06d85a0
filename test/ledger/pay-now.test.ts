import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { NewEntry } from '../../core/fee/fee.ts';
import type { FeeRecord } from '../../ledger/fees.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import { appendAll, openedAssessment, setClock, testLedger } from '../support/assessment.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { sample } from '../support/fees.ts';

const NOTICED_AT = new Date('2026-01-16T15:00:00Z');
const CHARGE_FROM = new Date('2026-01-30T15:00:00Z');

let db: TestDatabase;
let ledger: Ledger;
let feeIds: string[];
let feeId: string;

beforeAll(async () => {
  db = await createTestDatabase();
  ledger = await testLedger(db.pool);
  await setClock(db.pool, NOTICED_AT);
  ({ feeIds } = await openedAssessment(db.pool, ledger, { count: 4 }));
});
beforeEach(async () => {
  feeId = feeIds.pop() as string;
  await setClock(db.pool, NOTICED_AT);
});

const noticed = () => sample('noticed', { chargeFrom: CHARGE_FROM.toISOString() });
const attempted = () => sample('attempted', { intent: `pi_${feeId}` });

async function refusalOf(entries: NewEntry[], last: NewEntry, at: Date) {
  await appendAll(ledger, feeId, entries);
  await setClock(db.pool, at);
  return appendAll(ledger, feeId, [last]).then(
    () => 'accepted',
    (error: { code?: string }) => error.code,
  );
}

describe('the database refuses an attempt before the notice period is over', () => {
  const early = new Date(CHARGE_FROM.getTime() - 86_400_000);
  const asked = async (actor: string) => {
    await appendAll(ledger, feeId, [
      ...[sample('assessed'), sample('approved'), noticed()],
      sample('intent_opened', { intent: `pi_${feeId}` }),
    ]);
    const feeRecord = (await ledger.fees.load(feeId)) as FeeRecord;
    await ledger.fees.append(feeRecord, [sample('pay_now_asked')], actor);
  };

  it('unless the clinician has asked to pay at once', async () => {
    await asked('clinician');
    expect(await refusalOf([], attempted(), early)).toBe('accepted');
  });

  it('also when anybody else asks for it', async () => {
    await asked('test');
    expect(await refusalOf([], attempted(), early)).toBe('LV011');
  });

  it('when the clinician asked under an earlier notice', async () => {
    await asked('clinician');
    expect(await refusalOf([noticed()], attempted(), early)).toBe('LV011');
  });

  it('when the fee is held, though the clinician asked to pay', async () => {
    await asked('clinician');
    expect(await refusalOf([sample('held')], attempted(), early)).toBe('LV009');
  });
});
