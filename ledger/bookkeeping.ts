import type pg from 'pg';
import type { Entry, FeeStatus } from '../core/fee/fee.ts';
import type { Account } from '../core/fee/money.ts';

/** One fee as a bookkeeper needs it. Amounts in cents; nothing is owed: zero. */
export interface FeeSheetRow {
  feeId: string;
  ref: string;
  name: string;
  state: FeeStatus;
  amountCents: number;
  royaltyCents: number;
  processingCents: number;
  firstUsedOn: string | null;
  noticedAt: Date | null;
  paidAt: Date | null;
  charge: string | null;
  intent: string | null;
  refundedAt: Date | null;
  refund: string | null;
  refundedCents: number;
  disputedAt: Date | null;
  dispute: 'open' | 'won' | 'lost' | null;
  waivedAt: Date | null;
  waivedWhy: string | null;
  gaveUpAt: Date | null;
  stripeCustomer: string | null;
}

/** One entry with its clinician. */
export interface EntrySheetRow {
  feeId: string;
  ref: string;
  name: string;
  entry: Entry;
  debit: Account | null;
  credit: Account | null;
  amountCents: number | null;
}

/** An account of an assessment, in cents; `balanceCents` is debits less credits. */
export interface AccountRow {
  account: Account;
  debitCents: number;
  creditCents: number;
  balanceCents: number;
}

/** The accounts' balances of one fee in cents, and what the latest check found about it. */
export interface FeeAccountsRow {
  feeId: string;
  ref: string;
  name: string;
  state: FeeStatus;
  balances: Partial<Record<Account, number>>;
  findings: string[];
}

/** The fee that an object of Stripe's belongs to. */
export interface SourceOwner {
  source: string;
  feeId: string;
  ref: string;
  name: string;
}

/** Rows read at a time: a list is never held as a whole. */
const PAGE = 1_000;
const FIRST = '00000000-0000-0000-0000-000000000000';

const OWED = `f.state not in ('detecting', 'no_use', 'exempt')`;

const FEES = `
  select f.fee_id as "feeId", c.ref, c.name, f.state, c.stripe_customer as "stripeCustomer",
    case when ${OWED} then a.amount_cents else 0 end as "amountCents",
    case when ${OWED} then a.royalty_cents else 0 end as "royaltyCents",
    case when ${OWED} then a.processing_cents else 0 end as "processingCents", e.*
  from fees f join assessments a using (assessment_id) join clinicians c using (clinician_id)
  cross join lateral (select
    (array_agg(data -> 'evidence' ->> 'firstUsedOn' order by seq desc)
      filter (where kind = 'assessed'))[1] as "firstUsedOn",
    max(at) filter (where kind = 'noticed') as "noticedAt",
    max(at) filter (where kind = 'paid') as "paidAt",
    max(data ->> 'charge') filter (where kind = 'paid') as charge,
    coalesce(max(data ->> 'intent') filter (where kind = 'paid'), f.intent) as intent,
    max(at) filter (where kind = 'refunded') as "refundedAt",
    (array_agg(data ->> 'refund' order by seq desc) filter (where kind = 'refunded'))[1] as refund,
    coalesce(sum(case kind when 'refunded' then amount_cents
      when 'refund_failed' then -amount_cents end), 0)::float8 as "refundedCents",
    max(at) filter (where kind = 'disputed') as "disputedAt",
    (array_agg(case when kind = 'disputed' then 'open' when (data ->> 'won')::boolean then 'won'
      else 'lost' end order by seq desc) filter (where kind in ('disputed', 'dispute_closed')))[1]
      as dispute,
    max(at) filter (where kind = 'waived') as "waivedAt",
    (array_agg(data ->> 'why' order by seq desc) filter (where kind = 'waived'))[1] as "waivedWhy",
    max(at) filter (where kind = 'gave_up') as "gaveUpAt"
    from entries where fee_id = f.fee_id) e
  where f.assessment_id = $1 and f.fee_id > $2 order by f.fee_id limit ${PAGE}`;

