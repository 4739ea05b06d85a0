import type pg from 'pg';
import { decide } from '../core/fee/actions.ts';
import type { FeeStatus, NewEntry, Step } from '../core/fee/fee.ts';
import { fold } from '../core/fee/fold.ts';
import { actionOf, type BulkAction } from '../core/fee/outlook.ts';
import type { FeeSelection } from '../core/fee/selection.ts';
import { appendFees } from './append.ts';
import { loadFees, type FeeRecord } from './fee-record.ts';
import { selected } from './fee-selection.ts';
import { inTransaction } from './transaction.ts';

export type BulkState = 'previewed' | 'running' | 'paused' | 'aborted' | 'finished';

/** What an act would do to how many of the matching fees. */
export interface BulkGroup {
  /** The code of the refusal; null for the fees that would be acted on. */
  refused: string | null;
  /** The step that follows, and its day when it is not due at once; null where none is foreseen. */
  step: Step | null;
  on: string | null;
  fees: number;
  cents: number;
}

/** An act on many fees. */
export interface BulkAct {
  bulkId: string;
  act: BulkAction;
  why: string | null;
  selection: FeeSelection;
  createdBy: string;
  createdAt: Date;
  /** The number of fees it acts on. */
  members: number;
  preview: BulkGroup[];
  state: BulkState;
  startedBy: string | null;
  startedAt: Date | null;
  pausedBy: string | null;
  pausedWhy: string | null;
  endedAt: Date | null;
  /** The present wave: members after the first position, up to the second. */
  waveFrom: number;
  waveTo: number;
}

/** A fee that an act is done to. */
export interface BulkMember {
  position: number;
  feeId: string;
  ref: string;
  name: string;
  /** Null until it was decided: `done`, or the code of the refusal. */
  result: string | null;
  /** Where the fee stands now. */
  state: FeeStatus;
}

/** How far an act has come: members by result, `done` or the code of a refusal. */
export type BulkProgress = { result: string; fees: number }[];

/** What became of the members of a wave. */
export interface WaveRecord {
  /** Members that were acted on, and whose fee was tried since. */
  tried: number;
  paid: number;
  /** Members whose fee is due or waits for an answer. */
  open: number;
}

const BULK = `bulk_id as "bulkId", act, why, selection, created_by as "createdBy",
  created_at as "createdAt", members, preview, state, started_by as "startedBy",
  started_at as "startedAt", paused_by as "pausedBy", paused_why as "pausedWhy",
  ended_at as "endedAt", wave_from as "waveFrom", wave_to as "waveTo"`;

/** How long a preview may be begun. */
const PREVIEW_VALID = `interval '1 day'`;

/** The foreseen effect on each matching fee, in the one form that is shown and counted. */
const foreseen = (from: string) => `
  select f.fee_id, a.amount_cents, f.outlook -> $8 ->> 'refused' as refused,
    f.outlook -> $8 ->> 'step' as step,
    case when (f.outlook -> $8 ->> 'at')::timestamptz > levy_now()
      then f.outlook -> $8 ->> 'at' end as at
  ${from}`;

/**
 * Acts on many fees at once.
 * @param elapsedMs  a monotonic clock in ms
 */
