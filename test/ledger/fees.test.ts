import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { entry, type NewEntry } from '../../core/fee/fee.ts';
import { fold } from '../../core/fee/fold.ts';
import { next, nextOf } from '../../core/fee/next.ts';
import { outlookOf } from '../../core/fee/outlook.ts';
import type { FeeRecord } from '../../ledger/fees.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import { appendAll, openedAssessment, ownOf, setClock, testLedger } from '../support/assessment.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { AMOUNT, sample } from '../support/fees.ts';

const NOTICED_AT = new Date('2026-01-16T15:00:00Z');
const CHARGE_FROM = new Date('2026-01-30T15:00:00Z');
const TESTER = { actor: 'test', person: null };

let db: TestDatabase;
let ledger: Ledger;
let feeIds: string[];
let assessmentId: string;
let used = 0;

beforeAll(async () => {
  db = await createTestDatabase();
  ledger = await testLedger(db.pool);
  await setClock(db.pool, NOTICED_AT);
  ({ feeIds, assessmentId } = await openedAssessment(db.pool, ledger, { count: 60 }));
});

/** A fee of its own for each test. */
let feeId: string;
beforeEach(async () => {
  feeId = feeIds[used++] as string;
  await setClock(db.pool, NOTICED_AT);
});

const noticed = (changes = {}) =>
  sample('noticed', { chargeFrom: CHARGE_FROM.toISOString(), ...changes });
const upToNotice = [sample('assessed'), sample('approved'), noticed()];
const attempted = (changes = {}) => sample('attempted', { intent: `pi_${feeId}`, ...changes });
const opened = () => sample('intent_opened', { intent: `pi_${feeId}` });

async function refusalOf(entries: NewEntry[], last: NewEntry, at = CHARGE_FROM) {
  await appendAll(ledger, feeId, entries);
  await setClock(db.pool, at);
  return appendAll(ledger, feeId, [last]).then(
    () => 'accepted',
    (error: { code?: string }) => error.code,
  );
}

