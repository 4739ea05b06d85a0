import { createHash } from 'node:crypto';
import type pg from 'pg';
import type { Bucket, RosterTotals } from '../core/roster.ts';
import type { FeeStatus } from '../core/fee/fee.ts';
import { APPROVE } from './entries.ts';
import { inTransaction } from './transaction.ts';

export type Approval =
  | { approved: true; fees: number; hash: string }
  /** It is recorded, and waits for a second person. */
  | { approved: false; why: 'second_person'; by: string; hash: string }
  | {
      approved: false;
      why: 'stale_roster' | 'not_looked_at' | 'unknown_assessment' | 'needs_person';
      hash: string;
    };

/** Whoever approves: the name for the entries, and the colleague who it is, when that is known. */
export interface Approver {
  actor: string;
  person: string | null;
}

/** An approval that waits for a second person. */
export interface FirstApproval {
  actor: string;
  person: string;
  at: Date;
}

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

    /** The approval of this roster that waits for a second person; null: there is none. */
    async firstApproval(assessmentId: string, hash: string): Promise<FirstApproval | null> {
      return (await openApprovals(pool, assessmentId, hash))[0] ?? null;
    },

    /**
     * Approves every ready fee, if the roster is still the one whose hash is named. Where the
     * policy asks for two people, the first one's approval is recorded and the second one's
     * approves.
     */
    async approve(assessmentId: string, hash: string, approver: Approver): Promise<Approval> {
      return inTransaction(pool, async (client) => {
        const { rows } = await client.query<{ now: Date; approvers: number }>(
          `select levy_now() as now, coalesce((policy ->> 'approvers')::integer, 1) as approvers
           from assessments where assessment_id = $1 for update`,
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
        const { now, approvers } = rows[0];
        if (approvers > 1) {
          const missing = await recordApproval(client, { assessmentId, hash, approvers, approver });
          if (missing) return missing;
        }
        const values = [assessmentId, now, approver.actor, hash];
        const { rowCount } = await client.query(APPROVE, values);
        await useApprovals(client, assessmentId);
        return { approved: true, fees: rowCount ?? 0, hash };
      });
    },
  };
}

/** Records one person's approval of a roster; null when enough people have approved it by now. */
async function recordApproval(
  client: pg.PoolClient,
  asked: { assessmentId: string; hash: string; approvers: number; approver: Approver },
): Promise<Approval | null> {
  const { assessmentId, hash, approvers, approver } = asked;
  const { actor, person } = approver;
  if (person === null) return { approved: false, why: 'needs_person', hash };
  await client.query(
    `insert into roster_approvals (assessment_id, hash, colleague_id, actor)
     values ($1, $2, $3, $4) on conflict do nothing`,
    [assessmentId, hash, person, actor],
  );
  const given = await openApprovals(client, assessmentId, hash, LOCKED);
  if (given.length >= approvers) return null;
  return { approved: false, why: 'second_person', by: given[0]?.actor ?? actor, hash };
}

/** Who may approve stays so until the end of the transaction. */
const LOCKED = 'for share of c';

/** A roster's approvals by people who may still approve, each person's once, the first first. */
async function openApprovals(
  db: pg.Pool | pg.PoolClient,
  assessmentId: string,
  hash: string,
  lock = '',
): Promise<FirstApproval[]> {
  const { rows } = await db.query<FirstApproval>(
    `select a.actor, a.colleague_id as person, a.at
     from roster_approvals a join colleagues c using (colleague_id)
     where a.assessment_id = $1 and a.hash = $2 and a.used_at is null
       and c.ended_at is null and c.role = 'approve'
     order by a.approval_id ${lock}`,
    [assessmentId, hash],
  );
  return rows;
}

/** Approvals count once: the same roster, should it come back, needs new ones. */
async function useApprovals(client: pg.PoolClient, assessmentId: string): Promise<void> {
  await client.query(
    `update roster_approvals set used_at = levy_now()
     where assessment_id = $1 and used_at is null`,
    [assessmentId],
  );
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
