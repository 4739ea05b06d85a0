import type pg from 'pg';
import type { AuditedLine } from './access.ts';

/** What happened on a day, counted: `due` days are those on which charges are due. */
export interface YearDay {
  /** YYYY-MM-DD in the assessment's time zone. */
  day: string;
  what: 'noticed' | 'paid' | 'declined' | 'due';
  fees: number;
  cents: number;
}

/** An approval of a roster: by whom, when, under which hash, and how many fees. */
export interface ApprovalLine {
  actor: string;
  at: Date;
  hash: string;
  fees: number;
}

/** The year as a whole, for its report and its progress; it only reads. */
export function createYearReport(pool: pg.Pool) {
  return {
    /** What happened day by day, and what is due day by day. `zone`: IANA time zone. */
    async days(assessmentId: string, zone: string): Promise<YearDay[]> {
      const { rows } = await pool.query<YearDay>(
        `select to_char(e.at at time zone $2, 'YYYY-MM-DD') as day,
           case e.kind when 'paid_otherwise' then 'paid' else e.kind end as what,
           count(distinct e.fee_id)::integer as fees,
           coalesce(sum(e.amount_cents), 0)::float8 as cents
         from entries e join fees f using (fee_id)
         where f.assessment_id = $1 and e.kind in ('noticed', 'paid', 'paid_otherwise', 'declined')
         group by 1, 2
         union all
         select to_char(greatest(f.due_at, levy_now()) at time zone $2, 'YYYY-MM-DD'), 'due',
           count(*)::integer, sum(a.amount_cents)::float8
         from fees f join assessments a using (assessment_id)
         where f.assessment_id = $1 and f.next_step = 'charge' group by 1
         order by 1, 2`,
        [assessmentId, zone],
      );
      return rows;
    },

    /** The approvals of an assessment, the earliest first. */
    async approvals(assessmentId: string): Promise<ApprovalLine[]> {
      const { rows } = await pool.query<ApprovalLine>(
        `select e.actor, min(e.at) as at, e.data ->> 'rosterHash' as hash, count(*)::integer as fees
         from entries e join fees f using (fee_id)
         where f.assessment_id = $1 and e.kind = 'approved'
         group by e.actor, e.data ->> 'rosterHash' order by 2, 3`,
        [assessmentId],
      );
      return rows;
    },

    /** What people did to the fees of an assessment or to the assessment itself, newest first. */
    async acts(assessmentId: string, limit: number): Promise<AuditedLine[]> {
      const { rows } = await pool.query<AuditedLine>(
        `select audit_id::float8 as "auditId", at, actor, action, object, detail from audit
         where object = 'assessment ' || $1::text
           or (object like 'fee %' and substring(object from 5) in
             (select fee_id::text from fees where assessment_id = $1::uuid))
         order by audit_id desc limit $2`,
        [assessmentId, limit],
      );
      return rows;
    },
  };
}
