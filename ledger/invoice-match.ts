import type pg from 'pg';
import type { MatchDecision, MatchFacts, MatchGroup } from '../core/reconcile/three-way.ts';

/** One item of the match: a clinician, or a line that means nobody known. */
export interface MatchItem {
  /** The clinician's id, or the invoice's id and the line with a dot between them. */
  item: string;
  clinicianId: string | null;
  /** Of the clinician on the roster; of an unknown line, as the vendor wrote them. */
  name: string | null;
  ref: string | null;
  feeId: string | null;
  /** The latest invoice that carries the item, and the line on it; null when none does. */
  invoiceId: string | null;
  line: number | null;
  facts: MatchFacts;
  /** The latest decision, and whether the facts are still those it was about. */
  decision: MatchDecision | null;
  why: string | null;
  decidedBy: string | null;
  decidedAt: Date | null;
  holds: boolean;
}

/** Which items of a match are wanted. */
export interface MatchFilter {
  /** Only items with these facts; null for all. */
  facts: MatchFacts[] | null;
  /** Only items on which no decision holds. */
  undecided: boolean;
}

/** What a person decided about an item with these facts. */
export interface NewDecision {
  vendor: string;
  year: number;
  item: MatchItem;
  decision: MatchDecision;
  why: string;
  by: string;
}

/**
 * The three books side by side, one row per item. $1 vendor, $2 year. A clinician has an item when
 * a line or a fee that ever moved money is about them. What a fee moved is the sum of its entries.
 */
const ITEMS = `
  with lines as materialized (
    select clinician_id, sum(amount_cents)::float8 as cents,
      count(*) filter (where amount_cents > 0) as charges,
      count(*) filter (where amount_cents < 0) as credits,
      (array_agg(invoice_id order by confirmed_at desc, line))[1] as invoice_id,
      (array_agg(line order by confirmed_at desc, line))[1] as line
    from standing_invoice_lines
    where vendor = $1 and year = $2 and clinician_id is not null group by clinician_id
  ), moved as materialized (
    select e.fee_id,
      sum(case when e.debit = 'receivable' and e.credit = 'passed_on' then e.amount_cents
        when e.debit = 'passed_on' then - e.amount_cents else 0 end) as owed,
      sum(case when e.debit = 'waived' then e.amount_cents else 0 end) as waived,
      sum(case when e.debit = 'written_off' then e.amount_cents
        when e.credit = 'written_off' then - e.amount_cents else 0 end) as written_off,
      sum(case when e.kind in ('paid', 'paid_otherwise') then e.amount_cents else 0 end) as paid,
      sum(case when e.debit = 'refunds' then e.amount_cents
        when e.credit = 'refunds' then - e.amount_cents else 0 end) as refunded,
      sum(case when e.debit = 'disputes' then e.amount_cents
        when e.credit = 'disputes' then - e.amount_cents else 0 end) as disputed
    from entries e join fees f using (fee_id) join assessments a using (assessment_id)
    where a.vendor = $1 and a.year = $2 and e.debit is not null group by e.fee_id
  ), fee as materialized (
    select f.fee_id, f.clinician_id, f.state, m.*, exists (select from findings d
        where d.fee_id = f.fee_id and d.gone_at is null
          and d.check_name in ('one_charge', 'objects', 'cents')) as differs
    from fees f join assessments a using (assessment_id)
    left join (select fee_id as moved_fee, owed, waived, written_off, paid, refunded, disputed
      from moved) m on m.moved_fee = f.fee_id
    where a.vendor = $1 and a.year = $2
  ), items as (
    select c.clinician_id::text as item, c.clinician_id, c.name, c.ref, fee.fee_id,
      l.invoice_id, l.line, null::uuid as of_invoice, null::integer as of_line,
      jsonb_build_object('invoicedCents', coalesce(l.cents, 0), 'charges', coalesce(l.charges, 0),
        'credits', coalesce(l.credits, 0), 'unknown', false, 'otherVendor', c.vendor <> $1,
        'state', fee.state, 'feeCents', coalesce(fee.owed, 0),
        'waivedCents', coalesce(fee.waived, 0), 'writtenOffCents', coalesce(fee.written_off, 0),
        'paidCents', coalesce(fee.paid, 0), 'refundedCents', coalesce(fee.refunded, 0),
        'disputedCents', coalesce(fee.disputed, 0), 'booksDiffer', coalesce(fee.differs, false))
        as facts
    from lines l full join fee using (clinician_id) join clinicians c using (clinician_id)
    where l.clinician_id is not null or fee.moved_fee is not null
    union all
    select l.invoice_id::text || '.' || l.line, null, l.name, coalesce(l.ref, l.npi), null,
      l.invoice_id, l.line, l.invoice_id, l.line,
      jsonb_build_object('invoicedCents', l.amount_cents,
        'charges', (l.amount_cents > 0)::integer, 'credits', (l.amount_cents < 0)::integer,
        'unknown', true, 'otherVendor', false, 'state', null, 'feeCents', 0, 'waivedCents', 0,
        'writtenOffCents', 0, 'paidCents', 0, 'refundedCents', 0, 'disputedCents', 0,
        'booksDiffer', false)
    from standing_invoice_lines l
    where l.vendor = $1 and l.year = $2 and l.clinician_id is null
  ), decided as materialized (
    select distinct on (clinician_id, invoice_id, line) clinician_id, invoice_id, line, facts,
      decision, why, decided_by, decided_at
    from invoice_decisions where vendor = $1 and year = $2
    order by clinician_id, invoice_id, line, decision_id desc
  ), beside as (
    select i.*, d.decision, d.why, d.decided_by, d.decided_at,
      coalesce(d.facts - $3::text[] = i.facts - $3::text[], false) as holds
    from items i left join decided d
      on d.clinician_id = i.clinician_id or (d.invoice_id = i.of_invoice and d.line = i.of_line)
  )`;