describe('the database refuses', () => {
  it('an attempt without a notice', async () => {
    const entries = [sample('assessed'), sample('approved'), opened()];
    expect(await refusalOf(entries, attempted())).toBe('LV007');
  });

  it('an attempt before the notice period is over', async () => {
    const early = new Date(CHARGE_FROM.getTime() - 1);
    expect(await refusalOf([...upToNotice, opened()], attempted(), early)).toBe('LV011');
  });

  it('an early attempt even when the notice promised an earlier day', async () => {
    const lying = noticed({ chargeFrom: NOTICED_AT.toISOString() });
    const entries = [sample('assessed'), sample('approved'), lying, opened()];
    const early = new Date('2026-01-29T15:00:00Z');
    expect(await refusalOf(entries, attempted(), early)).toBe('LV011');
  });

  it('an attempt by a writer whose clock is ahead', async () => {
    await appendAll(ledger, feeId, [...upToNotice, opened()]);
    const feeRecord = (await ledger.fees.load(feeId)) as FeeRecord;
    const own = ownOf(feeRecord, attempted());
    const ahead = ledger.fees.append(feeRecord, [own], 'test', CHARGE_FROM);
    await expect(ahead).rejects.toMatchObject({ code: 'LV011' });
  });

  describe('another try', () => {
    const retryAt = new Date(CHARGE_FROM.getTime() + 86_400_000);
    const declined = sample('declined', { retryAt: retryAt.toISOString() });
    const tried = () => [opened(), attempted(), declined];
    const again = () => attempted({ attempt: 2 });

    it('before the time its decline named, whatever the writer’s clock says', async () => {
      await appendAll(ledger, feeId, upToNotice);
      const early = new Date(retryAt.getTime() - 1);
      await setClock(db.pool, CHARGE_FROM);
      expect(await refusalOf(tried(), again(), early)).toBe('LV015');
      const feeRecord = (await ledger.fees.load(feeId)) as FeeRecord;
      const ahead = ledger.fees.append(feeRecord, [ownOf(feeRecord, again())], 'test', retryAt);
      await expect(ahead).rejects.toMatchObject({ code: 'LV015' });
      expect(await refusalOf([], again(), retryAt)).toBe('accepted');
    });

    it('and accepts it earlier when a person asks or another card comes', async () => {
      await appendAll(ledger, feeId, upToNotice);
      await setClock(db.pool, CHARGE_FROM);
      const asked = [...tried(), sample('retry_asked')];
      expect(await refusalOf(asked, again(), CHARGE_FROM)).toBe('accepted');
    });
  });

  it('an attempt of another amount than the noticed one', async () => {
    const last = attempted({ amountCents: AMOUNT + 1 });
    expect(await refusalOf([...upToNotice, opened()], last)).toBe('LV010');
  });

  it('a notice of another amount than the rate', async () => {
    const entries = [sample('assessed'), sample('approved')];
    expect(await refusalOf(entries, noticed({ amountCents: 1 }))).toBe('LV004');
  });

  it.each(['assessed', 'approved'] as const)('a notice on nothing but %s', async (kind) => {
    expect(await refusalOf([sample(kind)], noticed())).toBe('LV005');
  });

  it('a second open attempt', async () => {
    const entries = [...upToNotice, opened()];
    expect(await refusalOf(entries, attempted())).toBe('accepted');
    expect(await refusalOf([], attempted({ attempt: 2 }))).toBe('LV012');
  });

  it('the same attempt number twice', async () => {
    expect(await refusalOf([...upToNotice, opened()], attempted())).toBe('accepted');
    expect(await refusalOf([sample('lapsed')], attempted())).toBe('23505');
  });

  it.each([
    ['waived', 'LV020'],
    ['waive_asked', 'LV020'],
    ['paid_otherwise', 'LV020'],
    ['paid_otherwise_asked', 'LV020'],
    ['paid', 'LV020'],
    ['gave_up', 'LV020'],
    ['notice_failed', 'LV008'],
    ['customer_changed', 'LV008'],
    ['intent_closed', 'LV013'],
  ] as const)('an attempt after %s', async (kind, code) => {
    const settled = kind === 'paid' ? sample(kind, { charge: `ch_${feeId}` }) : sample(kind);
    expect(await refusalOf([...upToNotice, opened(), settled], attempted())).toBe(code);
  });

  it.each(['waived', 'paid', 'paid_otherwise'] as const)(
    'an attempt after %s also under a later notice',
    async (kind) => {
      const settled = kind === 'paid' ? sample(kind, { charge: `ch_${feeId}` }) : sample(kind);
      const entries = [...upToNotice, opened(), settled, noticed()];
      expect(await refusalOf(entries, attempted())).toBe('LV020');
    },
  );

  it('an attempt without evidence any more', async () => {
    const entries = [...upToNotice, opened(), sample('withdrawn')];
    expect(await refusalOf(entries, attempted())).toBe('LV020');
  });

  it('an attempt on a fee that was given up, and allows it once it was taken up', async () => {
    const entries = [...upToNotice, opened(), sample('gave_up'), sample('revived')];
    expect(await refusalOf(entries, attempted())).toBe('accepted');
  });

  it('an attempt on a fee that is held', async () => {
    expect(await refusalOf([...upToNotice, opened(), sample('held')], attempted())).toBe('LV009');
  });

  it('an attempt while the assessment is paused, and allows it afterwards', async () => {
    await ledger.assessments.pause(assessmentId, 'test', 'a look');
    expect(await refusalOf([...upToNotice, opened()], attempted())).toBe('LV006');
    await ledger.assessments.resume(assessmentId);
    expect(await refusalOf([], attempted())).toBe('accepted');
  });

  it('an attempt with an intent that is not the fee’s', async () => {
    const last = attempted({ intent: 'pi_other' });
    expect(await refusalOf([...upToNotice, opened()], last)).toBe('LV013');
  });

  it('an attempt with an intent that was the fee’s before', async () => {
    const entries = [...upToNotice, opened(), sample('intent_opened', { intent: `pi_${feeId}_2` })];
    expect(await refusalOf(entries, attempted())).toBe('LV013');
  });

  it('an attempt on another customer than was noticed, or than the roster names now', async () => {
    const other = attempted({ customer: 'cus_other' });
    expect(await refusalOf([...upToNotice, opened()], other)).toBe('LV018');
    const moved = (customer: string) =>
      db.pool.query(
        `update clinicians set stripe_customer = $2
         where clinician_id = (select clinician_id from fees where fee_id = $1)`,
        [feeId, customer],
      );
    const { clinician } = (await ledger.fees.load(feeId)) as FeeRecord;
    await moved(`cus_${feeId}`);
    const noticedTo = attempted({ customer: clinician.stripeCustomer });
    expect(await refusalOf([], noticedTo)).toBe('LV018');
    expect(await refusalOf([], attempted())).toBe('LV018');
    await moved(clinician.stripeCustomer as string);
    expect(await refusalOf([], noticedTo)).toBe('accepted');
  });

  it('a card that was refused for good, until its bank has sent new data', async () => {
    const refused = sample('declined', { verdict: 'needs_card', retryAt: null });
    const came = (paymentMethod: string) => sample('card_updated', { paymentMethod });
    await appendAll(ledger, feeId, upToNotice);
    await setClock(db.pool, CHARGE_FROM);
    const renewed = sample('card_updated', { paymentMethod: 'pm_1', renewed: true });
    const tried = [opened(), attempted(), refused, came('pm_2')];
    expect(await refusalOf(tried, attempted({ attempt: 2 }))).toBe('LV019');
    expect(await refusalOf([came('pm_1')], attempted({ attempt: 2 }))).toBe('LV019');
    expect(await refusalOf([renewed], attempted({ attempt: 2 }))).toBe('accepted');
  });

  it('a notice that is not dated when it is written, but for five minutes', async () => {
    await appendAll(ledger, feeId, [sample('assessed'), sample('approved')]);
    const feeRecord = (await ledger.fees.load(feeId)) as FeeRecord;
    const dated = (agoMs: number) =>
      ledger.fees.append(
        feeRecord,
        [ownOf(feeRecord, noticed())],
        'test',
        new Date(NOTICED_AT.getTime() - agoMs),
      );
    await expect(dated(300_001)).rejects.toMatchObject({ code: 'LV016' });
    expect(await dated(300_000)).not.toBeNull();
  });

  it('evidence that is nobody’s, somebody else’s, or does not count', async () => {
    const by = (evidenceId: string | undefined) =>
      sample('assessed', {
        evidence: { kind: 'billing', firstUsedOn: '2026-02-03', evidenceId: evidenceId ?? '' },
      });
    const evidenceOf = async (id: string) => {
      const { clinician } = (await ledger.fees.load(id)) as FeeRecord;
      return (await ledger.evidence.of(clinician.clinicianId, 2026))[0]?.evidenceId;
    };
    const other = await evidenceOf(feeIds[used++] as string);
    const own = await evidenceOf(feeId);
    for (const wrong of ['00000000-0000-4000-8000-00000000dead', other, 'not an id'])
      expect(await refusalOf([], by(wrong), NOTICED_AT)).toBe('LV017');
    await ledger.evidence.decide(own as string, 'refused', 'test');
    expect(await refusalOf([], by(own), NOTICED_AT)).toBe('LV017');
    await ledger.evidence.decide(own as string, 'accepted', 'test');
    expect(await refusalOf([], by(own), NOTICED_AT)).toBe('accepted');
  });

  it('everything about a forecast rate', async () => {
    const foresee = (forecast: boolean) =>
      db.pool.query(
        `alter table assessments disable trigger assessments_frozen;
         update assessments set forecast = ${forecast};
         alter table assessments enable trigger assessments_frozen`,
      );
    await foresee(true);
    const entries = [sample('assessed'), sample('approved')];
    expect(await refusalOf(entries, noticed(), NOTICED_AT)).toBe('LV003');
    await foresee(false);
    await appendAll(ledger, feeId, [noticed(), opened()]);
    await foresee(true);
    expect(await refusalOf([], attempted())).toBe('LV003');
    await foresee(false);
    expect(await refusalOf([], attempted())).toBe('accepted');
  });

  it('another rate, policy or mode for an assessment that was opened', async () => {
    for (const change of [
      'royalty_cents = 1',
      'forecast = true',
      'livemode = true',
      `policy = policy || '{"noticeDays": 0}'`,
    ])
      await expect(db.pool.query(`update assessments set ${change}`)).rejects.toMatchObject({
        code: 'LV001',
      });
  });

  it('changing, deleting or truncating entries', async () => {
    await appendAll(ledger, feeId, [sample('assessed')]);
    for (const sql of ['update entries set actor = $$x$$', 'delete from entries'])
      await expect(db.pool.query(sql)).rejects.toMatchObject({ code: 'LV001' });
    await expect(db.pool.query('truncate entries')).rejects.toMatchObject({ code: 'LV001' });
  });

  it('a gap in the numbers', async () => {
    await expect(
      db.pool.query(
        `insert into entries (fee_id, seq, kind, at, actor, data)
         values ($1, 2, 'usage_checked', now(), 'test', '{}')`,
        [feeId],
      ),
    ).rejects.toMatchObject({ code: 'LV002' });
  });

  it('half a movement of money, and money from an account to itself', async () => {
    const insert = (debit: string, credit: string | null, cents: number | null) =>
      db.pool.query(
        `insert into entries (fee_id, seq, kind, at, actor, data, debit, credit, amount_cents)
         values ($1, 1, 'usage_checked', now(), 'test', '{}', $2, $3, $4)`,
        [feeId, debit, credit, cents],
      );
    const wrong: [string, string | null, number | null][] = [
      ['stripe', null, 5],
      ['stripe', 'receivable', null],
      ['stripe', 'stripe', 5],
      ['stripe', 'receivable', -5],
    ];
    for (const [debit, credit, cents] of wrong)
      await expect(insert(debit, credit, cents)).rejects.toMatchObject({ code: '23514' });
  });

  it('nothing about facts: money that arrives after a waiver is recorded', async () => {
    const late = sample('paid', { charge: `ch_${feeId}`, attempt: null });
    expect(await refusalOf([...upToNotice, opened(), sample('waived')], late)).toBe('accepted');
  });
});

