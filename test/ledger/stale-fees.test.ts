import { expect, it } from 'vitest';
import { missedChanges } from '../../core/fee/actions.ts';
import type { NewEntry } from '../../core/fee/fee.ts';
import { fold } from '../../core/fee/fold.ts';
import type { Clinician } from '../../ledger/clinicians.ts';
import type { FeeRecord } from '../../ledger/fees.ts';
import { externalFactsOf } from '../../workers/steps/due-fee.ts';
import { appendAll, openedAssessment, setClock, testLedger } from '../support/assessment.ts';
import { createTestDatabase } from '../support/database.ts';
import { sample } from '../support/fees.ts';

/** An attempt with this card, made after `changes` of it, and what became of it. */
const tried = (
  attempt: number,
  card: string,
  verdict: 'retry' | 'needs_card',
  changes?: number,
) => [
  sample('attempted', { attempt, paymentMethod: card, cardChanges: changes }),
  sample('declined', { attempt, paymentMethod: card, charge: null, verdict }),
];
const missed = (changes?: number) => sample('card_missing', { cardChanges: changes });
const failed = (changes?: number) => sample('notice_failed', { emailChanges: changes });
const given = (paymentMethod: string) => sample('card_updated', { paymentMethod });
const renewed = (paymentMethod: string) => sample('card_updated', { paymentMethod, renewed: true });
/** The roster named this customer for a time; the fee's own has come back since. */
const other = (customer: string | null = 'cus_for_a_time') =>
  sample('customer_changed', { customer });

const AGAIN = [sample('assessed'), sample('approved')];

/** What may have befallen an approved fee, before the notice and after it. */
const BEFORE: NewEntry[][] = [
  [],
  [failed()],
  [failed(1)],
  [failed(), sample('retry_asked')],
  [failed(), sample('retry_asked'), failed(1)],
  [failed(), sample('held')],
  [failed(), sample('waived')],
  [missed()],
  [missed(1)],
  [missed(), given('pm_2')],
  [missed(), given('pm_2'), missed(1)],
  [missed(), sample('withdrawn'), sample('assessed'), sample('approved'), failed()],
  [sample('noticed'), failed(), sample('retry_asked'), missed(1)],
  [sample('noticed'), other(), sample('withdrawn'), ...AGAIN, missed(1)],
];
const AFTER: NewEntry[][] = [
  [],
  [missed()],
  [...tried(1, 'pm_1', 'retry')],
  [...tried(1, 'pm_1', 'retry', 1)],
  [...tried(1, 'pm_1', 'needs_card')],
  [...tried(1, 'pm_1', 'needs_card', 1)],
  [...tried(1, 'pm_1', 'needs_card'), given('pm_2')],
  [...tried(1, 'pm_1', 'needs_card'), given('pm_3'), missed()],
  [...tried(1, 'pm_2', 'needs_card'), given('pm_3'), ...tried(2, 'pm_3', 'needs_card')],
  [...tried(1, 'pm_2', 'needs_card'), given('pm_2'), ...tried(2, 'pm_3', 'retry')],
  [...tried(1, 'pm_2', 'needs_card'), renewed('pm_2'), ...tried(2, 'pm_3', 'retry')],
  [...tried(1, 'pm_2', 'retry'), ...tried(2, 'pm_3', 'retry'), sample('gave_up')],
  [...tried(1, 'pm_1', 'retry'), sample('gave_up')],
  [...tried(1, 'pm_1', 'retry'), sample('attempted', { attempt: 2 })],
  [...tried(1, 'pm_1', 'retry'), ...tried(2, 'pm_1', 'retry').slice(0, 1), given('pm_2')],
  [...tried(1, 'pm_1', 'needs_card'), sample('held')],
  [...tried(1, 'pm_1', 'needs_card'), sample('waive_asked')],
  [...tried(1, 'pm_1', 'needs_card'), sample('held'), sample('waive_asked')],
  [sample('attempted'), given('pm_2'), sample('declined', { charge: null, verdict: 'retry' })],
  [failed()],
  [failed(), sample('retry_asked'), missed(1)],
  [other(), sample('noticed')],
  [...tried(1, 'pm_1', 'needs_card'), other(), sample('noticed')],
  [other(), missed(1)],
  [other(null), missed(1)],
];

