import type pg from 'pg';
import { TAKEN_WITHOUT_EVIDENCE } from '../core/fee/actions.ts';
import { LISTED, REST_STATES, type Breach, type CheckName } from '../core/reconcile/checks.ts';

/** The result of a check: the first breaches, and how many more there are. */
export interface Found {
  breaches: Breach[];
  more: number;
}

/** The scope of a check, as of one moment of the database's clock. */
export interface CheckScope {
  now: Date;
  /**
   * No object at Stripe that concerns these assessments is older: a year's fee is not owed before
   * the year, whenever this ledger opened it. Without assessments: the present year.
   */
  since: Date;
  fees: number;
}

/** Margin for the difference between Stripe's clock and ours. */
const MARGIN = '1 day';

/**
 * The checks that need only the ledger, each one statement over all fees of an assessment, or of
 * every assessment when none is named. They only read.
 */
export function createInvariants(pool: pg.Pool) {
  return {
    /** The scope of one assessment, or of all when null; null for an unknown assessment. */
    async scope(assessmentId: string | null): Promise<CheckScope | null> {
      const { rows } = await pool.query<CheckScope & { known: number }>(
        `select levy_now() as now, count(*)::integer as known,
           least(min(opened_at), make_timestamptz(coalesce(min(year),
             extract(year from levy_now())::integer), 1, 1, 0, 0, 0, 'UTC')) - $2::interval
             as since,
           (select count(*)::integer from fees
             where $1::uuid is null or assessment_id = $1) as fees
         from assessments where $1::uuid is null or assessment_id = $1`,
        [assessmentId, MARGIN],
      );
      const row = rows[0];
      if (!row || (assessmentId && row.known === 0)) return null;
      return { now: row.now, since: row.since, fees: row.fees };
    },

    /**
     * The moment from which Stripe may know more than this ledger: a day before its last attempt or
     * answer; without one, the beginning of the earliest year assessed.
     */
    async lastAnswer(): Promise<Date> {
      const { rows } = await pool.query<{ since: Date }>(
        `select coalesce((select max(recorded_at) - $1::interval from entries
             where kind in ('attempted', 'declined', 'lapsed', 'paid')),
           make_timestamptz(coalesce((select min(year) from assessments),
             extract(year from levy_now())::integer), 1, 1, 0, 0, 0, 'UTC')) as since`,
        [MARGIN],
      );
      return rows[0]?.since as Date;
    },

    /**
     * Whether one of these charges is in no entry, though its fee or its customer is known. A fee
     * with an open attempt does not count: the step of that attempt reads Stripe.
     */
    async hasUnknown(
      charges: { charge: string; feeId: string; customer: string | null }[],
    ): Promise<boolean> {
      if (charges.length === 0) return false;
      const { rows } = await pool.query<{ unknown: boolean }>(
        `select exists (select
           from jsonb_to_recordset($1) as b (charge text, "feeId" text, customer text)
           left join fees f on f.fee_id::text = b."feeId"
           left join clinicians c on c.stripe_customer = b.customer
           where coalesce(f.state not in ('charging', 'unknown'), c.clinician_id is not null)
             and not exists (select from fees g join entries e using (fee_id)
               where (g.fee_id = f.fee_id or g.clinician_id = c.clinician_id)
                 and e.data ->> 'charge' = b.charge)) as unknown`,
        [JSON.stringify(charges)],
      );
      return rows[0]?.unknown ?? false;
    },

    /**
     * Stale fees: a change of the roster or the evidence has not reached them; at most `limit`.
     * Each is one to which `missedChanges` adds something, so that none is listed again and again.
     */
    async staleFees(limit: number): Promise<string[]> {
      const { rows } = await pool.query<{ fee_id: string }>(STALE_FEES, [
        limit,
        TAKEN_WITHOUT_EVIDENCE,
      ]);
      return rows.map(({ fee_id }) => fee_id);
    },

    /**
     * Runs every check, one after the other.
     * @param slackMs  how late a fee may be, in ms, before it counts as forgotten
     */
    async run(assessmentId: string | null, slackMs: number): Promise<Found[]> {
      const found: Found[] = [];
      for (const [check, statement] of STATEMENTS) {
        const { rows } = await pool.query<FoundRow>(listed(`${SCOPE} ${statement}`), [
          assessmentId,
          slackMs,
          REST_STATES,
        ]);
        found.push(foundOf(check, rows));
      }
      return found;
    },
  };
}

/** The fee's latest entry of these kinds. */
const latest = (kinds: string) =>
  `(select * from entries l where l.fee_id = f.fee_id and l.kind in (${kinds})
    order by l.seq desc limit 1)`;

/**
 * Customer or card have changed since the fee failed for lack of a card, and the latest card is
 * neither the declined one nor one that was refused for good earlier.
 */
