import type pg from 'pg';
import { NETWORK_BUDGETS } from '../core/fee/declines.ts';
import type { ComparedFee, StripeObjects } from '../core/reconcile/compare-stripe.ts';
import type { StoredFee } from '../core/reconcile/check-fee.ts';
import { foundOf, listed, type Found, type FoundRow } from './invariants.ts';

/** A fee as stored, beside its lines in the snapshot of Stripe's books. */
export interface FeeComparison {
  stored: StoredFee;
  booked: ComparedFee;
  /** Whether an entry was written after the reading of the books began. */
  moved: boolean;
}

/** The kinds of lines in Stripe's books, with the fields that the snapshot keeps. */
const TABLES = {
  intents: `intent text, "feeId" text, year text, customer text, status text,
    "amountCents" integer, "receivedCents" integer, livemode boolean`,
  charges: `charge text, intent text, "feeId" text, year text, customer text, status text,
    "amountCents" integer, "refundedCents" integer, brand text, fingerprint text,
    "sentToNetwork" boolean, livemode boolean,
    "createdAt" timestamptz`,
  refunds: `refund text, charge text, "amountCents" integer, status text`,
  disputes: `dispute text, charge text, "amountCents" integer, status text`,
  movements: `"amountCents" integer, source text`,
} as const;

export type SnapshotKind = keyof typeof TABLES;
const KINDS = Object.keys(TABLES) as SnapshotKind[];

/** The indexes by which lines are looked up. */
const INDEXES = `
  create index on books_intents ("feeId"); create index on books_charges ("feeId");
  create index on books_intents (intent); create index on books_charges (intent);
  create index on books_intents (customer); create index on books_charges (customer);
  create index on books_charges (fingerprint, "createdAt"); create index on books_refunds (charge);
  create index on books_disputes (charge); create index on books_movements (source);
  ${KINDS.map((kind) => `analyze books_${kind};`).join(' ')}`;

/** Fees beside their books, by fee id. $1: when the books were begun; `choice`: which fees. */
const COMPARISON = (choice: string) => `
  select f.fee_id as "feeId", a.policy, f.seq, f.state, f.next_step as step, f.due_at as at,
    f.intent, a.amount_cents as "amountCents", a.livemode, e.*,
    coalesce(i.lines, '[]') as intents, coalesce(c.lines, '[]') as charges,
    coalesce(r.lines, '[]') as refunds, coalesce(d.lines, '[]') as disputes,
    coalesce(m.lines, '[]') as movements
  from fees f join assessments a using (assessment_id)
  cross join lateral (select
    coalesce(bool_or(recorded_at >= $1::timestamptz + interval '1 ms'), false) as moved,
    coalesce(sum(case 'stripe' when debit then amount_cents when credit then -amount_cents end),
      0)::float8 as "stripeCents",
    coalesce(jsonb_agg(jsonb_build_object('seq', seq, 'kind', kind, 'at', at, 'actor', actor,
      'data', data, 'debit', debit, 'credit', credit, 'amountCents', amount_cents) order by seq),
      '[]') as entries,
    array_agg(data ->> 'intent') filter (where kind = 'intent_opened') as opened
    from entries where fee_id = f.fee_id) e
  cross join lateral (select jsonb_agg(b) as lines from books_intents b
    where b."feeId" = f.fee_id::text or b.intent = any (e.opened)) i
  cross join lateral (select jsonb_agg(b) as lines, array_agg(charge) as ids from books_charges b
    where b."feeId" = f.fee_id::text or b.intent = any (e.opened)) c
  cross join lateral (select jsonb_agg(b) as lines, array_agg(refund) as ids from books_refunds b
    where b.charge = any (c.ids)) r
  cross join lateral (select jsonb_agg(b) as lines, array_agg(dispute) as ids
    from books_disputes b where b.charge = any (c.ids)) d
  cross join lateral (select jsonb_agg(b) as lines from books_movements b
    where b.source = any (c.ids || r.ids || d.ids)) m
  where ${choice} order by f.fee_id limit $2`;

const NEXT_PAGE = COMPARISON(`f.fee_id > $3 and ($4::uuid is null or f.assessment_id = $4)`);
const CHOSEN = COMPARISON(`f.fee_id = any ($3::uuid[])`);

/**
 * Charges whose money was taken and not refunded, with their clinician: the one of the fee that the
 * charge names, else the customer's; else unknown. $1: only of this assessment's year.
 */
const TAKEN = `
  select b.charge, b.year, b.customer, b.fingerprint, f.fee_id,
    coalesce(f.clinician_id, c.clinician_id) as clinician_id,
    coalesce(coalesce(f.clinician_id, c.clinician_id)::text, b.customer, b.charge) as person
  from (select coalesce(x.year, i.year) as year, x.charge, x.customer, x.fingerprint, x."feeId"
    from books_charges x left join books_intents i using (intent)
    where x.status = 'succeeded' and x."refundedCents" < x."amountCents") b
  left join fees f on f.fee_id::text = b."feeId"
  -- The customer's clinician: by the roster of today, or by another charge of the same customer.
  left join lateral (
    select clinician_id from clinicians where stripe_customer = b.customer
    union all
    select o.clinician_id from books_charges x join fees o on o.fee_id::text = x."feeId"
      where x.customer = b.customer
    limit 1) c on f.fee_id is null
  where $1::uuid is null or b.year is null
    or b.year = (select a.year::text from assessments a where a.assessment_id = $1)`;

