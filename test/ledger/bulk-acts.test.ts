import { beforeEach, describe, expect, it } from 'vitest';
import type { NewEntry } from '../../core/fee/fee.ts';
import { EVERY_FEE } from '../../core/fee/selection.ts';
import type { BulkAction } from '../../core/fee/outlook.ts';
import type { BulkAct } from '../../ledger/bulk-acts.ts';
import { createLedger, type Ledger } from '../../ledger/ledger.ts';
import { appendAll, openedAssessment, setClock, testLedger } from '../support/assessment.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { sample } from '../support/fees.ts';

let db: TestDatabase;
let ledger: Ledger;
let feeIds: string[];
let assessmentId: string;

const CHARGED = new Date('2026-02-15T15:00:00Z');
const NOTICED: NewEntry[] = [sample('assessed'), sample('approved'), sample('noticed')];
const declined = (n: number, code: string, verdict: 'retry' | 'needs_card') => [
  sample('intent_opened', { intent: `pi_${n}` }),
  sample('attempted', { intent: `pi_${n}` }),
  sample('declined', {
    charge: `ch_${n}`,
    code,
    verdict,
    ...(verdict !== 'retry' && { retryAt: null }),
  }),
];

/** Fees 1 to 3 were declined softly, 4 and 5 for good, 6 is noticed. */
beforeEach(async () => {
  db = await createTestDatabase();
  ledger = await testLedger(db.appPool);
  await setClock(db.pool, new Date('2026-01-15T14:00:00Z'));
  ({ feeIds, assessmentId } = await openedAssessment(db.pool, ledger, { count: 6 }));
  for (const feeId of feeIds) await appendAll(ledger, feeId, NOTICED);
  await setClock(db.pool, CHARGED);
  for (const [at, feeId] of feeIds.slice(0, 5).entries())
    await appendAll(
      ledger,
      feeId,
      declined(at, at < 3 ? 'insufficient_funds' : 'expired_card', at < 3 ? 'retry' : 'needs_card'),
    );
});

const FAILED = { ...EVERY_FEE, states: ['retrying', 'needs_card'] as const };
const preview = (act: BulkAction, why: string | null = null, selection: object = FAILED) =>
  ledger.bulkActs.preview({
    ...{ act, why, createdBy: 'ann', timeZone: 'America/New_York' },
    selection: { ...EVERY_FEE, ...selection },
  });
/** Begins an act and decides every member in one wave. */
async function run(bulkId: string, fees = 1_000): Promise<void> {
  expect(await ledger.bulkActs.start(bulkId, 'ann')).toBe(true);
  await ledger.bulkActs.beginWave(bulkId, 0, fees);
  while ((await ledger.bulkActs.decideNext(bulkId, 2)) > 0);
}
const kindsOf = async (feeId: string) =>
  (await ledger.fees.load(feeId))?.entries.map(({ kind }) => kind) ?? [];