const CARD_CAME = `exists (
  select from ${latest("'declined', 'card_missing', 'card_updated'")} as last
  left join ${latest("'attempted', 'card_missing'")} as failed on true
  where c.card_changes > coalesce((failed.data ->> 'cardChanges')::integer, 0)
    and last.kind <> 'card_updated'
    and (failed.kind = 'card_missing' or coalesce(last.data ->> 'paymentMethod',
      failed.data ->> 'paymentMethod') is distinct from c.latest_card)
    and not exists (select from entries d
      where d.fee_id = f.fee_id and d.kind = 'declined' and d.data ->> 'verdict' = 'needs_card'
        and d.data ->> 'paymentMethod' = c.latest_card
        and not exists (select from entries u where u.fee_id = f.fee_id and u.seq > d.seq
          and u.kind = 'card_updated' and (u.data ->> 'renewed')::boolean
          and u.data ->> 'paymentMethod' = c.latest_card)))`;

/**
 * The roster names another Stripe customer than the notice that stands; without such a notice,
 * another than the customer of the intent.
 */
const CUSTOMER_CHANGED = `exists (
  select from (select) as fee
  left join ${latest("'noticed', 'notice_failed', 'customer_changed', 'withdrawn'")} as said on true
  left join ${latest("'intent_opened', 'intent_closed', 'withdrawn'")} as made on true
  where case when said.kind in ('noticed', 'customer_changed') then said.data ->> 'customer'
      when made.kind = 'intent_opened' then made.data ->> 'customer'
      else c.stripe_customer end
    is distinct from c.stripe_customer)`;

/** Entries after which no card is charged for the fee. */
const SETTLED = `('paid', 'waived', 'waive_asked', 'paid_otherwise', 'paid_otherwise_asked')`;

/**
 * The invoices carry another sum than the fee knows, and the fee may still be charged: where only
 * what the practice was charged is passed on.
 */
export const invoiceIsNews = (fee: string, run: string) => `(${run}.policy ->> 'passOn' = 'invoice'
  and ${fee}.state in ('ready', 'approved', 'noticed', 'charging', 'unknown', 'retrying',
    'needs_card', 'notice_failed', 'gave_up', 'held')
  and is_owed(${fee}.fee_id)
  and not exists (select from entries s where s.fee_id = ${fee}.fee_id
    and s.kind in ${SETTLED})
  and invoiced_cents(${run}.vendor, ${run}.year, ${fee}.clinician_id) <> coalesce(
    (select (n.data ->> 'amountCents')::bigint from entries n
      where n.fee_id = ${fee}.fee_id and n.kind = 'invoiced' order by n.seq desc limit 1), 0))`;

/**
 * Stale fees: the state contradicts the clinician's EHR or the evidence, or what the fee waits for
 * has come. A person decides about a payment without evidence: once such a fee was held for that
 * reason, it is not stale any more.
 */
const STALE_FEES = `
  select f.fee_id
  from fees f join assessments a using (assessment_id) join clinicians c using (clinician_id)
  join vendors v on v.vendor = c.vendor
  cross join lateral (select exists (select from counting_evidence u
    where u.clinician_id = f.clinician_id and u.year = a.year) as used) e
  where (f.state = 'exempt' and c.vendor = a.vendor)
    or (f.state = 'no_use' and e.used)
    or (f.state in ('ready', 'approved', 'noticed', 'retrying', 'needs_card', 'notice_failed',
      'gave_up') and (not e.used or (c.vendor <> a.vendor and not v.levies)))
    or (f.state = 'notice_failed' and c.email is not null and c.email_changes > 0
      and c.email_changes > (select coalesce((n.data ->> 'emailChanges')::integer, 0)
        from ${latest("'notice_failed'")} as n))
    or (f.state in ('approved', 'noticed', 'charging', 'unknown', 'retrying', 'needs_card',
      'notice_failed', 'gave_up', 'held') and ${CUSTOMER_CHANGED}
      and not exists (select from entries s where s.fee_id = f.fee_id
        and s.kind in ${SETTLED}))
    or (f.state in ('retrying', 'needs_card') and c.card_changes > 0
      and c.latest_card is not null and ${CARD_CAME})
    or (f.state = 'needs_card' and c.card_changes > 0 and c.latest_card is null
      and exists (
        select from ${latest("'card_missing', 'card_updated', 'customer_changed'")} as last
        where last.kind = 'card_missing'
          and c.card_changes > coalesce((last.data ->> 'cardChanges')::integer, 0)))
    or (${invoiceIsNews('f', 'a')} and e.used)
    or (f.state in ('paid', 'paid_otherwise') and not e.used and not exists (select from entries h
      where h.fee_id = f.fee_id and h.kind = 'held' and h.data ->> 'why' = $2))
  order by f.fee_id limit $1`;