/**
 * The state of a fee changes while a refund or a waiver is under way, and from unpaid to late: a
 * decision is about what is charged, owed and paid, in cents.
 */
const NOT_DECIDED_ON = ['state'];

const ITEM = `item, clinician_id as "clinicianId", name, ref, fee_id as "feeId",
  invoice_id as "invoiceId", line, facts, decision, why, decided_by as "decidedBy",
  decided_at as "decidedAt", holds`;

/** The three-way match of a vendor's year, and what people decide about its differences. */
export function createInvoiceMatch(pool: pg.Pool) {
  return {
    /** All items put together by facts and decision: few, however many items there are. */
    async groups(vendor: string, year: number): Promise<MatchGroup[]> {
      const { rows } = await pool.query<MatchGroup>(
        `${ITEMS} select facts, case when holds then decision end as decision,
           count(*)::integer as items
         from beside group by 1, 2`,
        [vendor, year, NOT_DECIDED_ON],
      );
      return rows;
    },

    /** A page of items in the order of their ids; `after` is the last one seen. */
    async items(
      vendor: string,
      year: number,
      filter: MatchFilter,
      page: { after?: string | undefined; limit: number },
    ): Promise<MatchItem[]> {
      const { rows } = await pool.query<MatchItem>(
        `${ITEMS} select ${ITEM} from beside
         where ($4::jsonb is null or facts in (select jsonb_array_elements($4::jsonb)))
           and (not $5 or not holds) and ($6::text is null or item > $6)
         order by item limit $7`,
        [
          ...[vendor, year, NOT_DECIDED_ON],
          filter.facts && JSON.stringify(filter.facts),
          ...[filter.undecided, page.after ?? null, page.limit],
        ],
      );
      return rows;
    },

    /** One item, or null when there is none. */
    async item(vendor: string, year: number, item: string): Promise<MatchItem | null> {
      const { rows } = await pool.query<MatchItem>(
        `${ITEMS} select ${ITEM} from beside where item = $4`,
        [vendor, year, NOT_DECIDED_ON, item],
      );
      return rows[0] ?? null;
    },

    /** Records what a person decided, with the facts as they were shown. */
    async decide({ vendor, year, item, decision, why, by }: NewDecision): Promise<void> {
      const ofLine = item.clinicianId === null;
      await pool.query(
        `insert into invoice_decisions (vendor, year, clinician_id, invoice_id, line, facts,
           decision, why, decided_by) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
        [
          ...[vendor, year, item.clinicianId, ofLine ? item.invoiceId : null],
          ...[ofLine ? item.line : null, JSON.stringify(item.facts), decision, why, by],
        ],
      );
    },

    /**
     * Takes the invoice's line as evidence of use by its clinician. Gives false when the line does
     * not stand. The first use is not known to the day: it is the invoice's date, within the year.
     */
    async acceptAsEvidence(invoiceId: string, line: number, by: string): Promise<boolean> {
      const { rowCount } = await pool.query(
        `insert into evidence (import_id, clinician_id, year, kind, first_used_on, file_name, line,
           rule, certainty, verdict, decided_by, decided_at)
         select null, clinician_id, year, 'vendor_invoice',
           least(greatest(dated, make_date(year, 1, 1)), make_date(year, 12, 31)),
           coalesce(file_name, 'invoice ' || number), line, 'invoice-line', 'sure', 'accepted', $3,
           levy_now()
         from standing_invoice_lines
         where invoice_id = $1 and line = $2 and clinician_id is not null
         on conflict (import_id, clinician_id, year, kind, certainty)
           do update set verdict = 'accepted', decided_by = $3, decided_at = levy_now()`,
        [invoiceId, line, by],
      );
      return (rowCount ?? 0) > 0;
    },
  };
}