describe('an act on many fees', () => {
  it('is previewed by what would happen to each, and does that', async () => {
    const bulkId = await preview('retry');
    expect(await ledger.bulkActs.get(bulkId)).toMatchObject({
      state: 'previewed',
      members: 3,
      preview: [
        { refused: null, step: 'charge', on: null, fees: 3, cents: 5850 },
        { refused: 'not_retryable', step: null, on: null, fees: 2, cents: 3900 },
      ],
    });
    await run(bulkId);
    await ledger.bulkActs.finish(bulkId);
    expect(await ledger.bulkActs.get(bulkId)).toMatchObject({
      state: 'finished',
      startedBy: 'ann',
    });
    expect(await ledger.bulkActs.progress(bulkId)).toEqual([{ result: 'done', fees: 3 }]);
    for (const [at, feeId] of feeIds.entries())
      expect((await kindsOf(feeId)).includes('retry_asked'), String(at)).toBe(at < 3);
  });

  it('waits for its wave though the clock that dated the entries is ahead', async () => {
    let ms = 0;
    const ahead = createLedger(db.appPool, () => (ms += 60_000)).bulkActs;
    const bulkId = await preview('retry');
    expect(await ahead.start(bulkId, 'ann')).toBe(true);
    await ahead.beginWave(bulkId, 0, 5);
    while ((await ahead.decideNext(bulkId, 5)) > 0);
    const act = await ahead.get(bulkId);
    expect(await ahead.wave(act as BulkAct)).toMatchObject({ paid: 0, open: 3 });
  });

  it('says on which day a step follows that has to wait', async () => {
    const [feeId = ''] = feeIds;
    await appendAll(ledger, feeId, [sample('held')]);
    const bulkId = await preview('release', null, { states: ['held'] });
    const retryOn = '2026-02-02';
    await setClock(db.pool, new Date('2026-01-20T15:00:00Z'));
    const earlier = await preview('release', null, { states: ['held'] });
    const [now, later] = [await ledger.bulkActs.get(bulkId), await ledger.bulkActs.get(earlier)];
    expect(now?.preview).toMatchObject([{ step: 'charge', on: null, fees: 1 }]);
    expect(later?.preview).toMatchObject([{ step: 'charge', on: retryOn, fees: 1 }]);
  });

  it('is done once, however often and by however many it is worked on', async () => {
    const bulkId = await preview('note', 'called them');
    expect((await ledger.bulkActs.get(bulkId))?.members).toBe(5);
    expect(await ledger.bulkActs.start(bulkId, 'ann')).toBe(true);
    expect(await ledger.bulkActs.start(bulkId, 'bob')).toBe(false);
    await ledger.bulkActs.beginWave(bulkId, 0, 1_000);
    const work = async () => {
      while ((await ledger.bulkActs.decideNext(bulkId, 1)) > 0);
    };
    await Promise.all([work(), work(), work()]);
    for (const feeId of feeIds.slice(0, 5))
      expect((await kindsOf(feeId)).filter((kind) => kind === 'noted')).toHaveLength(1);
  });

  it('leaves nothing behind of a page that was cut off, and does it afterwards', async () => {
    const bulkId = await preview('hold', 'a look');
    await ledger.bulkActs.start(bulkId, 'ann');
    await ledger.bulkActs.beginWave(bulkId, 0, 1_000);
    // The database refuses the results, as if the process had been killed between the two writes.
    await db.pool.query(
      `create function cut_off() returns trigger language plpgsql as
         $$ begin raise exception 'cut off'; end $$;
       create trigger cut_off before update on bulk_act_members
         for each row execute function cut_off()`,
    );
    await expect(ledger.bulkActs.decideNext(bulkId, 3)).rejects.toThrow('cut off');
    for (const feeId of feeIds) expect(await kindsOf(feeId)).not.toContain('held');
    await db.pool.query('drop trigger cut_off on bulk_act_members');
    while ((await ledger.bulkActs.decideNext(bulkId, 3)) > 0);
    expect(await ledger.bulkActs.progress(bulkId)).toEqual([{ result: 'done', fees: 5 }]);
  });

  it('decides again for a fee that has moved on since the preview', async () => {
    const bulkId = await preview('retry');
    const [paidNow = '', feeId = ''] = feeIds;
    await appendAll(ledger, paidNow, [sample('paid', { intent: 'pi_0', charge: 'ch_paid' })]);
    // A fee that becomes like the others after the preview is no member.
    const [, , , , , other = ''] = feeIds;
    await appendAll(ledger, other, declined(9, 'insufficient_funds', 'retry'));
    await run(bulkId);
    expect(await ledger.bulkActs.progress(bulkId)).toEqual([
      { result: 'done', fees: 2 },
      { result: 'not_retryable', fees: 1 },
    ]);
    expect(await kindsOf(feeId)).toContain('retry_asked');
    expect(await kindsOf(other)).not.toContain('retry_asked');
  });

  it('stops where it is paused or aborted, and ends for good', async () => {
    const bulkId = await preview('hold', 'a look');
    await ledger.bulkActs.start(bulkId, 'ann');
    await ledger.bulkActs.beginWave(bulkId, 0, 3);
    await ledger.bulkActs.decideNext(bulkId, 2);
    expect(await ledger.bulkActs.pause(bulkId, 'bob', 'wait')).toBe(true);
    expect(await ledger.bulkActs.running()).toEqual([]);
    expect(await ledger.bulkActs.decideNext(bulkId, 2)).toBe(0);
    expect(await ledger.bulkActs.resume(bulkId)).toBe(true);
    expect(await ledger.bulkActs.running()).toEqual([bulkId]);
    // The wave was cut short: it is judged as a whole, with what was done before the pause.
    expect(await ledger.bulkActs.get(bulkId)).toMatchObject({ waveFrom: 0, waveTo: 3 });
    await ledger.bulkActs.decideNext(bulkId, 2);
    await ledger.bulkActs.pause(bulkId, 'bob', 'wait');
    await ledger.bulkActs.resume(bulkId);
    expect(await ledger.bulkActs.get(bulkId)).toMatchObject({ waveFrom: 3, waveTo: 3 });
    expect(await ledger.bulkActs.abort(bulkId, 'bob')).toBe(true);
    expect(await ledger.bulkActs.abort(bulkId, 'bob')).toBe(false);
    expect(await ledger.bulkActs.resume(bulkId)).toBe(false);
    expect(await ledger.bulkActs.decideNext(bulkId, 2)).toBe(0);
    expect(await ledger.bulkActs.progress(bulkId)).toEqual([
      { result: 'done', fees: 3 },
      { result: 'open', fees: 2 },
    ]);
  });

  it('cannot be begun a day after its preview, which is then removed', async () => {
    const old = await preview('hold', 'a look');
    await setClock(db.pool, new Date(CHARGED.getTime() + 86_400_001));
    expect(await ledger.bulkActs.start(old, 'ann')).toBe(false);
    await preview('hold', 'a look');
    expect(await ledger.bulkActs.get(old)).toBeNull();
  });

  it.each<[string, (bulkId: string) => string]>([
    [
      'another member',
      (id) =>
        `insert into bulk_act_members (bulk_id, position, fee_id)
           values ('${id}', 99, '${feeIds[5]}')`,
    ],
    [
      'another fee of a member',
      (id) => `update bulk_act_members set fee_id = '${feeIds[5]}' where bulk_id = '${id}'`,
    ],
    [
      'a second result',
      (id) =>
        `update bulk_act_members set result = 'done', decided_at = now() where bulk_id = '${id}'`,
    ],
    ['another act', (id) => `update bulk_acts set act = 'refund' where bulk_id = '${id}'`],
    ['another reason', (id) => `update bulk_acts set why = 'x' where bulk_id = '${id}'`],
    ['other counts', (id) => `update bulk_acts set preview = '[]' where bulk_id = '${id}'`],
    [
      'an end that is none',
      (id) => `update bulk_acts set state = 'running' where bulk_id = '${id}'`,
    ],
    ['a lost act', (id) => `delete from bulk_acts where bulk_id = '${id}'`],
    [
      'a member of no act',
      () =>
        `insert into bulk_act_members (bulk_id, position, fee_id)
         values (gen_random_uuid(), 1, '${feeIds[5]}')`,
    ],
    ['lost members', (id) => `delete from bulk_act_members where bulk_id = '${id}'`],
  ])('is refused by the database with %s', async (_, statement) => {
    const bulkId = await preview('hold', 'a look');
    await run(bulkId);
    await ledger.bulkActs.finish(bulkId);
    await expect(db.pool.query(statement(bulkId))).rejects.toMatchObject({
      code: expect.stringMatching(/^LV0(01|21)$/),
    });
  });

  it('takes the fees that every part of the selection applies to', async () => {
    const count = async (selection: object) =>
      (await ledger.bulkActs.get(await preview('note', 'x', selection)))?.members;
    expect(await count({})).toBe(6);
    expect(await count({ declines: ['expired_card'] })).toBe(2);
    expect(await count({ vendor: 'theranest', year: 2026, assessmentId })).toBe(6);
    expect(await count({ vendor: 'simplepractice' })).toBe(0);
    expect(await count({ year: 2025 })).toBe(0);
    expect(await count({ text: 'PERSON 4' })).toBe(1);
    expect(await count({ text: `'; drop table fees; --` })).toBe(0);
    await setClock(db.pool, new Date(CHARGED.getTime() + 5 * 86_400_000));
    expect(await count({ minDays: 5 })).toBe(6);
    expect(await count({ states: ['retrying'], minDays: 6 })).toBe(0);
  });
});
