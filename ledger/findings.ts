import type pg from 'pg';
import type { Breach } from '../core/reconcile/checks.ts';
import { inTransaction } from './transaction.ts';

/** A breach on record. */
export interface Finding {
  findingId: number;
  check: string;
  /** Null when the breach is not about one assessment, or not about one fee. */
  assessmentId: string | null;
  feeId: string | null;
  detail: string;
  foundAt: Date;
}

/** Breaches with the assessments of their fees. */
const BREACHES = `
  select b."check", f.assessment_id, f.fee_id, left(b.detail, 1000) as detail
  from jsonb_to_recordset($1) as b ("check" text, "feeId" uuid, detail text)
  left join fees f on f.fee_id = b."feeId"`;

/** The breaches that the checks have found and that are not put right yet. */
export function createFindings(pool: pg.Pool) {
  return {
    /** Those of these breaches that are not on record, so that no person can have seen them. */
    async fresh(breaches: Breach[]): Promise<(Breach & { assessmentId: string | null })[]> {
      const { rows } = await pool.query<Breach & { assessmentId: string | null }>(
        `select b."check", b.assessment_id as "assessmentId", b.fee_id as "feeId", b.detail
         from (${BREACHES}) b where not exists (select from findings o
           where o.gone_at is null and o.check_name = b."check" and o.detail = b.detail
             and o.fee_id is not distinct from b.fee_id)`,
        [JSON.stringify(breaches)],
      );
      return rows;
    },

    /**
     * Records a finished check: new breaches are added, breaches not found again are marked as
     * gone. `assessmentId` null: a check of every assessment.
     */
    async record(assessmentId: string | null, checkedAt: Date, breaches: Breach[]): Promise<void> {
      const found = JSON.stringify(breaches);
      await inTransaction(pool, async (client) => {
        await client.query(
          `insert into findings (check_name, assessment_id, fee_id, detail)
           select b."check", coalesce(b.assessment_id, $2::uuid), b.fee_id, b.detail
           from (${BREACHES}) b on conflict do nothing`,
          [found, assessmentId],
        );
        await client.query(
          `update findings o set gone_at = levy_now()
           where o.gone_at is null and ($2::uuid is null or o.assessment_id = $2)
             and not exists (select from (${BREACHES}) b where o.check_name = b."check"
               and o.detail = b.detail and o.fee_id is not distinct from b.fee_id)`,
          [found, assessmentId],
        );
        await client.query(
          `update assessments set checked_at = greatest(checked_at, $2)
           where $1::uuid is null or assessment_id = $1`,
          [assessmentId, checkedAt],
        );
      });
    },

    /** The breaches that are on record and not gone, newest first. */
    async open(page: { assessmentId?: string; limit: number }): Promise<Finding[]> {
      const { rows } = await pool.query<Finding>(
        `select finding_id::float8 as "findingId", check_name as "check",
           assessment_id as "assessmentId", fee_id as "feeId", detail, found_at as "foundAt"
         from findings
         where gone_at is null and ($1::uuid is null or assessment_id = $1)
         order by finding_id desc limit $2`,
        [page.assessmentId ?? null, page.limit],
      );
      return rows;
    },

    /** For metrics: breaches per check, and the seconds since the oldest of the latest checks. */
    async summary(): Promise<{
      byCheck: { check: string; findings: number }[];
      checkedSecondsAgo: number | null;
    }> {
      const { rows } = await pool.query<{ check: string; findings: number }>(
        `select check_name as "check", count(*)::integer as findings
         from findings where gone_at is null group by 1 order by 1`,
      );
      const { rows: ages } = await pool.query<{ seconds: number | null }>(
        `select extract(epoch from levy_now() - min(coalesce(checked_at, opened_at)))::float8
           as seconds from assessments`,
      );
      return { byCheck: rows, checkedSecondsAgo: ages[0]?.seconds ?? null };
    },
  };
}
