import type { Scene } from '../scene.ts';
import type { Charge } from '../stripe/books.ts';
import { personOf } from './facts.ts';

/** A person of whom more than one charge for the year was taken and not given back. */
export interface Double {
  ref: string;
  /** In the order in which they were paid. */
  charges: Charge[];
}

/** By Stripe's own books, whichever ledger or program made the charges. */
export function doubles(scene: Pick<Scene, 'stripe' | 'fees'>): Double[] {
  const { books } = scene.stripe;
  const kept = new Map<string, Charge[]>();
  for (const charge of books.charges.values()) {
    const isOfTheYear = charge.metadata.fee !== undefined && charge.status === 'succeeded';
    if (!isOfTheYear || charge.amount_refunded >= charge.amount) continue;
    const { customer, metadata } = charge;
    const ref = personOf(scene, { feeId: metadata.fee ?? '', customer });
    if (ref) kept.set(ref, [...(kept.get(ref) ?? []), charge]);
  }
  return [...kept]
    .filter(([, charges]) => charges.length > 1)
    .map(([ref, charges]) => ({ ref, charges: charges.sort(byTime) }));
}

const byTime = (a: Charge, b: Charge) => (a.paidAt ?? 0) - (b.paidAt ?? 0);