export function createBulkActs(pool: pg.Pool, elapsedMs: () => number) {
  return {
    /**
     * Previews an act on the fees that match, and fixes its members: those that it would not be
     * refused for. Gives the id. Previews that nobody began in a day are removed meanwhile.
     * @param timeZone  of the days on which steps follow
     */
    async preview(args: {
      act: BulkAction;
      why: string | null;
      selection: FeeSelection;
      createdBy: string;
      timeZone: string;
    }): Promise<string> {
      const { act, why, selection, createdBy, timeZone } = args;
      const { from, values } = selected(selection);
      await removeOld(pool);
      return inTransaction(pool, async (client) => {
        // The members and the counts are of one moment.
        await client.query('set transaction isolation level repeatable read');
        const { rows: groups } = await client.query<BulkGroup>(
          `with matching as (${foreseen(from)})
           select refused, step, to_char(at::timestamptz at time zone $9, 'YYYY-MM-DD') as on,
             count(*)::integer as fees, sum(amount_cents)::float8 as cents
           from matching group by 1, 2, 3 order by refused nulls first, "on" nulls first, step`,
          [...values, act, timeZone],
        );
        const members = groups.reduce((sum, one) => sum + (one.refused ? 0 : one.fees), 0);
        const { rows } = await client.query<{ bulk_id: string }>(
          `insert into bulk_acts (act, why, selection, created_by, members, preview)
           values ($1, $2, $3, $4, $5, $6) returning bulk_id`,
          [act, why, selection, createdBy, members, JSON.stringify(groups)],
        );
        const bulkId = (rows[0] as { bulk_id: string }).bulk_id;
        await client.query(
          `insert into bulk_act_members (bulk_id, position, fee_id)
           select $9, row_number() over (order by fee_id), fee_id
           from (${foreseen(from)}) as matching where refused is null`,
          [...values, act, bulkId],
        );
        return bulkId;
      });
    },

    async get(bulkId: string): Promise<BulkAct | null> {
      const { rows } = await pool.query<BulkAct>(
        `select ${BULK} from bulk_acts where bulk_id = $1`,
        [bulkId],
      );
      return rows[0] ?? null;
    },

    /** Acts that were begun, the latest first. */
    async begun(limit: number): Promise<BulkAct[]> {
      const { rows } = await pool.query<BulkAct>(
        `select ${BULK} from bulk_acts where state <> 'previewed'
         order by started_at desc, bulk_id limit $1`,
        [limit],
      );
      return rows;
    },

    /** The ids of the acts that are running, for the pump. */
    async running(): Promise<string[]> {
      const { rows } = await pool.query<{ bulk_id: string }>(
        `select bulk_id from bulk_acts where state = 'running' order by started_at, bulk_id`,
      );
      return rows.map((row) => row.bulk_id);
    },

    /** Begins a previewed act; false when it was begun already or its preview is too old. */
    async start(bulkId: string, actor: string): Promise<boolean> {
      const { rowCount } = await pool.query(
        `update bulk_acts set state = 'running', started_by = $2, started_at = levy_now()
         where bulk_id = $1 and state = 'previewed'
           and created_at > levy_now() - ${PREVIEW_VALID}`,
        [bulkId, actor],
      );
      return rowCount === 1;
    },

    /** Pauses a running act; false when it does not run. */
    async pause(bulkId: string, actor: string, why: string): Promise<boolean> {
      const { rowCount } = await pool.query(
        `update bulk_acts set state = 'paused', paused_by = $2, paused_why = $3
         where bulk_id = $1 and state = 'running'`,
        [bulkId, actor, why],
      );
      return rowCount === 1;
    },

    /**
     * Lets a paused act go on; false when it is not paused. A wave that was cut short goes on and
     * is judged as a whole; after one that was judged, a new one begins.
     */
    async resume(bulkId: string): Promise<boolean> {
      const { rowCount } = await pool.query(
        `update bulk_acts b set state = 'running', paused_by = null, paused_why = null,
           wave_from = case when exists (select from bulk_act_members m where m.bulk_id = $1
             and m.position <= b.wave_to and m.result is null) then wave_from else wave_to end
         where bulk_id = $1 and state = 'paused'`,
        [bulkId],
      );
      return rowCount === 1;
    },

    /** Ends an act for good where it stands; false when it has ended or was not begun. */
    async abort(bulkId: string, actor: string): Promise<boolean> {
      const { rowCount } = await pool.query(
        `update bulk_acts set state = 'aborted', paused_by = $2, ended_at = levy_now()
         where bulk_id = $1 and state in ('running', 'paused')`,
        [bulkId, actor],
      );
      return rowCount === 1;
    },

    /** Ends a running act whose members are all decided. */
    async finish(bulkId: string): Promise<void> {
      await pool.query(
        `update bulk_acts set state = 'finished', ended_at = levy_now()
         where bulk_id = $1 and state = 'running' and not exists (
           select from bulk_act_members m where m.bulk_id = $1 and m.result is null)`,
        [bulkId],
      );
    },

    /** Begins the next wave: `fees` members after the last one. Only for a wave seen as `from`. */
    async beginWave(bulkId: string, from: number, fees: number): Promise<void> {
      await pool.query(
        `update bulk_acts set wave_from = wave_to, wave_to = least(wave_to + $3, members)
         where bulk_id = $1 and wave_to = $2 and state = 'running'`,
        [bulkId, from, fees],
      );
    },

    /** Counts the members by their results. */
    async progress(bulkId: string): Promise<BulkProgress> {
      const { rows } = await pool.query<{ result: string; fees: number }>(
        `select coalesce(result, 'open') as result, count(*)::integer as fees
         from bulk_act_members where bulk_id = $1 group by 1 order by 2 desc, 1`,
        [bulkId],
      );
      return rows;
    },

    /**
     * What became of the present wave. A step that was due when its last entry was written is due:
     * the clock that dated the entry may be ahead of the database's.
     */
    async wave({ bulkId, waveFrom, waveTo }: BulkAct): Promise<WaveRecord> {
      const { rows } = await pool.query<WaveRecord>(
        `select count(*) filter (where exists (select from entries e where e.fee_id = m.fee_id
             and e.kind = 'attempted' and e.recorded_at >= m.decided_at))::integer as tried,
           count(*) filter (where f.state = 'paid')::integer as paid,
           count(*) filter (where f.state in ('charging', 'unknown')
             or (f.next_step in ('charge', 'settle')
               and f.due_at <= greatest(levy_now(), l.at)))::integer as open
         from bulk_act_members m join fees f using (fee_id)
           join entries l on l.fee_id = f.fee_id and l.seq = f.seq
         where m.bulk_id = $1 and m.position > $2 and m.position <= $3 and m.result = 'done'`,
        [bulkId, waveFrom, waveTo],
      );
      return rows[0] as WaveRecord;
    },

    /**
     * Decides the next members of the present wave, at most `limit`, and writes what follows with
     * their results in one transaction. A member whose fee somebody else writes to is left for the
     * next call. Gives how many were looked at; 0 when the wave is done, or the act does not run.
     */
    async decideNext(bulkId: string, limit: number): Promise<number> {
      return inTransaction(pool, async (client) => {
        const act = await lockRunning(client, bulkId);
        if (!act) return 0;
        const { rows: members } = await client.query<{ position: number; fee_id: string }>(
          `select position, fee_id from bulk_act_members
           where bulk_id = $1 and result is null and position <= $2
           order by position limit $3`,
          [bulkId, act.waveTo, limit],
        );
        if (members.length === 0) return 0;
        const feeIds = members.map((one) => one.fee_id);
        const records = await loadFees(client, elapsedMs, feeIds);
        const results = await applyTo(client, act, records);
        await client.query(
          `update bulk_act_members m set result = d.result, decided_at = levy_now()
           from unnest($2::integer[], $3::text[]) as d (position, result)
           where m.bulk_id = $1 and m.position = d.position and d.result is not null`,
          [bulkId, members.map((one) => one.position), results],
        );
        return members.length;
      });
    },

    /** A page of the members, by position. */
    async members(bulkId: string, page: { after: number; limit: number }): Promise<BulkMember[]> {
      const { rows } = await pool.query<BulkMember>(
        `select m.position, m.fee_id as "feeId", c.ref, c.name, m.result, f.state
         from bulk_act_members m join fees f using (fee_id) join clinicians c using (clinician_id)
         where m.bulk_id = $1 and m.position > $2 order by m.position limit $3`,
        [bulkId, page.after, page.limit],
      );
      return rows;
    },
  };
}

