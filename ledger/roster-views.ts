import type pg from 'pg';
import type { Bucket, RosterTotals } from '../core/roster.ts';
import { PAST, ROSTER, totalsOf } from './approval.ts';
import { inTransaction } from './transaction.ts';

/** What may differ for somebody who is in the same bucket. */
export type ChangedField = 'amount' | 'evidence' | 'email' | 'customer' | 'card';

/** One fee that differs between a roster that was shown and the roster of now. */
export interface RosterChange {
  feeId: string;
  ref: string;
  name: string;
  /** `came`: is approved only now; `went`: is not any more; `other`: anything else. */
  kind: 'came' | 'went' | 'other';
  /** Null: the fee was not part of what would have been signed. */
  was: Bucket | null;
  now: Bucket;
  changed: ChangedField[];
}

export interface RosterDifference {
  shownAt: Date;
  /** All of them; `changes` has the first. */
  counts: Record<RosterChange['kind'], number>;
  changes: RosterChange[];
}

/** Views of one roster that are kept. */
const KEPT = 5;

/** What is kept of a row, in this order. The e-mail is compared alone. */
const ROW = `jsonb_build_array(fee_id, bucket, assessed ->> 'amountCents',
  assessed -> 'evidence' ->> 'evidenceId', md5(email), stripe_customer, payment_method)`;

const ACTED_ON = `('will_be_charged', 'no_card', 'no_email')`;

/** $1: the assessment, $2: the hash that was shown, $3: buckets that are not signed. */
const DIFFERENCE = `
  with was as materialized (
    select (r ->> 0)::uuid as fee_id, r ->> 1 as bucket, r ->> 2 as amount, r ->> 3 as evidence,
      r ->> 4 as email, r ->> 5 as customer, r ->> 6 as card
    from roster_views v cross join lateral jsonb_array_elements(v.rows) r
    where v.assessment_id = $1 and v.hash = $2
  ), roster as materialized (${ROSTER}), found as (
    select n.fee_id, n.ref, n.name, w.bucket as was, n.bucket as now,
      case when n.bucket in ${ACTED_ON} and coalesce(w.bucket, '') not in ${ACTED_ON} then 'came'
        when w.bucket in ${ACTED_ON} and n.bucket not in ${ACTED_ON} then 'went'
        else 'other' end as kind,
      case when w.fee_id is null then '{}' else array_remove(array[
        case when w.amount is distinct from n.assessed ->> 'amountCents' then 'amount' end,
        case when w.evidence is distinct from n.assessed -> 'evidence' ->> 'evidenceId'
          then 'evidence' end,
        case when w.email is distinct from md5(n.email) then 'email' end,
        case when w.customer is distinct from n.stripe_customer then 'customer' end,
        case when w.card is distinct from n.payment_method then 'card' end], null) end as changed
    from roster n left join was w using (fee_id)
    where w.fee_id is not null or n.bucket <> all ($3::text[])
  )
  select fee_id as "feeId", ref, name, kind, was, now, changed,
    count(*) filter (where kind = 'came') over ()::integer as came,
    count(*) filter (where kind = 'went') over ()::integer as went,
    count(*) filter (where kind = 'other') over ()::integer as other
  from found where was is distinct from now or cardinality(changed) > 0
  order by kind = 'other', kind, ref limit $4`;

/** Rosters as they were shown, so that a stale approval can say what has changed since. */
export function createRosterViews(pool: pg.Pool) {
  return {
    /**
     * The roster's totals and hash, for somebody who may approve it; what the hash covers is kept
     * for a day. The first view of a roster of 100,000 fees takes some seconds, another one half.
     */
    async show(assessmentId: string): Promise<{ totals: RosterTotals; hash: string }> {
      let shown: { totals: RosterTotals; hash: string } | undefined;
      try {
        await inTransaction(pool, async (client) => {
          // The rows must be those of the hash.
          await client.query('set transaction isolation level repeatable read');
          shown = await totalsOf(client, assessmentId);
          await keep(client, assessmentId, shown.hash);
        });
      } catch (error) {
        // Another view of the same roster was being kept: one is enough.
        if (!shown || (error as { code?: string }).code !== '40001') throw error;
      }
      return shown as { totals: RosterTotals; hash: string };
    },

    /** What has changed since the roster with this hash was shown; null when it is not kept. */
    async difference(
      assessmentId: string,
      hash: string,
      limit: number,
    ): Promise<RosterDifference | null> {
      const { rows: views } = await pool.query<{ shownAt: Date }>(
        `select shown_at as "shownAt" from roster_views where assessment_id = $1 and hash = $2`,
        [assessmentId, hash],
      );
      if (!views[0]) return null;
      const { rows } = await pool.query<
        RosterChange & { came: number; went: number; other: number }
      >(DIFFERENCE, [assessmentId, hash, [...PAST], limit]);
      const { came = 0, went = 0, other = 0 } = rows[0] ?? {};
      const changes = rows.map(({ feeId, ref, name, kind, was, now, changed }) => ({
        ...{ feeId, ref, name, kind, was, now, changed },
      }));
      return { shownAt: views[0].shownAt, counts: { came, went, other }, changes };
    },
  };
}

async function keep(client: pg.PoolClient, assessmentId: string, hash: string): Promise<void> {
  const known = await client.query(
    `update roster_views set shown_at = levy_now() where assessment_id = $1 and hash = $2`,
    [assessmentId, hash],
  );
  if (known.rowCount === 1) return;
  await client.query(
    `insert into roster_views (assessment_id, hash, rows)
     select $1::uuid, $2, coalesce(jsonb_agg(${ROW}), '[]') from (${ROSTER}) as roster
     where bucket <> all ($3::text[])`,
    [assessmentId, hash, [...PAST]],
  );
  await client.query(
    `delete from roster_views where shown_at < levy_now() - interval '1 day'
       or (assessment_id = $1 and hash in (select hash from roster_views where assessment_id = $1
         order by shown_at desc, hash = $2 desc offset ${KEPT}))`,
    [assessmentId, hash],
  );
}