/** What the roster says afterwards that it had not said before; the second comes later still. */
const CHANGES: Partial<Clinician>[][] = [
  [],
  [{ email: 'new' }],
  [{ email: 'new' }, { email: null }],
  [{ paymentMethod: 'pm_1' }],
  [{ paymentMethod: 'pm_2' }],
  [{ paymentMethod: 'pm_3' }, { paymentMethod: 'pm_2' }],
  [{ email: 'new', paymentMethod: 'pm_2' }, { paymentMethod: null }],
  [{ stripeCustomer: 'new' }],
  [{ stripeCustomer: null }],
  [{ stripeCustomer: 'new', paymentMethod: 'pm_2' }, { stripeCustomer: 'own' }],
];

it('lists exactly the fees to which something is added that they have waited for', async () => {
  const { pool } = await createTestDatabase();
  const ledger = await testLedger(pool);
  await setClock(pool, new Date('2026-01-15T14:00:00Z'));
  const stories = [
    ...BEFORE.map((before) => ({ before, after: [] as NewEntry[] })),
    ...AFTER.map((after) => ({ before: [sample('noticed')], after })),
  ];
  const lives = stories.flatMap((story) => CHANGES.map((changes) => ({ ...story, changes })));
  const { feeIds } = await openedAssessment(pool, ledger, { count: lives.length });
  const each = async (what: (life: (typeof lives)[number], feeId: string) => Promise<unknown>) => {
    await Promise.all(lives.map((life, n) => what(life, feeIds[n]!)));
  };
  await each(({ before }, feeId) =>
    appendAll(ledger, feeId, [sample('assessed'), sample('approved'), ...before]),
  );
  await setClock(pool, new Date('2026-03-01T14:00:00Z'));
  await each(async ({ after }, feeId) => {
    const opened = sample('intent_opened', { intent: `pi_${feeId}`, notice: 1 });
    const own = after.map((one) =>
      one.kind === 'attempted'
        ? { kind: one.kind, data: { ...one.data, intent: `pi_${feeId}` } }
        : one,
    );
    if (own.length > 0) await appendAll(ledger, feeId, [opened, ...own]);
  });
  const load = async (feeId: string) => (await ledger.fees.load(feeId)) as FeeRecord;
  await each(async ({ changes }, feeId) => {
    const { clinicianId, stripeCustomer: own } = (await load(feeId)).clinician;
    for (const { email, stripeCustomer, ...change } of changes) {
      const known = (await ledger.clinicians.get(clinicianId))!;
      const address = email ? { email: `${known.ref}@new.example` } : email === null && { email };
      const customer = stripeCustomer === 'new' ? `${own}_new` : stripeCustomer && own;
      const who = stripeCustomer !== undefined && { stripeCustomer: customer };
      await ledger.clinicians.upsert({ ...known, ...change, ...address, ...who });
    }
  });

  const expected: string[] = [];
  await each(async (_, feeId) => {
    const feeRecord = await load(feeId);
    if (missedChanges(fold(feeRecord.entries), externalFactsOf(feeRecord)).length > 0)
      expected.push(feeId);
  });
  const listed = await ledger.invariants.staleFees(10_000);
  const told = (ids: string[]) => ids.map((id) => lives[feeIds.indexOf(id)]);
  expect(told(listed.filter((id) => !expected.includes(id)))).toEqual([]);
  expect(told(expected.filter((id) => !listed.includes(id)))).toEqual([]);
  expect(listed.length).toBeGreaterThan(30);
}, 60_000);
