import type pg from 'pg';

/** An objection of a clinician that nobody has answered yet. */
export interface OpenObjection {
  feeId: string;
  ref: string;
  name: string;
  vendorName: string;
  year: number;
  amountCents: number;
  at: Date;
  text: string;
}

/** What clinicians object to. It only reads: objections are entries of their fees. */
export function createObjections(pool: pg.Pool) {
  return {
    /** Objections without an answer, the oldest first. */
    async open(limit: number): Promise<OpenObjection[]> {
      const { rows } = await pool.query<OpenObjection>(
        `select e.fee_id as "feeId", c.ref, c.name, v.name as "vendorName", a.year,
           a.amount_cents as "amountCents", e.at, e.data ->> 'text' as text
         from entries e join fees f using (fee_id) join assessments a using (assessment_id)
         join vendors v on v.vendor = a.vendor join clinicians c using (clinician_id)
         where e.kind = 'objected' and not exists (select from entries later
           where later.fee_id = e.fee_id and later.seq > e.seq
             and later.kind in ('objected', 'objection_answered'))
         order by e.at, e.fee_id limit $1`,
        [limit],
      );
      return rows;
    },
  };
}