/**
 * Every second charge of a person and year, by Stripe's own objects, also of fees that the ledger
 * does not know. One card may pay for several people whom the ledger knows, such as a practice's
 * card. The same card under a customer that the ledger does not know counts as the same person.
 */
const SECOND_CHARGES = `
  with taken as materialized (${TAKEN}), twice as (
    select person, year, array_agg(charge order by charge) as charges
    from taken group by person, year having count(*) > 1
  ), same_card as (
    select fingerprint, year, array_agg(charge order by charge) as charges
    from taken where fingerprint is not null
    group by fingerprint, year
    having count(distinct person) > 1 and count(*) filter (where clinician_id is null) > 0
  )
  select (select min(t.fee_id::text)::uuid from taken t where t.charge = any (w.charges)) as fee_id,
    format('%s charges of one person have succeeded for %s: %s', cardinality(w.charges),
      coalesce(w.year, 'a year'), array_to_string(w.charges, ', ')) as detail
  from twice w
  union all
  select (select min(t.fee_id::text)::uuid from taken t where t.charge = any (s.charges)),
    format('%s charges of one card have succeeded for %s, not all of customers known here: %s',
      cardinality(s.charges), coalesce(s.year, 'a year'), array_to_string(s.charges, ', '))
  from same_card s`;

/** Orphan objects: levy's by their metadata, which is not repeated, of a fee not in the ledger. */
const ORPHAN_OBJECTS = `
  select null::uuid as fee_id, detail from (
    select "feeId", year, format('Stripe has intent %s (%s) of a fee the ledger does not have',
      intent, status) as detail
    from books_intents where status <> 'canceled' or "receivedCents" > 0
    union all
    select c."feeId", coalesce(c.year, i.year), format('Stripe has charge %s of %s cents (%s) ' ||
      'of a fee the ledger does not have', c.charge, c."amountCents", c.status)
    from books_charges c left join books_intents i using (intent)
  ) ours
  where not exists (select from fees f where f.fee_id::text = ours."feeId")
    -- An older or another ledger's, taken over by a fee of this one.
    and not exists (select from entries e, books_intents i
      where i."feeId" = ours."feeId" and e.kind = 'intent_opened'
        and e.data ->> 'intent' = i.intent)
    and ($1::uuid is null or coalesce(year, '') in ('',
      (select a.year::text from assessments a where a.assessment_id = $1)))`;

/**
 * Fees for which Stripe's books have something that the ledger lacks: an intent, a payment, a
 * decline, a refund or a dispute of the fee, or of its clinician's customer in its year.
 */
const BEHIND = `
  select f.fee_id as "feeId", coalesce(array_agg(distinct i.intent)
    filter (where i.customer is distinct from c.stripe_customer), '{}') as intents
  from fees f join assessments a using (assessment_id) join clinicians c using (clinician_id)
  join books_intents i on i."feeId" = f.fee_id::text
    or (i.customer = c.stripe_customer and coalesce(i.year, a.year::text) = a.year::text)
  where f.state not in ('detecting', 'no_use', 'exempt') and (
    (f.intent is distinct from i.intent and (i.status <> 'canceled' or f.intent is null)
      and not exists (select from entries e where e.fee_id = f.fee_id and e.kind = 'intent_closed'
        and e.data ->> 'intent' = i.intent))
    or (f.intent = i.intent and (
      (i.status = 'succeeded'
        and not exists (select from entries e where e.fee_id = f.fee_id and e.kind = 'paid'))
      or exists (select from books_charges b where b.intent = i.intent
        and not exists (select from entries e where e.fee_id = f.fee_id
          and e.data ->> 'charge' = b.charge))
      or exists (select from books_charges b join books_refunds r using (charge)
        where b.intent = i.intent and not exists (select from entries e
          where e.fee_id = f.fee_id and e.data ->> 'refund' = r.refund))
      or exists (select from books_charges b join books_disputes d using (charge)
        where b.intent = i.intent and d.status <> 'inquiry' and not exists (select from entries e
          where e.fee_id = f.fee_id and e.data ->> 'dispute' = d.dispute)))))
  group by 1 order by 1`;

const OVER_BUDGET = `
  select f.fee_id, format('charge %s: %s declines of one card within %s days, %s allows %s',
    charge, declines, $4::integer, $2::text, $3::integer) as detail
  from (
    select charge, "feeId", count(*) filter (where status = 'failed') over (
      partition by fingerprint order by "createdAt"
      range between make_interval(days => $4::integer) preceding and current row) as declines
    from books_charges
    where brand = $2::text and fingerprint is not null and "sentToNetwork"
  ) tried join fees f on f.fee_id::text = tried."feeId"
  where declines > $3::integer and ($1::uuid is null or f.assessment_id = $1)`;

