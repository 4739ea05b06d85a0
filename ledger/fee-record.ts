import type pg from 'pg';
import type { Entry, Evidence, NewEntry } from '../core/fee/fee.ts';
import type { Policy } from '../core/policy.ts';

/** A fee with everything that a decision about it needs, as of one moment. */
export interface FeeRecord {
  feeId: string;
  entries: Entry[];
  assessment: {
    assessmentId: string;
    vendor: string;
    vendorName: string;
    year: number;
    policy: Policy;
    royaltyCents: number;
    processingCents: number;
    amountCents: number;
    forecast: boolean;
    livemode: boolean;
    autoApprove: boolean;
    paused: boolean;
  };
  clinician: {
    clinicianId: string;
    ref: string;
    name: string;
    email: string | null;
    vendor: string;
    /** Whether the EHR the clinician works in levies the fee at all. */
    vendorLevies: boolean;
    stripeCustomer: string | null;
    paymentMethod: string | null;
    /** How often the e-mail has changed on the roster, and how often customer or card. */
    emailChanges: number;
    cardChanges: number;
    /** The latest card among those changes; null when none came. */
    latestCard: string | null;
  };
  /** The first use that counts, by the current evidence; null when there is none. */
  firstUse: Evidence | null;
  /** Stripe's pages on which another card may still be given for this fee. */
  cardPages: string[];
  /** The database's clock: the time of loading plus the time passed since. */
  now: () => Date;
}

/** Loads the fees of $1, each with everything that `feeRecordOf` needs. */
export const LOAD = `
  select f.fee_id, levy_now() as now, a.assessment_id, a.vendor, v.name as vendor_name,
    cv.levies as clinician_vendor_levies, a.year, a.policy, a.royalty_cents,
    a.processing_cents, a.amount_cents, a.forecast,
    a.livemode, a.auto_approve, a.paused_at is not null as paused,
    c.clinician_id, c.ref, c.name, c.email, c.vendor as clinician_vendor, c.stripe_customer,
    c.payment_method, c.email_changes, c.card_changes, c.latest_card,
    (select jsonb_agg(jsonb_build_object('seq', e.seq, 'kind', e.kind, 'at', e.at,
        'actor', e.actor, 'data', e.data) order by e.seq)
      from entries e where e.fee_id = f.fee_id) as entries,
    (select jsonb_build_object('kind', u.kind, 'firstUsedOn', u.first_used_on,
        'evidenceId', u.evidence_id)
      from counting_evidence u
      where u.clinician_id = f.clinician_id and u.year = a.year
      order by u.first_used_on, u.kind, u.evidence_id limit 1) as first_use,
    array(select p.session from card_pages p
      where p.fee_id = f.fee_id and p.closed_at is null
        and p.opened_at > levy_now() - interval '24 hours') as card_pages
  from fees f
  join assessments a using (assessment_id)
  join vendors v on v.vendor = a.vendor
  join clinicians c using (clinician_id)
  join vendors cv on cv.vendor = c.vendor
  where f.fee_id = any ($1::uuid[])`;

/** A row of `LOAD`. */
export interface LoadedRow {
  fee_id: string;
  now: Date;
  assessment_id: string;
  vendor: string;
  vendor_name: string;
  clinician_vendor_levies: boolean;
  year: number;
  policy: Policy;
  royalty_cents: number;
  processing_cents: number;
  amount_cents: number;
  forecast: boolean;
  livemode: boolean;
  auto_approve: boolean;
  paused: boolean;
  clinician_id: string;
  ref: string;
  name: string;
  email: string | null;
  clinician_vendor: string;
  stripe_customer: string | null;
  payment_method: string | null;
  email_changes: number;
  card_changes: number;
  latest_card: string | null;
  entries: (NewEntry & { seq: number; at: string; actor: string })[] | null;
  first_use: Evidence | null;
  card_pages: string[];
}

/** Makes a fee of a row of `LOAD`. `sinceLoadedMs` gives the ms since the row was asked for. */
export function feeRecordOf(row: LoadedRow, sinceLoadedMs: () => number): FeeRecord {
  return {
    feeId: row.fee_id,
    entries: (row.entries ?? []).map((one) => ({ ...one, at: new Date(one.at) })),
    assessment: {
      assessmentId: row.assessment_id,
      vendor: row.vendor,
      vendorName: row.vendor_name,
      year: row.year,
      policy: row.policy,
      royaltyCents: row.royalty_cents,
      processingCents: row.processing_cents,
      amountCents: row.amount_cents,
      forecast: row.forecast,
      livemode: row.livemode,
      autoApprove: row.auto_approve,
      paused: row.paused,
    },
    clinician: {
      clinicianId: row.clinician_id,
      ref: row.ref,
      name: row.name,
      email: row.email,
      vendor: row.clinician_vendor,
      vendorLevies: row.clinician_vendor_levies,
      stripeCustomer: row.stripe_customer,
      paymentMethod: row.payment_method,
      emailChanges: row.email_changes,
      cardChanges: row.card_changes,
      latestCard: row.latest_card,
    },
    firstUse: row.first_use,
    cardPages: row.card_pages,
    now: () => new Date(row.now.getTime() + sinceLoadedMs()),
  };
}

/** Loads these fees, each in its place; null for an id without a fee. */
export async function loadFees(
  db: pg.Pool | pg.PoolClient,
  elapsedMs: () => number,
  feeIds: string[],
): Promise<(FeeRecord | null)[]> {
  // Measured from before the query: our clock may be ahead by the query's duration, never behind,
  // so that no notice is dated before it was accepted.
  const askedAt = elapsedMs();
  const { rows } = await db.query<LoadedRow>(LOAD, [[...new Set(feeIds)]]);
  const byId = new Map(rows.map((row) => [row.fee_id, row]));
  return feeIds.map((feeId) => {
    const row = byId.get(feeId);
    return row ? feeRecordOf(row, () => elapsedMs() - askedAt) : null;
  });
}
