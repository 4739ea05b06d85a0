import type pg from 'pg';
import type { FeeStatus } from '../core/fee/fee.ts';
import type { Bucket, RosterTotals } from '../core/roster.ts';
import { BUCKET, EXEMPTED } from './approval.ts';
import { hasText } from './people.ts';

/** What is worth knowing about somebody before a roster is approved. */
export const MARKS = ['new', 'dropped', 'still', 'expiring', 'bounced', 'before'] as const;
export type Mark = (typeof MARKS)[number];

/** Which rows of a roster are wanted; null means all. */
export interface RosterFilter {
  bucket: Bucket | null;
  mark: Mark | null;
  /** A part of the name, e-mail, reference or NPI, in any case. */
  text: string | null;
}

/** One row of a roster, with its marks. */
export interface MarkedRow {
  feeId: string;
  clinicianId: string;
  ref: string;
  name: string;
  bucket: Bucket;
  state: FeeStatus;
  amountCents: number;
  firstUsedOn: string | null;
  kind: string | null;
  marks: Mark[];
  /** The card as Stripe last showed it; null when levy has not seen it. */
  card: { brand: string; last4: string; expMonth: number; expYear: number } | null;
}

/** The counts of each mark, and how much of the cards is known. */
export interface MarkCounts {
  marks: Record<Mark, number>;
  /** People whose fee is open and who have a customer: of so many the expiry is known. */
  cards: { known: number; all: number };
  /** The assessment of the same vendor a year earlier; null when there is none. */
  previous: { assessmentId: string; year: number; amountCents: number } | null;
}

const OWED = (fee: string) => `${fee}.state not in ('detecting', 'no_use', 'exempt')`;
const OPEN = `${OWED('f')}
  and f.state not in ('paid', 'paid_otherwise', 'refunded', 'disputed', 'gave_up', 'waived')`;

/** $1: the assessment, $2: the earliest day of a charge, YYYY-MM-DD. */
const MARKED: Record<Mark, string> = {
  new: `${OWED('f')} and prev.assessment_id is not null and not coalesce(${OWED('p')}, false)`,
  dropped: `f.state in ('no_use', 'exempt') and ${OWED('p')}`,
  still: `${OWED('f')} and ${OWED('p')}`,
  expiring: `${OPEN} and make_date(k.exp_year, k.exp_month, 1) + interval '1 month' <= $2::date`,
  bounced: `${OPEN} and t.bounced`,
  before: `${OWED('f')} and t.before`,
};

/**
 * Fees with what is known of the same people: `p` the fee a year earlier, `k` the card, `t` earlier
 * trouble. An address counts as bounced while it is the address of the e-mail that came back: of a
 * notice that is known, of another e-mail as long as the row was not edited since.
 */
const WITH = `
  with prev as (
    select p.assessment_id, p.year, p.amount_cents from assessments a
    join assessments p on p.vendor = a.vendor and p.year = a.year - 1 where a.assessment_id = $1
  ), trouble as materialized (
    select o.clinician_id,
      bool_or((e.kind = 'notice_failed' and e.data ->> 'why' <> 'no_email'
          and coalesce((e.data ->> 'emailChanges')::integer, 0) = c.email_changes)
        or (e.kind = 'email_failed' and e.at >= c.updated_at)) as bounced,
      bool_or(e.kind in ('held', 'waived') and o.assessment_id <> $1) as before
    from entries e join fees o using (fee_id) join clinicians c using (clinician_id)
    where e.kind in ('notice_failed', 'email_failed', 'held', 'waived')
    group by o.clinician_id
  )`;
const JOINED = `
  from fees f join clinicians c using (clinician_id) ${EXEMPTED}
  left join prev on true
  left join fees p on p.clinician_id = f.clinician_id and p.assessment_id = prev.assessment_id
  left join known_cards k using (stripe_customer)
  left join trouble t on t.clinician_id = f.clinician_id
  where f.assessment_id = $1`;

