import type { Scenario } from '../scenario.ts';
import type { AccountCharge } from '../account/books.ts';
import { personOf } from './facts.ts';

/** A person of whom more than one charge for the year was taken and not given back. */
export interface Double {
  ref: string;
  /** In the order in which they were paid. */
  charges: AccountCharge[];
}

/** By Stripe's own books, whichever ledger or program made the charges. */
export function doubles(scenario: Pick<Scenario, 'stripe' | 'fees'>): Double[] {
  const { books } = scenario.stripe;
  const kept = new Map<string, AccountCharge[]>();
  for (const charge of books.charges.values()) {
    const isOfTheYear = charge.metadata.fee !== undefined && charge.status === 'succeeded';
    if (!isOfTheYear || charge.amount_refunded >= charge.amount) continue;
    const { customer, metadata } = charge;
    const ref = personOf(scenario, { feeId: metadata.fee ?? '', customer });
    if (ref) kept.set(ref, [...(kept.get(ref) ?? []), charge]);
  }
  return [...kept]
    .filter(([, charges]) => charges.length > 1)
    .map(([ref, charges]) => ({ ref, charges: charges.sort(byTime(books.paidAt)) }));
}

const byTime = (paidAt: Map<string, number>) => (a: AccountCharge, b: AccountCharge) =>
  (paidAt.get(a.id) ?? 0) - (paidAt.get(b.id) ?? 0);
