import { beforeAll, expect, it } from 'vitest';
import { applyMissedChanges } from '../../workers/maintenance/missed-changes.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import { appendAll, openedAssessment, testLedger } from '../support/assessment.ts';
import { createTestDatabase } from '../support/database.ts';
import { sample } from '../support/fees.ts';

const YEAR = 2026;
const NO_CODE = { why: 'other_vendor' } as const;

let ledger: Ledger;
let feeIds: string[];

beforeAll(async () => {
  const db = await createTestDatabase();
  ledger = await testLedger(db.pool);
  ({ feeIds } = await openedAssessment(db.pool, ledger, { count: 7 }));
});

const story = async (n: number) => (await ledger.fees.load(feeIds[n - 1]!))!.entries;
const kinds = async (n: number) => (await story(n)).map(({ kind }) => kind);
const reach = (n: number, entries: Parameters<typeof appendAll>[2]) =>
  appendAll(ledger, feeIds[n - 1]!, entries);

/** Writes it on the roster, and ends before any fee hears of it. */
async function move(n: number, vendor: string): Promise<void> {
  const { clinician } = (await ledger.fees.load(feeIds[n - 1]!))!;
  const known = (await ledger.clinicians.get(clinician.clinicianId))!;
  await ledger.clinicians.upsert({ ...known, vendor });
}

/** The same of evidence that turned out wrong. */
async function withdraw(n: number): Promise<void> {
  const { clinician } = (await ledger.fees.load(feeIds[n - 1]!))!;
  for (const { evidenceId } of await ledger.evidence.of(clinician.clinicianId, YEAR))
    await ledger.evidence.decide(evidenceId, 'refused', 'Ada');
}

it('takes up whoever came back to the EHR, or whose use was imported, unheard', async () => {
  await reach(1, [sample('exempted', NO_CODE)]);
  await reach(2, [sample('usage_checked', { found: false })]);
  await applyMissedChanges({ ledger });
  expect(await kinds(1)).toEqual(['exempted', 'reopened']);
  expect(await kinds(2)).toEqual(['usage_checked', 'reopened']);
});

it('looks at whoever came back also without any evidence, and is done with it', async () => {
  await reach(7, [sample('exempted', NO_CODE)]);
  await withdraw(7);
  expect(await applyMissedChanges({ ledger })).toBe(1);
  expect(await kinds(7)).toEqual(['exempted', 'reopened']);
  await reach(7, [sample('usage_checked', { found: false })]);
  expect(await applyMissedChanges({ ledger })).toBe(0);
});

it('waives for whoever moved away, and looks again when evidence is gone, unheard', async () => {
  await reach(3, [sample('assessed')]);
  await reach(4, [sample('assessed')]);
  await move(3, 'therapynotes');
  await withdraw(4);
  expect(await applyMissedChanges({ ledger })).toBe(2);
  expect(await kinds(3)).toEqual(['assessed', 'waived']);
  expect(await kinds(4)).toEqual(['assessed', 'reopened']);
});

it('holds a payment without evidence once, and leaves it released by a person', async () => {
  await reach(5, [sample('assessed'), sample('paid')]);
  await withdraw(5);
  await applyMissedChanges({ ledger });
  expect((await story(5)).at(-1)).toMatchObject({ kind: 'held', actor: 'levy' });
  await reach(5, [sample('released')]);
  expect(await applyMissedChanges({ ledger })).toBe(0);
  expect((await kinds(5)).at(-1)).toBe('released');
});

it('leaves alone what has been heard', async () => {
  await reach(6, [sample('assessed')]);
  expect(await applyMissedChanges({ ledger })).toBe(0);
  expect(await kinds(6)).toEqual(['assessed']);
});