/** Removes previews that can be begun no more. */
async function removeOld(pool: pg.Pool): Promise<void> {
  const old = `state = 'previewed' and created_at < levy_now() - ${PREVIEW_VALID}`;
  await pool.query(
    `delete from bulk_act_members where bulk_id in (select bulk_id from bulk_acts where ${old})`,
  );
  await pool.query(`delete from bulk_acts where ${old}`);
}

/** The act, locked, so that one process at a time works on it; null unless it runs. */
async function lockRunning(client: pg.PoolClient, bulkId: string): Promise<BulkAct | null> {
  const { rows } = await client.query<BulkAct>(
    `select ${BULK} from bulk_acts where bulk_id = $1 and state = 'running' for update`,
    [bulkId],
  );
  return rows[0] ?? null;
}

/** Decides each fee and writes its entries. A result is null when somebody else wrote first. */
async function applyTo(
  client: pg.PoolClient,
  { act, why, startedBy }: BulkAct,
  records: (FeeRecord | null)[],
): Promise<(string | null)[]> {
  const results: (string | null)[] = [];
  const appends: { index: number; feeRecord: FeeRecord; entries: NewEntry[] }[] = [];
  for (const [index, feeRecord] of records.entries()) {
    if (!feeRecord) throw new Error('Bug! a member of a bulk act without its fee');
    const decision = decide(fold(feeRecord.entries), actionOf(act, why ?? ''));
    results.push('refused' in decision ? decision.refused : null);
    if ('entries' in decision) appends.push({ index, feeRecord, entries: decision.entries });
  }
  if (appends.length === 0) return results;
  const written = await appendFees(client, appends, startedBy ?? '');
  for (const [nth, { index }] of appends.entries()) if (written[nth]) results[index] = 'done';
  return results;
}