describe('appending', () => {
  const assessed = (feeRecord: FeeRecord) => [ownOf(feeRecord, sample('assessed'))];

  it('lets one of many writers win, and tells the others', async () => {
    const seen = await Promise.all(Array.from({ length: 8 }, () => ledger.fees.load(feeId)));
    const won = await Promise.all(
      (seen as FeeRecord[]).map((feeRecord) =>
        ledger.fees.append(feeRecord, assessed(feeRecord), 'test'),
      ),
    );
    expect(won.filter(Boolean)).toHaveLength(1);
    expect((await ledger.fees.load(feeId))?.entries).toHaveLength(1);
  });

  it('gives every concurrent change its turn', async () => {
    await Promise.all(
      Array.from({ length: 6 }, (_, n) =>
        ledger.fees.change(feeId, `person ${n}`, () => ({
          entries: [entry('held', { why: `${n}` })],
        })),
      ),
    );
    const after = await ledger.fees.load(feeId);
    expect(after?.entries.map(({ actor }) => actor).sort()).toEqual(
      [0, 1, 2, 3, 4, 5].map((n) => `person ${n}`),
    );
  });

  it('fails a bad append alone, not those that travelled with it', async () => {
    const other = feeIds[used++] as string;
    const [first, second] = await Promise.all([feeId, other].map((id) => ledger.fees.load(id)));
    const [bad, good] = await Promise.allSettled([
      ledger.fees.append(first!, [attempted()], 'test'),
      ledger.fees.append(second!, assessed(second!), 'test'),
    ]);
    expect(bad.status).toBe('rejected');
    expect(good).toMatchObject({ status: 'fulfilled' });
    expect((await ledger.fees.load(other))?.entries).toHaveLength(1);
  });

  it('keeps the index that the entries fold to', async () => {
    await setClock(db.pool, NOTICED_AT);
    const { hash } = await ledger.assessments.totals(assessmentId);
    for (const id of feeIds) {
      const feeRecord = (await ledger.fees.load(id)) as FeeRecord;
      if (next(feeRecord.entries, feeRecord.assessment.policy).state === 'detecting')
        await ledger.fees.append(feeRecord, assessed(feeRecord), 'test');
    }
    const roster = await ledger.assessments.totals(assessmentId);
    expect(roster.hash).not.toBe(hash);
    const approve = (of: string) => ledger.assessments.approve(assessmentId, of, TESTER);
    const stale = { approved: false, why: 'stale_roster', hash: roster.hash };
    expect(await approve(hash)).toMatchObject(stale);
    expect(await approve(roster.hash)).toMatchObject({ approved: true });
    const { rows } = await db.pool.query<{ fee_id: string }>(
      'select fee_id, seq, state, next_step, due_at, attempts, decline, outlook from fees',
    );
    expect(rows).toHaveLength(feeIds.length);
    for (const row of rows) {
      const feeRecord = (await ledger.fees.load(row.fee_id)) as FeeRecord;
      const { policy } = feeRecord.assessment;
      const fee = fold(feeRecord.entries);
      const { state, step, at } = nextOf(fee, policy);
      expect({ ...row }).toEqual({
        fee_id: row.fee_id,
        seq: feeRecord.entries.length,
        state,
        next_step: step,
        due_at: at,
        attempts: fee.attempts,
        decline: fee.declined?.code ?? null,
        outlook: outlookOf(feeRecord.entries, fee, policy),
      });
    }
  });

  it('keeps the accounts summing to zero', async () => {
    const balances = await ledger.reports.balances();
    expect(balances.length).toBeGreaterThan(1);
    expect(balances.reduce((sum, { balanceCents }) => sum + balanceCents, 0)).toBe(0);
  });
});
