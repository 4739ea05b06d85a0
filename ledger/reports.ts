import type pg from 'pg';
import type { FeeStatus, Step } from '../core/fee/fee.ts';

/** One line of a list of fees. */
export interface FeeLine {
  feeId: string;
  assessmentId: string;
  vendor: string;
  year: number;
  clinicianId: string;
  ref: string;
  name: string;
  state: FeeStatus;
  nextStep: Step | null;
  dueAt: Date | null;
  intent: string | null;
  /** The code of the latest decline; null when there was none. */
  declinedCode: string | null;
}

/** Sums and lists over the ledger; they only read. */
export function createReports(pool: pg.Pool) {
  return {
    /** A page of fees by fee id; `after` is the last fee id seen. */
    async fees(filter: {
      assessmentId?: string;
      state?: FeeStatus;
      ref?: string;
      after?: string;
      limit: number;
    }): Promise<FeeLine[]> {
      const { rows } = await pool.query<FeeLine>(
        `select f.fee_id as "feeId", f.assessment_id as "assessmentId", a.vendor, a.year,
           f.clinician_id as "clinicianId", c.ref, c.name, f.state, f.next_step as "nextStep",
           f.due_at as "dueAt", f.intent,
           (select e.data ->> 'code' from entries e where e.fee_id = f.fee_id
             and e.kind = 'declined' order by e.seq desc limit 1) as "declinedCode"
         from fees f join assessments a using (assessment_id) join clinicians c using (clinician_id)
         where ($1::uuid is null or f.assessment_id = $1) and ($2::text is null or f.state = $2)
           and ($3::text is null or c.ref = $3) and ($4::uuid is null or f.fee_id > $4)
         order by f.fee_id limit $5`,
        [
          filter.assessmentId ?? null,
          filter.state ?? null,
          filter.ref ?? null,
          filter.after ?? null,
          filter.limit,
        ],
      );
      return rows;
    },

    /** Fees and cents owed by state, of one assessment or of all. */
    async byState(
      assessmentId?: string,
    ): Promise<{ state: FeeStatus; fees: number; cents: number }[]> {
      const { rows } = await pool.query<{ state: FeeStatus; fees: number; cents: number }>(
        `select f.state, count(*)::integer as fees,
           coalesce(sum(a.amount_cents) filter (where f.state not in
             ('detecting', 'no_use', 'exempt')), 0)::float8 as cents
         from fees f join assessments a using (assessment_id)
         where $1::uuid is null or f.assessment_id = $1 group by f.state order by f.state`,
        [assessmentId ?? null],
      );
      return rows;
    },

    /** Every account's balance in cents; they sum to zero. */
    async balances(): Promise<{ account: string; balanceCents: number }[]> {
      const { rows } = await pool.query<{ account: string; balanceCents: number }>(
        `select account, balance_cents::float8 as "balanceCents" from balances order by account`,
      );
      return rows;
    },

    /** Counts attempts, and their outcomes by kind. */
    async attempts(): Promise<{ outcome: string; attempts: number }[]> {
      const { rows } = await pool.query<{ outcome: string; attempts: number }>(
        `select case kind when 'paid' then 'succeeded' else kind end as outcome,
           count(*)::integer as attempts
         from entries where kind in ('attempted', 'declined', 'lapsed', 'paid', 'unknown')
         group by 1 order by 1`,
      );
      return rows;
    },

    /** Due fees per step, and for how many seconds the oldest has been due. */
    async due(): Promise<{ step: Step; fees: number; oldestSeconds: number }[]> {
      const { rows } = await pool.query<{ step: Step; fees: number; oldestSeconds: number }>(
        `select next_step as step, count(*)::integer as fees,
           extract(epoch from levy_now() - min(nullif(due_at, 'epoch')))::float8 as "oldestSeconds"
         from fees where next_step is not null and due_at <= levy_now() group by next_step`,
      );
      return rows;
    },

    /** How many attempts were answered in the last five minutes: the pace of charging. */
    async answeredLately(): Promise<number> {
      const { rows } = await pool.query<{ answered: number }>(
        `select count(*)::integer as answered from entries
         where kind in ('declined', 'lapsed', 'paid')
           and recorded_at > levy_now() - interval '5 minutes'`,
      );
      return rows[0]?.answered ?? 0;
    },

    /** Declines of a card since a moment that its network has seen and counts. */
    async declinesOfCard(fingerprint: string, since: Date): Promise<number> {
      const { rows } = await pool.query<{ declines: number }>(
        `select count(*)::integer as declines
         from entries where kind = 'declined'
           and data ->> 'fingerprint' = $1 and at >= $2 and data ->> 'sentToNetwork' = 'true'`,
        [fingerprint, since],
      );
      return rows[0]?.declines ?? 0;
    },
  };
}
