/** The buckets of the roster, each with a sentence for the operator. */
export const BUCKETS = {
  will_be_charged: 'used a code; will get a notice and be charged once this roster is approved',
  no_card: 'used a code, but has no card on file; will be asked for one, not charged',
  no_email: 'used a code, but has no e-mail; cannot be noticed and so is not charged',
  under_way: 'approved before; see the fee',
  settled: 'paid by card or otherwise, refunded, disputed or given up; see the fee',
  waived: 'waived by a person',
  no_use: 'no use of a code found in the year; never contacted',
  vendor_does_not_levy: 'works in an EHR that does not levy the fee; never contacted',
  other_vendor: 'works in another EHR that levies by its own assessment; never contacted',
  held: 'held for a person',
  detecting: 'not looked at yet',
} as const;

export type Bucket = keyof typeof BUCKETS;

/** Totals per bucket: how many clinicians, and how many cents they owe or would be charged. */
export type RosterTotals = Partial<Record<Bucket, { clinicians: number; cents: number }>>;
