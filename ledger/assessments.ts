import type pg from 'pg';
import type { Policy } from '../core/policy.ts';
import { createApproval } from './approval.ts';

export interface Assessment {
  assessmentId: string;
  vendor: string;
  vendorName: string;
  year: number;
  policy: Policy;
  royaltyCents: number;
  processingCents: number;
  amountCents: number;
  rateSource: string;
  autoApprove: boolean;
  livemode: boolean;
  openedBy: string;
  openedAt: Date;
  /** When every clinician had a fee; null while fees are still being created. */
  enrolledAt: Date | null;
  pausedAt: Date | null;
  pausedBy: string | null;
  pausedWhy: string | null;
  resumedAt: Date | null;
  resumedBy: string | null;
  /** The moment for which the last finished check verified it. */
  checkedAt: Date | null;
  /** When the canary fees were found in order and all fees were allowed; null before. */
  clearedAt: Date | null;
}

export type Opening =
  | { opened: true; created: boolean; assessment: Assessment }
  | {
      opened: false;
      why: 'unknown_vendor' | 'vendor_does_not_levy' | 'unknown_year' | 'rate_is_forecast';
    };

const ASSESSMENT = `
  select a.assessment_id as "assessmentId", a.vendor, v.name as "vendorName", a.year, a.policy,
    a.royalty_cents as "royaltyCents", a.processing_cents as "processingCents",
    a.amount_cents as "amountCents", a.rate_source as "rateSource",
    a.auto_approve as "autoApprove", a.livemode, a.opened_by as "openedBy",
    a.opened_at as "openedAt", a.enrolled_at as "enrolledAt", a.paused_at as "pausedAt",
    a.paused_by as "pausedBy", a.paused_why as "pausedWhy", a.resumed_at as "resumedAt",
    a.resumed_by as "resumedBy", a.checked_at as "checkedAt", a.cleared_at as "clearedAt"
  from assessments a join vendors v using (vendor)`;

const ENROLL = `
  insert into fees (assessment_id, clinician_id)
  select $1, clinician_id from clinicians
  on conflict (assessment_id, clinician_id) do nothing`;

/** Assessments: opening, pause and resume; with the roster and its approval. */
export function createAssessments(pool: pg.Pool) {
  const get = async (assessmentId: string): Promise<Assessment | null> => {
    const { rows } = await pool.query<Assessment>(`${ASSESSMENT} where a.assessment_id = $1`, [
      assessmentId,
    ]);
    return rows[0] ?? null;
  };
  return {
    get,
    ...createApproval(pool),

    async list(): Promise<Assessment[]> {
      const { rows } = await pool.query<Assessment>(`${ASSESSMENT} order by a.year desc, a.vendor`);
      return rows;
    },

    /**
     * Opens the assessment of a vendor and year with the current rate and policy, or gives the
     * existing one. Two callers at once get the same assessment.
     */
    async open(input: {
      vendor: string;
      year: number;
      policy: Policy;
      autoApprove: boolean;
      livemode: boolean;
      actor: string;
    }): Promise<Opening> {
      const { rows: known } = await pool.query<{ levies: boolean; status: string | null }>(
        `select v.levies, r.status from vendors v
         left join rates r on r.vendor = v.vendor and r.year = $2 where v.vendor = $1`,
        [input.vendor, input.year],
      );
      if (!known[0]) return { opened: false, why: 'unknown_vendor' };
      if (!known[0].levies) return { opened: false, why: 'vendor_does_not_levy' };
      if (!known[0].status) return { opened: false, why: 'unknown_year' };
      const { rowCount } = await pool.query(
        `insert into assessments (vendor, year, policy, royalty_cents, processing_cents, forecast,
           rate_source, auto_approve, livemode, opened_by)
         select vendor, year, $3, royalty_cents, processing_cents, false, source, $4, $5, $6
         from rates where vendor = $1 and year = $2 and status = 'confirmed'
         on conflict (vendor, year) do nothing`,
        [input.vendor, input.year, input.policy, input.autoApprove, input.livemode, input.actor],
      );
      const { rows } = await pool.query<Assessment>(
        `${ASSESSMENT} where a.vendor = $1 and a.year = $2`,
        [input.vendor, input.year],
      );
      if (!rows[0]) return { opened: false, why: 'rate_is_forecast' };
      return { opened: true, created: rowCount === 1, assessment: rows[0] };
    },

    /** Creates a fee for every clinician who has none. Gives the number of new fees. */
    async enroll(assessmentId: string): Promise<number> {
      const { rowCount } = await pool.query(ENROLL, [assessmentId]);
      await pool.query(
        `update assessments set enrolled_at = levy_now()
         where assessment_id = $1 and enrolled_at is null`,
        [assessmentId],
      );
      return rowCount ?? 0;
    },

    /** Stops further notices and charges; false when the assessment was paused already. */
    async pause(assessmentId: string, actor: string, why: string): Promise<boolean> {
      const { rowCount } = await pool.query(
        `update assessments set paused_at = levy_now(), paused_by = $2, paused_why = $3
         where assessment_id = $1 and paused_at is null`,
        [assessmentId, actor, why],
      );
      return rowCount === 1;
    },

    /** Allows notices and charges again, with canary fees first; false when it was not paused. */
    async resume(assessmentId: string, actor: string | null = null): Promise<boolean> {
      const { rowCount } = await pool.query(
        `update assessments set paused_at = null, paused_by = null, paused_why = null,
           resumed_at = levy_now(), resumed_by = $2, cleared_at = null
         where assessment_id = $1 and paused_at is not null`,
        [assessmentId, actor],
      );
      return rowCount === 1;
    },

    /** What an assessment would find now, without opening it; null when there is no rate. */
    async preview(
      vendor: string,
      year: number,
    ): Promise<{ clinicians: number; used: number; amountCents: number; status: string } | null> {
      const { rows } = await pool.query<{
        clinicians: number;
        used: number;
        amountCents: number;
        status: string;
      }>(
        `select r.amount_cents as "amountCents", r.status,
           count(c.clinician_id)::integer as clinicians,
           count(c.clinician_id) filter (where exists (select from counting_evidence u
             where u.clinician_id = c.clinician_id and u.year = r.year))::integer as used
         from rates r left join clinicians c using (vendor)
         where r.vendor = $1 and r.year = $2
         group by r.amount_cents, r.status`,
        [vendor, year],
      );
      return rows[0] ?? null;
    },
  };
}
