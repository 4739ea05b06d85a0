import type pg from 'pg';
import type { Decision } from '../core/fee/actions.ts';
import type { Entry, NewEntry, FeeStatus, Step } from '../core/fee/fee.ts';
import { fold, type FeeState } from '../core/fee/fold.ts';
import { movement } from '../core/fee/money.ts';
import { nextOf } from '../core/fee/next.ts';
import { outlookOf } from '../core/fee/outlook.ts';
import { createBatch } from './batch.ts';
import { withinBudget } from './card-budget.ts';
import { APPEND } from './entries.ts';
import { feeRecordOf, LOAD, type FeeRecord, type LoadedRow } from './fee-record.ts';

export type { FeeRecord } from './fee-record.ts';

/** A due fee and the number of its last entry; the step writes the next number. */
export interface DueFee {
  feeId: string;
  seq: number;
}

/** The result of a change: the fee afterwards, or why it was refused. */
export type Changed =
  { feeRecord: FeeRecord; added: number } | Extract<Decision, { refused: string }>;

type Append = { feeRecord: FeeRecord; entries: Entry[] };

const DUE = `
  select f.fee_id as "feeId", f.seq
  from fees f join assessments a using (assessment_id)
  where f.next_step = $1 and f.due_at <= levy_now()
    and (a.paused_at is null or $1 in ('detect', 'settle') or f.state in ('charging', 'unknown'))
    and not exists (select from unnest($3::uuid[], $4::integer[]) as o (fee_id, seq)
      where o.fee_id = f.fee_id and coalesce(o.seq, f.seq) = f.seq)
    and ($5::uuid[] is null or f.assessment_id = any ($5) or f.state in ('charging', 'unknown'))
  order by f.due_at
  limit $2`;

const STILL = `
  select o.fee_id as "feeId", o.seq
  from unnest($2::uuid[], $3::integer[]) as o (fee_id, seq)
  join fees f on f.fee_id = o.fee_id and f.seq = o.seq and f.next_step = $1`;

/**
 * Fees and their entries. Appending is optimistic: entries are written only directly after the last
 * entry the caller has seen. Of two writers one wins; the other has a conflict and must load again.
 * @param elapsedMs  a monotonic clock in ms; it only measures how long ago the database was asked
 */
export function createFees(pool: pg.Pool, elapsedMs: () => number) {
  const loadMany = (feeIds: string[]) => loadFees(pool, elapsedMs, feeIds);
  const loadOne = createBatch(loadMany, { items: 200, runs: 1 });
  const appendOne = createBatch((some: Append[]) => appendMany(pool, some), {
    items: 200,
    runs: 1,
  });

  const load = (feeId: string): Promise<FeeRecord | null> => loadOne(feeId);
  const append = async (
    feeRecord: FeeRecord,
    entries: NewEntry[],
    actor: string,
    at: Date = feeRecord.now(),
  ): Promise<FeeRecord | null> => {
    const one = { feeRecord, entries: dated(feeRecord, entries, actor, at) };
    const written = await withinBudget(pool, one.entries, async (db) =>
      db ? (await appendMany(db, [one]))[0] : appendOne(one),
    );
    return written ? { ...feeRecord, entries: [...feeRecord.entries, ...one.entries] } : null;
  };

  return {
    /** The fee with its entries, or null when there is no such fee. */
    load,

    /**
     * Writes entries after the last one in `feeRecord`, dated `at` (default now), and updates the
     * fee's row with them. Gives the fee afterwards, or null on a conflict. Throws when the
     * database refuses the entries (SQLSTATE LV...).
     */
    append,

    /**
     * Loads, decides and appends; starts again on a conflict. Gives the fee afterwards, unchanged
     * when `decide` gave no entries, or null when there is no such fee. Throws after 20 conflicts.
     */
    async change(
      feeId: string,
      actor: string,
      decide: (fee: FeeState, feeRecord: FeeRecord) => Decision,
    ): Promise<Changed | null> {
      for (let tries = 0; tries < 20; tries += 1) {
        const feeRecord = await load(feeId);
        if (!feeRecord) return null;
        const decision = decide(fold(feeRecord.entries), feeRecord);
        if ('refused' in decision) return decision;
        if (decision.entries.length === 0) return { feeRecord, added: 0 };
        const after = await append(feeRecord, decision.entries, actor);
        if (after) return { feeRecord: after, added: decision.entries.length };
      }
      throw new Error('the fee is being written to by too many others; try again');
    },

    /**
     * Fees whose `step` is due, the longest due first, without those in `except`: at that entry
     * number, or at any number when it is null. Of a paused assessment only to `detect` or
     * `settle`, or with an open attempt; of an assessment not in `only`, only with an open attempt.
     */
    async due(
      step: Step,
      limit: number,
      except: { feeId: string; seq: number | null }[],
      only: string[] | null = null,
    ): Promise<DueFee[]> {
      const { rows } = await pool.query<DueFee>(DUE, [
        step,
        limit,
        except.map(({ feeId }) => feeId),
        except.map(({ seq }) => seq),
        only,
      ]);
      return rows;
    },

    /** Those of these fees that still wait for `step` at that entry number. */
    async still(step: Step, fees: DueFee[]): Promise<DueFee[]> {
      const { rows } = await pool.query<DueFee>(STILL, [
        step,
        fees.map(({ feeId }) => feeId),
        fees.map(({ seq }) => seq),
      ]);
      return rows;
    },

    /** Those of these intents that belong to another fee of this ledger than `feeId`. */
    async intentsOfOthers(
      feeId: string,
      intents: { intent: string; feeId: string | null }[],
    ): Promise<Set<string>> {
      if (intents.length === 0) return new Set();
      const { rows } = await pool.query<{ intent: string }>(
        `select i.intent from unnest($2::text[], $3::uuid[]) as i (intent, fee_id)
         where exists (select from fees f where f.fee_id <> $1
           and (f.intent = i.intent or f.fee_id = i.fee_id))`,
        [feeId, intents.map(({ intent }) => intent), intents.map(idOf)],
      );
      return new Set(rows.map(({ intent }) => intent));
    },

    /** The database's clock, by which every decision is made. */
    async now(): Promise<Date> {
      const { rows } = await pool.query<{ now: Date }>('select levy_now() as now');
      return rows[0]?.now as Date;
    },
  };
}