export interface FoundRow {
  feeId: string | null;
  detail: string;
  total: number;
}

/** Wraps a statement that gives `fee_id` and `detail`: the first rows, and the number of all. */
export function listed(statement: string): string {
  return `select fee_id as "feeId", detail, count(*) over ()::integer as total
    from (${statement}) as found order by fee_id nulls first, detail limit ${LISTED}`;
}

export function foundOf(check: CheckName, rows: FoundRow[]): Found {
  return {
    breaches: rows.map(({ feeId, detail }) => ({ check, feeId, detail })),
    more: (rows[0]?.total ?? 0) - rows.length,
  };
}

/** The assessments to check, and the moment before which a due fee is late. */
const SCOPE = `
  with run as materialized (
    select *, (policy ->> 'dayMs')::bigint as day_ms, (policy ->> 'noticeDays')::integer as days,
      policy ->> 'timeZone' as zone
    from assessments where $1::uuid is null or assessment_id = $1
  ), late as (
    select levy_now() - make_interval(secs => $2::double precision / 1000) as late,
      $3::text[] as rests
  )`;

/** A moment as ISO 8601 text in UTC. */
const moment = (expression: string) =>
  `to_char(${expression} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;

/** Attempts without a valid notice before them, or earlier than their notice allowed. */
const ANNOUNCED = `
  select t.fee_id, case
      when n.seq is null then format('attempt %s has no notice before it', t.data ->> 'attempt')
      when n.data ->> 'amountCents' is distinct from t.data ->> 'amountCents'
        then format('attempt %s is of %s cents, the notice of %s', t.data ->> 'attempt',
          t.data ->> 'amountCents', n.data ->> 'amountCents')
      when failed.seq is not null
        then format('attempt %s came after the notice had failed', t.data ->> 'attempt')
      else format('attempt %s on %s, its notice on %s allowed it from %s', t.data ->> 'attempt',
        ${moment('t.at')}, ${moment('n.at')}, ${moment('first.earliest')})
    end as detail
  from entries t
  join fees f using (fee_id)
  join run a using (assessment_id)
  left join lateral (select * from entries e where e.fee_id = t.fee_id and e.seq < t.seq
    and e.kind = 'noticed' order by e.seq desc limit 1) n on true
  left join lateral (select e.seq from entries e where e.fee_id = t.fee_id and e.seq > n.seq
    and e.seq < t.seq and e.kind in ('notice_failed', 'withdrawn') limit 1) failed on true
  cross join lateral (select case when a.day_ms = 86400000
      then ((n.at at time zone a.zone) + make_interval(days => a.days)) at time zone a.zone
      else n.at + make_interval(secs => a.days * a.day_ms::double precision / 1000)
    end as earliest) first
  where t.kind = 'attempted' and (n.seq is null or failed.seq is not null
    or n.data ->> 'amountCents' is distinct from t.data ->> 'amountCents'
    or least(t.at, t.recorded_at) < first.earliest)`;

const AMOUNT = `
  select e.fee_id, case when a.forecast then format('entry %s (%s) by a forecast', e.seq, e.kind)
    else format('entry %s (%s) is of %s cents, the rate of %s', e.seq, e.kind,
      e.data ->> 'amountCents', a.amount_cents) end as detail
  from entries e join fees f using (fee_id) join run a using (assessment_id)
  where e.kind in ('assessed', 'noticed', 'attempted', 'paid')
    and ((a.forecast and e.kind <> 'assessed')
      or (e.data ->> 'amountCents')::integer is distinct from a.amount_cents)`;

/** Evidence is a row about this clinician and year; if weak, also a person's decision. */
const EVIDENCE = `
  , proven as (
    select s.fee_id, s.seq from entries s
    join fees f using (fee_id) join run a using (assessment_id)
    join evidence u on u.evidence_id::text = s.data -> 'evidence' ->> 'evidenceId'
      and u.clinician_id = f.clinician_id and u.year = a.year
      and (u.certainty = 'sure' or u.verdict is not null)
    where s.kind = 'assessed'
  ), first_proof as (select fee_id, min(seq) as seq from proven group by fee_id
  ), withdrawn as (
    select w.fee_id, w.seq, (select min(p.seq) from proven p
      where p.fee_id = w.fee_id and p.seq > w.seq) as again
    from entries w where w.kind = 'withdrawn'
  )
  select e.fee_id, format('entry %s (%s) without evidence', e.seq, e.kind) as detail
  from entries e join fees f using (fee_id) join run a using (assessment_id)
  left join first_proof p using (fee_id)
  where e.kind in ('noticed', 'email_sent', 'attempted', 'paid')
    and (p.seq is null or p.seq > e.seq or exists (select from withdrawn w
      where w.fee_id = e.fee_id and w.seq < e.seq and (w.again is null or w.again > e.seq)))`;

const COUNTS = `exists (select from counting_evidence u where u.clinician_id = c.clinician_id
  and u.year = a.year and coalesce(u.decided_at, u.recorded_at) < late)`;

/** A fee that rests until the vendor's invoices carry it, and they do not. */
const AWAITS_INVOICE = `(a.policy ->> 'passOn' = 'invoice' and f.state in ('noticed', 'retrying')
  and invoiced_cents(a.vendor, a.year, f.clinician_id) < a.amount_cents)`;

/**
 * Late: due for longer than the slack. A step that is due at once counts from when the clinician or
 * the assessment's fees were written, whichever was later.
 */
const NOBODY_FORGOTTEN = `
  select f.fee_id, case
      when f.next_step is not null and f.due_at is null then
        format('%s: a %s that is never due', f.state, f.next_step)
      when f.next_step is not null then
        format('%s: a %s due since %s', f.state, f.next_step, ${moment('f.due_at')})
      when not f.state = any (rests) then format('%s, and nothing follows', f.state)
      when f.state = 'exempt' then 'exempt, though back in the EHR that levies'
      else format('%s in spite of evidence', f.state)
    end as detail
  from fees f join run a using (assessment_id) join clinicians c using (clinician_id)
  cross join late
  where (f.next_step is null and not f.state = any (rests) and not ${AWAITS_INVOICE})
    or (f.next_step is not null and f.due_at is null)
    or (a.paused_at is null and f.due_at < late
      and (f.due_at > 'epoch'
        or greatest(coalesce(a.enrolled_at, 'infinity'), c.updated_at) < late))
    or (f.state = 'no_use' and c.vendor = a.vendor and ${COUNTS})
    or (f.state = 'exempt' and c.vendor = a.vendor and c.updated_at < late)
  union all
  select null, format('clinician %s has evidence and no fee of %s %s', c.clinician_id, a.vendor,
    a.year)
  from run a join clinicians c using (vendor) cross join late
  where a.enrolled_at < late and c.updated_at < late and ${COUNTS}
    and not exists (select from fees f
      where f.assessment_id = a.assessment_id and f.clinician_id = c.clinician_id)`;

/** The lines of the vendor that stood when the attempt was written, whatever became of them. */
const INVOICED = `
  select t.fee_id, format('attempt %s of %s cents, the invoices carried %s', t.data ->> 'attempt',
    t.data ->> 'amountCents', carried.cents) as detail
  from entries t join fees f using (fee_id) join run a using (assessment_id)
  cross join lateral (select coalesce(sum(l.amount_cents), 0) as cents
    from vendor_invoice_lines l join vendor_invoices i using (invoice_id)
    where l.clinician_id = f.clinician_id and i.vendor = a.vendor and i.year = a.year
      and i.confirmed_at <= t.recorded_at
      and (i.voided_at is null or i.voided_at >= t.recorded_at)
      and (l.matched_at is null or l.matched_at <= t.recorded_at)) carried
  where t.kind = 'attempted' and a.policy ->> 'passOn' = 'invoice'
    and carried.cents < (t.data ->> 'amountCents')::bigint`;

const BALANCED = `
  select e.fee_id, format('entry %s (%s) moves half: %s cents from %s to %s', e.seq, e.kind,
    e.amount_cents, e.credit, e.debit) as detail
  from entries e join fees f using (fee_id) join run a using (assessment_id)
  where (e.debit is null) <> (e.credit is null) or (e.debit is null) <> (e.amount_cents is null)
  union all
  select null, format('the accounts sum to %s cents', sum(side.cents))
  from entries e join fees f using (fee_id) join run a using (assessment_id)
  cross join lateral (values (e.debit, e.amount_cents), (e.credit, -e.amount_cents))
    as side (account, cents)
  where side.account is not null
  having sum(side.cents) <> 0`;

const NUMBERS = `
  select f.fee_id, format('%s entries numbered %s to %s, the last stored is %s', count(e.seq),
    min(e.seq), max(e.seq), f.seq) as detail
  from fees f join run a using (assessment_id) left join entries e using (fee_id)
  group by f.fee_id, f.seq
  having count(e.seq) <> f.seq or coalesce(max(e.seq), 0) <> f.seq
    or coalesce(min(e.seq), 1) <> 1`;

const MODE = `
  select w.fee_id, format('event %s is of the other mode', w.event_id) as detail
  from webhook_events w join fees f using (fee_id) join run a using (assessment_id)
  where w.livemode <> a.livemode`;

const STATEMENTS: [CheckName, string][] = [
  ['announced', ANNOUNCED],
  ['amount', AMOUNT],
  ['evidence', EVIDENCE],
  ['invoiced', INVOICED],
  ['nobody_forgotten', NOBODY_FORGOTTEN],
  ['balanced', BALANCED],
  ['numbers', NUMBERS],
  ['mode', MODE],
];
