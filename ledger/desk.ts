import type pg from 'pg';
import type { FeeStatus, Step } from '../core/fee/fee.ts';
import type { FeeSelection } from '../core/fee/selection.ts';
import { selected } from './fee-selection.ts';

/** A fee on the desk of failed cards. */
export interface DeskLine {
  feeId: string;
  ref: string;
  name: string;
  vendor: string;
  year: number;
  amountCents: number;
  state: FeeStatus;
  /** Since when it has been in this state. */
  since: Date;
  attempts: number;
  decline: string | null;
  nextStep: Step | null;
  dueAt: Date | null;
  timeZone: string;
}

/** Fees that were tried, by the number of tries, the latest decline, and whether they were paid. */
export interface Recovery {
  attempts: number;
  decline: string | null;
  paid: boolean;
  fees: number;
}

/** A selection that people come back to. */
export interface SavedFilter {
  name: string;
  selection: FeeSelection;
  savedBy: string;
}

/** Lists and counts for those who chase what is owed and not paid. */
export function createDesk(pool: pg.Pool) {
  return {
    /** Fees and cents by state, of the fees that match. */
    async counts(
      selection: FeeSelection,
    ): Promise<{ state: FeeStatus; fees: number; cents: number }[]> {
      const { from, values } = selected(selection);
      const { rows } = await pool.query<{ state: FeeStatus; fees: number; cents: number }>(
        `select f.state, count(*)::integer as fees, sum(a.amount_cents)::float8 as cents
         ${from} group by f.state`,
        values,
      );
      return rows;
    },

    /** A page of the fees that match, longest in their state first; `after`: the last fee seen. */
    async list(
      selection: FeeSelection,
      page: { after: string | null; limit: number },
    ): Promise<DeskLine[]> {
      const { from, values } = selected(selection);
      const { rows } = await pool.query<DeskLine>(
        `with page as (
           select f.fee_id ${from} and ($8::uuid is null or (f.since_at, f.fee_id)
             > (select since_at, fee_id from fees where fee_id = $8))
           order by f.since_at, f.fee_id limit $9)
         select f.fee_id as "feeId", c.ref, c.name, a.vendor, a.year,
           a.amount_cents as "amountCents", f.state, f.since_at as since, f.attempts, f.decline,
           f.next_step as "nextStep", f.due_at as "dueAt", a.policy ->> 'timeZone' as "timeZone"
         from page join fees f using (fee_id) join assessments a using (assessment_id)
           join clinicians c using (clinician_id)
         order by f.since_at, f.fee_id`,
        [...values, page.after, page.limit],
      );
      return rows;
    },

    /** The codes of the latest declines of the fees that match, the most frequent first. */
    async declines(selection: FeeSelection): Promise<{ decline: string; fees: number }[]> {
      const { from, values } = selected(selection);
      const { rows } = await pool.query<{ decline: string; fees: number }>(
        `select f.decline, count(*)::integer as fees ${from} and f.decline is not null
         group by f.decline order by 2 desc, 1`,
        values,
      );
      return rows;
    },

    /** How many fees were paid at which try and after which decline; null: of all years. */
    async recovery(assessmentId: string | null): Promise<Recovery[]> {
      const { rows } = await pool.query<Recovery>(
        `select attempts, decline, state in ('paid', 'refunded', 'disputed') as paid,
           count(*)::integer as fees
         from fees where attempts > 0 and ($1::uuid is null or assessment_id = $1)
         group by 1, 2, 3`,
        [assessmentId],
      );
      return rows;
    },

    async savedFilters(): Promise<SavedFilter[]> {
      const { rows } = await pool.query<SavedFilter>(
        'select name, selection, saved_by as "savedBy" from saved_filters order by lower(name)',
      );
      return rows;
    },

    /** Saves a filter under a name, in place of an earlier one of that name. */
    async saveFilter({ name, selection, savedBy }: SavedFilter): Promise<void> {
      await pool.query(
        `insert into saved_filters (name, selection, saved_by) values ($1, $2, $3)
         on conflict (name) do update set selection = excluded.selection,
           saved_by = excluded.saved_by, saved_at = levy_now()`,
        [name, selection, savedBy],
      );
    },

    /** Removes a filter; false when there is none of this name. */
    async removeFilter(name: string): Promise<boolean> {
      const { rowCount } = await pool.query('delete from saved_filters where name = $1', [name]);
      return rowCount === 1;
    },
  };
}