const ENTRIES = `
  select f.fee_id as "feeId", c.ref, c.name, e.seq, e.kind, e.at, e.actor, e.data, e.debit,
    e.credit, e.amount_cents as "amountCents"
  from entries e join fees f using (fee_id) join clinicians c using (clinician_id)
  where f.assessment_id = $1 and (e.fee_id, e.seq) > ($2::uuid, $3::integer)
  order by e.fee_id, e.seq limit ${PAGE}`;

const SIDES = `cross join lateral (values (e.debit, e.amount_cents), (e.credit, -e.amount_cents))
  as side (account, cents)`;

const FEE_ACCOUNTS = `
  select f.fee_id as "feeId", c.ref, c.name, f.state, coalesce(b.balances, '{}') as balances,
    coalesce(o.details, '{}') as findings
  from fees f join clinicians c using (clinician_id)
  left join lateral (select jsonb_object_agg(account, cents) as balances from (
    select side.account, sum(side.cents) as cents from entries e ${SIDES}
    where e.fee_id = f.fee_id and e.debit is not null group by side.account) s) b on true
  left join lateral (select array_agg(detail order by finding_id) as details from findings
    where fee_id = f.fee_id and gone_at is null) o on true
  where f.assessment_id = $1 and f.fee_id > $2 order by f.fee_id limit ${PAGE}`;

/** Lists for a bookkeeper, row by row from a cursor; they only read. */
export function createBookkeeping(pool: pg.Pool) {
  async function* byFee<Row extends { feeId: string }>(sql: string, id: string) {
    for (let after = FIRST; ;) {
      const { rows } = await pool.query<Row>(sql, [id, after]);
      yield* rows;
      if (rows.length < PAGE) return;
      after = rows.at(-1)?.feeId ?? after;
    }
  }

  return {
    /** The fees of an assessment by fee id. */
    fees: (assessmentId: string): AsyncGenerator<FeeSheetRow> => byFee(FEES, assessmentId),

    /** The entries of an assessment by fee id and number. */
    async *entries(assessmentId: string): AsyncGenerator<EntrySheetRow> {
      for (let after = [FIRST, 0] as [string, number]; ;) {
        const { rows } = await pool.query<Omit<EntrySheetRow, 'entry'> & Entry>(ENTRIES, [
          assessmentId,
          ...after,
        ]);
        for (const { feeId, ref, name, debit, credit, amountCents, ...entry } of rows)
          yield { feeId, ref, name, debit, credit, amountCents, entry };
        const last = rows.at(-1);
        if (!last || rows.length < PAGE) return;
        after = [last.feeId, last.seq];
      }
    },

    /** The accounts of an assessment; their balances sum to zero. */
    async accounts(assessmentId: string): Promise<AccountRow[]> {
      const { rows } = await pool.query<AccountRow>(
        `select side.account, coalesce(sum(side.cents) filter (where side.cents > 0), 0)::float8
             as "debitCents",
           coalesce(-sum(side.cents) filter (where side.cents < 0), 0)::float8 as "creditCents",
           sum(side.cents)::float8 as "balanceCents"
         from entries e join fees f using (fee_id) ${SIDES}
         where f.assessment_id = $1 and e.debit is not null
         group by side.account order by side.account`,
        [assessmentId],
      );
      return rows;
    },

    /** Each fee's accounts, and what the latest check found about it. */
    feeAccounts: (assessmentId: string): AsyncGenerator<FeeAccountsRow> =>
      byFee(FEE_ACCOUNTS, assessmentId),

    /** The fees of an assessment to which charges, refunds and disputes of Stripe's belong. */
    async owners(assessmentId: string, sources: readonly string[]): Promise<SourceOwner[]> {
      const { rows } = await pool.query<SourceOwner>(
        `select s.source, f.fee_id as "feeId", c.ref, c.name
         from unnest($2::text[]) as s (source)
         join lateral (
           select fee_id from entries where kind = 'paid' and data ->> 'charge' = s.source
           union select fee_id from entries where kind = 'refunded' and data ->> 'refund' = s.source
           union select fee_id from entries
             where kind in ('refund_opened', 'refund_failed', 'disputed')
               and coalesce(data ->> 'refund', data ->> 'dispute') = s.source) e on true
         join fees f using (fee_id) join clinicians c using (clinician_id)
         where f.assessment_id = $1`,
        [assessmentId, sources],
      );
      return rows;
    },
  };
}