/**
 * Opens a snapshot: Stripe's books in temporary tables of one connection, where a million lines are
 * compared with the ledger without being held in memory. Closing it deletes them.
 */
export async function openSnapshot(pool: pg.Pool) {
  const client = await pool.connect();
  // The connection is closed, not returned to the pool: that removes its tables in any case.
  const close = () => client.release(true);
  try {
    for (const kind of KINDS)
      await client.query(`create temporary table books_${kind} (${TABLES[kind]})`);
  } catch (error) {
    close();
    throw error;
  }
  // Several lists are copied at once, but a connection runs one statement after the other.
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const result = last.then(work);
    last = result.catch(() => undefined);
    return result;
  };
  const find = async (
    check: Found['breaches'][number]['check'],
    statement: string,
    values: unknown[],
  ): Promise<Found> =>
    foundOf(check, (await client.query<FoundRow>(listed(statement), values)).rows);

  return {
    /** Adds lines; only the fields that are compared are kept. */
    async add(kind: SnapshotKind, lines: readonly object[]): Promise<void> {
      await inTurn(() =>
        client.query(
          `insert into books_${kind} select * from jsonb_to_recordset($1) as b (${TABLES[kind]})`,
          [JSON.stringify(lines)],
        ),
      );
    },

    /** Builds the indexes; to be called once, when all lines were added. */
    async ready(): Promise<void> {
      await client.query(INDEXES);
    },

    /** Deletes the lines about these intents, to make room for newer ones. */
    async forget(intents: string[]): Promise<void> {
      await client.query(
        `with gone as (delete from books_charges
             where intent = any ($1) returning charge),
           refunds as (delete from books_refunds using gone
             where books_refunds.charge = gone.charge returning refund),
           disputes as (delete from books_disputes using gone
             where books_disputes.charge = gone.charge returning dispute),
           intents as (delete from books_intents where intent = any ($1))
         delete from books_movements where source in (select charge from gone
           union all select refund from refunds union all select dispute from disputes)`,
        [intents],
      );
    },

    /** The next fees after `after`, beside their books; `since` is when the books were begun. */
    async page(args: {
      assessmentId: string | null;
      after: string;
      limit: number;
      since: Date;
    }): Promise<FeeComparison[]> {
      const { since, limit, after, assessmentId } = args;
      const { rows } = await client.query<BesideRow>(NEXT_PAGE, [
        since,
        limit,
        after,
        assessmentId,
      ]);
      return rows.map(besideOf);
    },

    /** These fees, beside their books. */
    async chosen(feeIds: string[], since: Date): Promise<FeeComparison[]> {
      const { rows } = await client.query<BesideRow>(CHOSEN, [since, feeIds.length, feeIds]);
      return rows.map(besideOf);
    },

    /** Fees for which the books hold more than the ledger, with intents of earlier customers. */
    async behind(): Promise<{ feeId: string; intents: string[] }[]> {
      const { rows } = await client.query<{ feeId: string; intents: string[] }>(BEHIND);
      return rows;
    },

    /** Counts the orphan objects: intents and charges of levy's and of no fee of this ledger. */
    async orphanObjects(): Promise<number> {
      const { rows } = await client.query<{ count: number }>(
        `select count(*)::integer as count from (${ORPHAN_OBJECTS}) as found`,
        [null],
      );
      return rows[0]?.count ?? 0;
    },

    /** The breaches that only the books of all fees together show. */
    async across(assessmentId: string | null): Promise<Found[]> {
      const found = [
        await find('one_charge', SECOND_CHARGES, [assessmentId]),
        await find('orphan_objects', ORPHAN_OBJECTS, [assessmentId]),
      ];
      for (const { brand, declines, days } of NETWORK_BUDGETS)
        found.push(await find('card_limits', OVER_BUDGET, [assessmentId, brand, declines, days]));
      return found;
    },

    close,
  };
}

export type StripeSnapshot = Awaited<ReturnType<typeof openSnapshot>>;

interface BesideRow extends Omit<StoredFee, 'entries'>, Omit<StripeObjects, 'charges'> {
  amountCents: number;
  livemode: boolean;
  moved: boolean;
  stripeCents: number;
  entries: (Omit<StoredFee['entries'][number], 'at'> & { at: string })[];
  charges: (Omit<StripeObjects['charges'][number], 'createdAt'> & { createdAt: string })[];
}

function besideOf(row: BesideRow): FeeComparison {
  const { feeId, policy, seq, state, step, at, intent, moved } = row;
  const { amountCents, livemode, stripeCents, intents, refunds, disputes, movements } = row;
  const entries = row.entries.map(
    (one) => ({ ...one, at: new Date(one.at) }) as StoredFee['entries'][number],
  );
  const charges = row.charges.map((one) => ({ ...one, createdAt: new Date(one.createdAt) }));
  return {
    stored: { feeId, policy, seq, state, step, at, intent, entries },
    booked: {
      ...{ feeId, amountCents, livemode, intent, step, stripeCents, entries },
      books: { intents, charges, refunds, disputes, movements },
    },
    moved,
  };
}
