import { describe, expect, it } from 'vitest';
import { FEE_STATUSES } from '../../core/fee/fee.ts';
import { BUCKETS, type Bucket } from '../../core/roster.ts';
import { next } from '../../core/fee/next.ts';
import { appendAll, openedAssessment, testLedger } from '../support/assessment.ts';
import { createTestDatabase } from '../support/database.ts';
import { sample, story, testPolicy } from '../support/fees.ts';
import type { EntryKind, NewEntry } from '../../core/fee/fee.ts';

const owed: EntryKind[] = ['assessed', 'approved'];

/** Entries the ledger takes without an attempt, which needs a fortnight, and where they show. */
const WHERE: [lines: (EntryKind | NewEntry)[], bucket: Bucket][] = [
  [[], 'detecting'],
  [['usage_checked'], 'no_use'],
  [[sample('exempted', { why: 'vendor_does_not_levy' })], 'vendor_does_not_levy'],
  [[sample('exempted', { why: 'other_vendor' })], 'other_vendor'],
  [['assessed'], 'will_be_charged'],
  [owed, 'under_way'],
  [[...owed, 'noticed'], 'under_way'],
  [[...owed, 'notice_failed'], 'under_way'],
  [[...owed, 'card_missing'], 'under_way'],
  [['assessed', 'waived'], 'waived'],
  [['assessed', 'held'], 'held'],
  [['assessed', 'paid_otherwise'], 'settled'],
  [[...owed, 'noticed', sample('paid', { charge: 'ch_1' })], 'settled'],
  [[...owed, 'noticed', sample('paid', { charge: 'ch_2' }), sample('refunded')], 'settled'],
  [[...owed, 'noticed', sample('paid', { charge: 'ch_3' }), 'disputed'], 'settled'],
  [[...owed, 'gave_up'], 'settled'],
  [['assessed', 'withdrawn'], 'no_use'],
];
const linesOf = (lines: (EntryKind | NewEntry)[]) =>
  lines.map((line) => (typeof line === 'string' ? sample(line) : line));

describe('the roster', () => {
  it('puts every fee into one bucket, by where it stands, and counts all of them', async () => {
    const db = await createTestDatabase();
    const ledger = await testLedger(db.pool);
    const { assessmentId, feeIds } = await openedAssessment(db.pool, ledger, {
      count: WHERE.length,
    });
    for (const [n, [lines]] of WHERE.entries())
      await appendAll(ledger, feeIds[n] as string, linesOf(lines));
    const roster = await ledger.assessments.roster(assessmentId, { limit: 100 });
    const found = new Map(roster.map(({ feeId, bucket }) => [feeId, bucket]));
    expect(feeIds.map((feeId) => found.get(feeId))).toEqual(WHERE.map(([, bucket]) => bucket));
    const { totals } = await ledger.assessments.totals(assessmentId);
    const counted = Object.values(totals).reduce((sum, { clinicians }) => sum + clinicians, 0);
    expect(counted).toBe(WHERE.length);
    expect(Object.keys(totals).filter((bucket) => !(bucket in BUCKETS))).toEqual([]);
  });

  it('was asked about every state but those of an attempt', () => {
    const met = WHERE.map(([lines]) => next(story(linesOf(lines)), testPolicy()).state);
    expect(FEE_STATUSES.filter((state) => !met.includes(state))).toEqual([
      'charging',
      'unknown',
      'retrying',
    ]);
  });

  it('explains each bucket in a sentence, and says who is never contacted', () => {
    for (const words of Object.values(BUCKETS)) expect(words).toMatch(/^[a-z].{8,}[^.]$/);
    const never = Object.entries(BUCKETS).filter(([, words]) => words.includes('never contacted'));
    expect(never.map(([bucket]) => bucket)).toEqual([
      'no_use',
      'vendor_does_not_levy',
      'other_vendor',
    ]);
  });
});