/** The year's roster as a list to decide on; it only reads. */
export function createYears(pool: pg.Pool) {
  return {
    /** Fees and cents per bucket, without the hash that an approval names. */
    async totals(assessmentId: string): Promise<RosterTotals> {
      const { rows } = await pool.query<{ bucket: Bucket; clinicians: number; cents: number }>(
        `select ${BUCKET} as bucket, count(*)::integer as clinicians,
           coalesce(sum(a.amount_cents) filter (where ${OWED('f')}), 0)::float8 as cents
         from fees f join assessments a using (assessment_id)
         join clinicians c using (clinician_id) ${EXEMPTED}
         where f.assessment_id = $1 group by 1`,
        [assessmentId],
      );
      return Object.fromEntries(
        rows.map(({ bucket, clinicians, cents }) => [bucket, { clinicians, cents }]),
      );
    },

    /** How many people have each mark. `chargeDay`: the earliest day of a charge, YYYY-MM-DD. */
    async marks(assessmentId: string, chargeDay: string): Promise<MarkCounts> {
      const count = (what: string) => `count(*) filter (where ${what})::integer`;
      const { rows } = await pool.query<Record<Mark, number> & Record<'known' | 'all', number>>(
        `${WITH} select ${MARKS.map((mark) => `${count(MARKED[mark])} as "${mark}"`).join(', ')},
           ${count(`${OPEN} and c.stripe_customer is not null`)} as "all",
           ${count(`${OPEN} and k.exp_year is not null`)} as known ${JOINED}`,
        [assessmentId, chargeDay],
      );
      const { known = 0, all = 0, ...marks } = rows[0] ?? {};
      const { rows: earlier } = await pool.query<NonNullable<MarkCounts['previous']>>(
        `select p.assessment_id as "assessmentId", p.year, p.amount_cents as "amountCents"
         from assessments a join assessments p on p.vendor = a.vendor and p.year = a.year - 1
         where a.assessment_id = $1`,
        [assessmentId],
      );
      return {
        marks: marks as Record<Mark, number>,
        cards: { known, all },
        previous: earlier[0] ?? null,
      };
    },

    /** A page of the roster by reference; `after` is the last reference seen. */
    async roster(
      assessmentId: string,
      chargeDay: string,
      filter: RosterFilter,
      page: { after: string | null; limit: number },
    ): Promise<MarkedRow[]> {
      const marks = MARKS.map((mark) => `case when ${MARKED[mark]} then '${mark}' end`).join(', ');
      const { rows } = await pool.query<MarkedRow>(
        `${WITH} select page."feeId", page."clinicianId", page.ref, page.name, page.bucket,
           page.state, coalesce((u.data ->> 'amountCents')::integer, 0) as "amountCents",
           u.data -> 'evidence' ->> 'firstUsedOn' as "firstUsedOn",
           u.data -> 'evidence' ->> 'kind' as kind, page.marks, page.card
         from (select f.fee_id as "feeId", c.clinician_id as "clinicianId", c.ref, c.name, f.state,
             ${BUCKET} as bucket, array_remove(array[${marks}], null) as marks,
             case when k.exp_year is not null then jsonb_build_object('brand', k.brand,
               'last4', k.last4, 'expMonth', k.exp_month, 'expYear', k.exp_year) end as card
           ${JOINED}
             and ($3::text is null or ${BUCKET} = $3)
             and ${filter.mark ? MARKED[filter.mark] : 'true'}
             and ($4::text is null or ${hasText('$4')})
             and ($5::text is null or c.ref > $5)
           order by c.ref limit $6) page
         left join lateral (select e.data from entries e where e.fee_id = page."feeId"
           and e.kind = 'assessed' order by e.seq desc limit 1) u
           on page.state not in ('detecting', 'no_use', 'exempt')
         order by page.ref`,
        [assessmentId, chargeDay, filter.bucket, filter.text, page.after, page.limit],
      );
      return rows;
    },

    /** The people with a vendor: what opening its assessment would begin with. */
    async people(vendor: string): Promise<Record<'all' | 'email' | 'customer' | 'card', number>> {
      const { rows } = await pool.query<Record<'all' | 'email' | 'customer' | 'card', number>>(
        `select count(*)::integer as "all", count(email)::integer as email,
           count(stripe_customer)::integer as customer,
           count(stripe_customer) filter (where not no_card)::integer as card
         from clinicians where vendor = $1`,
        [vendor],
      );
      return rows[0] as Record<'all' | 'email' | 'customer' | 'card', number>;
    },

    /**
     * The exports of a year by month, 1 to 12: files whose period touches the month, of this vendor
     * or of any. Files that name no period are counted as month 0.
     */
    async coverage(vendor: string, year: number): Promise<{ month: number; files: number }[]> {
      const { rows } = await pool.query<{ month: number; files: number }>(
        `select m.month, count(i.import_id)::integer as files
         from generate_series(0, 12) as m (month)
         left join imports i on (i.vendor is null or i.vendor = $1) and case
           when m.month = 0 then i.period_from is null and i.period_to is null and exists (
             select from evidence e where e.import_id = i.import_id and e.year = $2)
           else coalesce(i.period_from, make_date($2, 1, 1))
               < make_date($2, m.month, 1) + interval '1 month'
             and coalesce(i.period_to, make_date($2, 12, 31)) >= make_date($2, m.month, 1)
             and (i.period_from is not null or i.period_to is not null) end
         group by m.month order by m.month`,
        [vendor, year],
      );
      return rows;
    },
  };
}
