/** The measured process: many declined fees on the desk, an act on all of them, and its pages. */
import pg from 'pg';
import { pino } from 'pino';
import { POLICY } from '../../config/policy.ts';
import { RATES, VENDORS } from '../../config/rates.ts';
import { entry, type Entry, type NewEntry } from '../../core/fee/fee.ts';
import { fold } from '../../core/fee/fold.ts';
import { movement } from '../../core/fee/money.ts';
import { nextOf } from '../../core/fee/next.ts';
import { outlookOf } from '../../core/fee/outlook.ts';
import { EVERY_FEE, FAILED_STATES } from '../../core/fee/selection.ts';
import { openLedger } from '../../ledger/open.ts';
import { createBulkAct } from '../../workers/bulk-act.ts';
import { argument, peakMb } from './child.ts';
import { plantUsers } from './plant.ts';

const { databaseUrl, fees } = argument<{ databaseUrl: string; fees: number }>();
const log = pino({ level: 'error' }, pino.destination(2));
const { ledger } = await openLedger({
  ...{ databaseUrl, connections: 4, vendors: VENDORS, rates: RATES, log },
  elapsedMs: () => performance.now(),
});

/** A fee that was noticed, tried and declined: its entries as the processors write them. */
function declinedStory(): Entry[] {
  const amountCents = 1950;
  const at = new Date('2026-02-15T15:00:00Z');
  const card = { paymentMethod: 'pm_1', fingerprint: null };
  const entries: NewEntry[] = [
    entry('assessed', {
      amountCents,
      evidence: {
        ...{ kind: 'billing', firstUsedOn: '2026-02-03' },
        evidenceId: '00000000-0000-4000-8000-000000000001',
      },
    }),
    entry('approved', { rosterHash: 'automatic' }),
    entry('noticed', {
      ...{ amountCents, chargeFrom: at.toISOString(), messageId: '<m>', customer: 'cus_1' },
      card: { brand: 'visa', last4: '4242' },
    }),
    entry('intent_opened', { intent: 'pi_1', customer: 'cus_1', notice: 1 }),
    entry('attempted', {
      ...{ attempt: 1, intent: 'pi_1', customer: 'cus_1', amountCents, chargeBefore: null },
      ...card,
    }),
    entry('declined', {
      ...{ attempt: 1, charge: null, code: 'insufficient_funds', adviceCode: null },
      ...{ networkAdviceCode: null, sentToNetwork: true, verdict: 'retry' },
      ...{ retryAt: '2027-02-20T15:00:00Z', ...card },
    }),
  ];
  return entries.map((one, index) => ({ ...one, seq: index + 1, at, actor: 'bench' }));
}

/** Gives every fee of the assessment this story, by the set and past the guards. */
async function plantStory(pool: pg.Pool, story: Entry[]): Promise<void> {
  const fee = fold(story);
  const { state, step, at } = nextOf(fee, POLICY);
  const rows = story.map((one) => ({ ...one, ...movement(one) }));
  await pool.query('alter table entries disable trigger user');
  await pool.query(
    `insert into entries (fee_id, seq, kind, at, actor, debit, credit, amount_cents, data)
     select fee_id, e.seq, e.kind, e.at, e.actor, e.debit, e.credit, e."amountCents",
       case when e.kind in ('intent_opened', 'attempted')
         then e.data || jsonb_build_object('intent', 'pi_' || fee_id) else e.data end
     from fees, jsonb_to_recordset($1::jsonb) as e (seq integer, kind text, at timestamptz,
       actor text, debit text, credit text, "amountCents" integer, data jsonb)`,
    [JSON.stringify(rows)],
  );
  await pool.query('alter table entries enable trigger user');
  await pool.query(
    `update fees set seq = $1, state = $2, next_step = $3, due_at = $4, attempts = 1,
       decline = 'insufficient_funds', outlook = $5, intent = 'pi_' || fee_id`,
    [story.length, state, step, at, JSON.stringify(outlookOf(story, fee, POLICY))],
  );
  await pool.query('vacuum analyze fees');
  await pool.query('analyze entries');
}

await plantUsers({ databaseUrl, people: fees, used: false });
const opening = await ledger.assessments.open({
  ...{ vendor: 'theranest', year: 2026, policy: POLICY, autoApprove: true, livemode: false },
  actor: 'bench',
});
if (!opening.opened) throw new Error(opening.why);
await ledger.assessments.enroll(opening.assessment.assessmentId);
const pool = new pg.Pool({ connectionString: databaseUrl, max: 2 });
await plantStory(pool, declinedStory());

const selection = { ...EVERY_FEE, states: [...FAILED_STATES] };
const timed = async (work: () => Promise<unknown>): Promise<number> => {
  const from = performance.now();
  await work();
  return performance.now() - from;
};
const median = (values: number[]) => [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;
const previews: number[] = [];
let bulkId = '';
for (let run = 0; run < 5; run += 1)
  previews.push(
    await timed(async () => {
      const wanted = { act: 'note' as const, why: 'bench', selection, createdBy: 'bench' };
      bulkId = await ledger.bulkActs.preview({ ...wanted, timeZone: 'America/New_York' });
    }),
  );
const listMs = await timed(() =>
  Promise.all([
    ledger.desk.counts(selection),
    ledger.desk.declines(selection),
    ledger.desk.list(selection, { after: null, limit: 101 }),
  ]),
);
await ledger.bulkActs.start(bulkId, 'bench');
const act = createBulkAct({ ledger, log });
const seconds =
  (await timed(async () => {
    while ((await ledger.bulkActs.get(bulkId))?.state === 'running') await act({ bulkId });
  })) / 1_000;
const previewMs = median(previews);
const found = { previewMs, listMs, seconds, perSecond: fees / seconds, peakMb: peakMb() };
console.log(JSON.stringify(found));
process.exit(0);
