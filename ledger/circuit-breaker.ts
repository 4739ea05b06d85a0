import type pg from 'pg';
import type { Policy } from '../core/policy.ts';
import type { Resumption, ChargeRecord } from '../core/circuit-breaker.ts';
import type { DueFee } from './fees.ts';

/** The charge record of one assessment that has something to charge now. */
export interface AssessmentRecord extends ChargeRecord {
  assessmentId: string;
}

/** The moment from which an assessment's charges are counted. */
const SINCE = 'coalesce(a.resumed_at, a.opened_at)';

/**
 * Whether an entry is of this assessment. Not a join: with its table statistics at the start of a
 * run Postgres would begin at all the fees, instead of at the latest entries.
 */
const OF_IT = '(select f.assessment_id from fees f where f.fee_id = e.fee_id) = a.assessment_id';

/** Most attempts from which the share of unknown outcomes is taken. */
const LATEST_ATTEMPTS = 2_000;

/** The fees first attempted since then, in that order, each with its answer. */
const FIRST = `
  select t.fee_id, t.at, answer.kind, answer.at as answered
  from (select e.fee_id, min(e.seq) as seq, min(e.recorded_at) as at
    from entries e
    where e.kind = 'attempted' and e.recorded_at >= ${SINCE} and ${OF_IT}
    group by e.fee_id order by 3, 1 limit (a.policy ->> 'canaryFees')::integer) t
  left join lateral (select o.kind, o.recorded_at as at from entries o
    where o.fee_id = t.fee_id and o.seq > t.seq and o.kind in ('declined', 'lapsed', 'paid')
    order by o.seq limit 1) answer on true`;

/**
 * One row per assessment that is not paused and has a charge due. It reads only the few rows that
 * the circuit breaker needs, so that it may run often; the canary fees are not read after they were
 * found in order, because many others follow.
 */
const STANDINGS = `
  select a.assessment_id as "assessmentId", a.policy, levy_now() as now, ${SINCE} as since,
    a.resumed_at is not null as resumed, a.checked_at as "checkedAt", a.cleared_at as "clearedAt",
    jsonb_build_object('tried', c.tried, 'open', c.open, 'paid', c.paid) as canary,
    c.answered_at as "answeredAt", p.adopted,
    jsonb_build_object('now', u.unknown, 'attempts', t.attempts) as unknown,
    jsonb_build_object('tried', l.tried, 'declined', l.declined) as lately
  from assessments a
  cross join lateral (select count(*) as tried, count(*) filter (where kind is null) as open,
      count(*) filter (where kind = 'paid') as paid, max(answered) as answered_at
    from (${FIRST}) first where a.cleared_at is null) c
  cross join lateral (select count(*)::integer as unknown from fees f
    where f.assessment_id = a.assessment_id and f.state = 'unknown'
      and (select max(e.recorded_at) from entries e
        where e.fee_id = f.fee_id and e.kind = 'attempted') >= ${SINCE}) u
  cross join lateral (select count(*) as attempts from (select from entries e
    where e.kind = 'attempted' and e.recorded_at >= ${SINCE} and ${OF_IT}
    order by e.recorded_at desc limit ${LATEST_ATTEMPTS}) latest) t
  cross join lateral (select exists (select from entries e
    where a.cleared_at is null and e.kind = 'paid' and e.recorded_at >= ${SINCE}
      and e.data ->> 'attempt' is null and ${OF_IT}) as adopted) p
  cross join lateral (select count(*) as tried,
      count(*) filter (where kind = 'declined') as declined
    from (select e.kind from entries e
      where e.kind in ('declined', 'paid') and e.recorded_at >= ${SINCE}
        and e.data ->> 'attempt' = '1' and e.data ->> 'adopted' is null and ${OF_IT}
      order by e.recorded_at desc limit (a.policy ->> 'declineSample')::integer) latest) l
  where a.paused_at is null and exists (select from fees f
    where f.assessment_id = a.assessment_id and f.next_step = 'charge' and f.due_at <= levy_now())`;

/**
 * The canary fees, the same for every caller: those attempted already, if they are due again, and
 * as many others as are still needed. Count and choice are made in one statement, at one moment.
 */
const CANARY = `
  with first as materialized (select t.fee_id from assessments a cross join lateral (${FIRST}) t
    where a.assessment_id = $1
  ), due as materialized (select f.fee_id, f.seq, f.due_at from fees f
    where f.assessment_id = $1 and f.next_step = 'charge' and f.due_at <= levy_now()
      and f.state not in ('charging', 'unknown')
  )
  select fee_id as "feeId", seq from due where fee_id in (select fee_id from first)
  union all
  (select fee_id, seq from due where fee_id not in (select fee_id from first)
    order by due_at, fee_id
    limit (select greatest(0, (policy ->> 'canaryFees')::integer - (select count(*) from first))
      from assessments where assessment_id = $1))`;

const RESUMPTION = `
  select count(*) filter (where f.state = 'paid')::integer as paid,
    coalesce(sum(p.cents) filter (where f.state = 'paid'), 0)::float8 as "paidCents",
    count(*) filter (where f.state in ('waived', 'paid_otherwise', 'refunded', 'disputed',
      'gave_up', 'held'))::integer as settled,
    count(*) filter (where f.state in ('charging', 'unknown'))::integer as asked,
    count(*) filter (where f.state in ('approved', 'noticed', 'retrying'))
      ::integer as "toCharge"
  from fees f
  left join lateral (select sum(e.amount_cents) as cents from entries e
    where e.fee_id = f.fee_id and e.kind = 'paid') p on f.state = 'paid'
  where f.assessment_id = $1`;

/** The data of the circuit breaker. */
export function createCircuitBreaker(pool: pg.Pool) {
  return {
    /** Every assessment that has something to charge now. */
    async standings(): Promise<AssessmentRecord[]> {
      const { rows } = await pool.query<StandingRow>(STANDINGS);
      return rows.map(({ canary, answeredAt, ...row }) => ({
        ...row,
        canary: { ...canary, answeredAt },
      }));
    },

    /** The canary fees that are due now. */
    async canary(assessmentId: string): Promise<DueFee[]> {
      const { rows } = await pool.query<DueFee>(CANARY, [assessmentId]);
      return rows;
    },

    /** Allows all fees, unless the assessment was paused or resumed since `since`. */
    async clear(assessmentId: string, since: Date): Promise<void> {
      await pool.query(
        `update assessments a set cleared_at = levy_now()
         where assessment_id = $1 and cleared_at is null and paused_at is null
           and ${SINCE} < $2::timestamptz + interval '2 ms'`,
        [assessmentId, since],
      );
    },

    /** What a resume of this assessment goes on with, and what it skips. */
    async resumption(assessmentId: string): Promise<Resumption> {
      const { rows } = await pool.query<Resumption>(RESUMPTION, [assessmentId]);
      return rows[0] as Resumption;
    },
  };
}

interface StandingRow extends Omit<AssessmentRecord, 'canary'> {
  policy: Policy;
  canary: Omit<AssessmentRecord['canary'], 'answeredAt'>;
  answeredAt: Date | null;
}
