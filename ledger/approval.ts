import { createHash } from 'node:crypto';
import type pg from 'pg';
import type { Bucket, RosterTotals } from '../core/roster.ts';
import type { FeeStatus } from '../core/fee/fee.ts';
import { APPROVE } from './entries.ts';
import { inTransaction } from './transaction.ts';

export type Approval =
  | { approved: true; fees: number; hash: string }
  | { approved: false; why: 'stale_roster' | 'not_looked_at' | 'unknown_assessment'; hash: string };

export interface RosterRow {
  feeId: string;
  ref: string;
  name: string;
  bucket: Bucket;
  state: FeeStatus;
  amountCents: number;
  firstUsedOn: string | null;
  kind: string | null;
}

/** The bucket of a fee `f` of a clinician `c`; `x.why` is why it is exempt. */
export const BUCKET = `
  case
    when f.state = 'detecting' then 'detecting'
    when f.state = 'no_use' then 'no_use'
    when f.state = 'exempt' then x.why
    when f.state = 'waived' then 'waived'
    when f.state = 'held' then 'held'
    when f.state in ('paid', 'refunded', 'disputed', 'gave_up') then 'settled'
    when f.state <> 'ready' then 'under_way'
    when c.email is null then 'no_email'
    when c.stripe_customer is null or c.no_card then 'no_card'
    else 'will_be_charged'
  end`;

/** Why a fee is exempt, as `x.why`. */
export const EXEMPTED = `
  left join lateral (select e.data ->> 'why' as why from entries e where e.fee_id = f.fee_id
    and e.kind = 'exempted' order by e.seq desc limit 1) x on f.state = 'exempt'`;

/**
 * One row per fee. An approval signs a hash over the fees not approved before: who, how much, for
 * which evidence, to which address, and whose card.
 */
export const ROSTER = `
  select f.fee_id, f.state, c.ref, c.name, c.email, c.stripe_customer, c.payment_method,
    u.data as assessed,
    ${BUCKET} as bucket
  from fees f
  join clinicians c using (clinician_id)
  left join lateral (select e.data from entries e where e.fee_id = f.fee_id
    and e.kind = 'assessed' order by e.seq desc limit 1) u
    on f.state not in ('detecting', 'no_use', 'exempt')
  ${EXEMPTED}
  where f.assessment_id = $1`;

const TOTALS = `
  with roster as (${ROSTER})
  select bucket, count(*)::integer as clinicians,
    coalesce(sum((assessed ->> 'amountCents')::integer), 0)::bigint as cents,
    encode(sha256(convert_to(string_agg(jsonb_build_array(fee_id, assessed ->> 'amountCents',
      assessed -> 'evidence' ->> 'evidenceId', email, stripe_customer, payment_method)::text, E'\\n'
      order by fee_id), 'UTF8')), 'hex') as hash
  from roster group by bucket order by bucket`;

/** The roster of an assessment, and its approval, which names the hash of what was shown. */
export function createApproval(pool: pg.Pool) {
  return {
    /** The roster's totals per bucket, and the hash an approval must name. */
    async totals(assessmentId: string): Promise<{ totals: RosterTotals; hash: string }> {
      return totalsOf(pool, assessmentId);
    },

    /** A page of the roster, by the practice's reference; `after` is the last reference seen. */
    async roster(
      assessmentId: string,
      page: { bucket?: Bucket; after?: string; limit: number },
    ): Promise<RosterRow[]> {
      const { rows } = await pool.query<RosterRow>(
        `with roster as (${ROSTER})
         select fee_id as "feeId", ref, name, bucket, state,
           coalesce((assessed ->> 'amountCents')::integer, 0) as "amountCents",
           assessed -> 'evidence' ->> 'firstUsedOn' as "firstUsedOn",
           assessed -> 'evidence' ->> 'kind' as kind
         from roster
         where ($2::text is null or bucket = $2) and ($3::text is null or ref > $3)
         order by ref limit $4`,
        [assessmentId, page.bucket ?? null, page.after ?? null, page.limit],
      );
      return rows;
    },

    /** Approves every ready fee, if the roster is still the one whose hash is named. */
    async approve(assessmentId: string, hash: string, actor: string): Promise<Approval> {
      return inTransaction(pool, async (client) => {
        const { rows } = await client.query<{ now: Date }>(
          'select levy_now() as now from assessments where assessment_id = $1 for update',
          [assessmentId],
        );
        if (!rows[0]) return { approved: false, why: 'unknown_assessment', hash: '' };
        // Locks the fees: no entry is written between reading the roster and approving it.
        await client.query(
          'select fee_id from fees where assessment_id = $1 order by fee_id for update',
          [assessmentId],
        );
        const roster = await totalsOf(client, assessmentId);
        if (roster.totals.detecting)
          return { approved: false, why: 'not_looked_at', hash: roster.hash };
        if (roster.hash !== hash)
          return { approved: false, why: 'stale_roster', hash: roster.hash };
        const { rowCount } = await client.query(APPROVE, [assessmentId, rows[0].now, actor, hash]);
        return { approved: true, fees: rowCount ?? 0, hash };
      });
    },
  };
}

/** Buckets of fees that an approval does not sign (again). */
export const PAST: ReadonlySet<Bucket> = new Set(['under_way', 'settled', 'held']);

/** The totals and the hash of a roster, in the snapshot of this connection. */
export async function totalsOf(
  db: pg.Pool | pg.PoolClient,
  assessmentId: string,
): Promise<{ totals: RosterTotals; hash: string }> {
  const { rows } = await db.query<{
    bucket: Bucket;
    clinicians: number;
    cents: string;
    hash: string;
  }>(TOTALS, [assessmentId]);
  const totals: RosterTotals = {};
  const hash = createHash('sha256');
  for (const row of rows) {
    totals[row.bucket] = { clinicians: row.clinicians, cents: Number(row.cents) };
    // Fees approved earlier are not signed again while late fees are being looked at.
    if (!PAST.has(row.bucket)) hash.update(`${row.bucket} ${row.hash}\n`);
  }
  return { totals, hash: hash.digest('hex') };
}