/** Loads these fees, each in its place; null for an id without a fee. */
export async function loadFees(
  db: pg.Pool | pg.PoolClient,
  elapsedMs: () => number,
  feeIds: string[],
): Promise<(FeeRecord | null)[]> {
  // Measured from before the query: our clock may be ahead by the query's duration, never behind,
  // so that no notice is dated before it was accepted.
  const askedAt = elapsedMs();
  const { rows } = await db.query<LoadedRow>(LOAD, [[...new Set(feeIds)]]);
  const byId = new Map(rows.map((row) => [row.fee_id, row]));
  return feeIds.map((feeId) => {
    const row = byId.get(feeId);
    return row ? feeRecordOf(row, () => elapsedMs() - askedAt) : null;
  });
}

/**
 * Writes entries after the last ones of these fees, dated now, in the transaction of `client`.
 * Gives for each fee whether it was written: not when another writer was first. Not for attempts,
 * whose card has a limit.
 */
export async function appendFees(
  client: pg.PoolClient,
  appends: { feeRecord: FeeRecord; entries: NewEntry[] }[],
  actor: string,
): Promise<boolean[]> {
  return appendMany(
    client,
    appends.map(({ feeRecord, entries }) => {
      return { feeRecord, entries: dated(feeRecord, entries, actor, feeRecord.now()) };
    }),
  );
}

async function appendMany(db: pg.Pool | pg.PoolClient, appends: Append[]): Promise<boolean[]> {
  const fees = new Set(appends.map(({ feeRecord }) => feeRecord.feeId));
  // Two appends to one fee cannot both win: after this error the batch runs them one by one.
  if (fees.size < appends.length) throw new Error('one fee twice in a batch');
  const rowsIn = JSON.stringify(appends.map(rowOf));
  const { rows } = await db.query<{ fee_id: string }>(APPEND, [rowsIn]);
  const written = new Set(rows.map((row) => row.fee_id));
  return appends.map(({ feeRecord }) => written.has(feeRecord.feeId));
}

function dated(feeRecord: FeeRecord, entries: NewEntry[], actor: string, at: Date): Entry[] {
  const seq = feeRecord.entries.length;
  return entries.map((one, index) => ({ ...one, seq: seq + index + 1, at, actor }));
}

/** The fee's id in an intent's metadata; null when it is not a UUID, as in older metadata. */
const idOf = ({ feeId }: { feeId: string | null }): string | null =>
  feeId && /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i.test(feeId) ? feeId : null;

function rowOf({ feeRecord, entries }: Append): Record<string, unknown> {
  const all = [...feeRecord.entries, ...entries];
  const fee = fold(all);
  const { policy } = feeRecord.assessment;
  const what: { state: FeeStatus; step: Step | null; at: Date | null } = nextOf(fee, policy);
  const opened = entries.findLast((one) => one.kind === 'intent_opened');
  return {
    fee_id: feeRecord.feeId,
    after_seq: feeRecord.entries.length,
    state: what.state,
    next_step: what.step,
    due_at: what.at,
    decline: fee.declined?.code ?? null,
    outlook: outlookOf(all, fee, policy),
    at: fee.lastAt,
    intent: opened?.kind === 'intent_opened' ? opened.data.intent : null,
    closes: entries.some(({ kind }) => kind === 'intent_closed'),
    entries: entries.map((one) => ({
      kind: one.kind,
      at: one.at,
      actor: one.actor,
      data: one.data,
      ...movement(one),
    })),
  };
}
