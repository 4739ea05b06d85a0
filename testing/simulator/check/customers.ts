import type { Scene } from '../scene.ts';
import type { Try } from '../stripe/books.ts';
import { everOf, type FeeFacts, type Violation } from './facts.ts';
import { isUncertain } from './uncertain.ts';

/** Whom levy charges: the person of the fee, by a card of theirs, and not when it was given up. */
export function checkCustomers(scene: Scene, fees: FeeFacts[]): Violation[] {
  return fees.flatMap((fee) => [...wrongPerson(scene, fee), ...revived(scene, fee)]);
}

/** The practice's own books say whose a Stripe customer is; a roster that slips does not. */
function wrongPerson({ stripe }: Scene, { feeId, person, ownTries }: FeeFacts): Violation[] {
  const { ref } = person.plan;
  const { cards, customers } = stripe.books;
  return ownTries.flatMap(({ charge, customer, paymentMethod }) => {
    const holder = cards.get(paymentMethod)?.holder;
    const owner = customers.get(customer)?.owner;
    if (owner === ref && holder === customer) return [];
    const what = `${charge} of ${ref} was tried on ${customer} of ${owner}`;
    return [{ invariant: '16 the right person', feeId, what }];
  });
}

/**
 * After a fee was given up it is tried again when a person asks, or when the clinician gives a card
 * on levy's own page. A card that came another way charges nothing.
 */
function revived(scene: Scene, fee: FeeFacts): Violation[] {
  const { feeId, ownTries, person } = fee;
  if (isUncertain(scene, `retry ${person.plan.ref}`)) return [];
  const ends = everOf(fee, 'gave_up');
  const asks = everOf(fee, 'retry_asked').map(({ at }) => at);
  const given = [...scene.stripe.books.sessions.values()].flatMap((session) =>
    session.metadata.fee === feeId && session.completedAt !== null ? [session.completedAt] : [],
  );
  const hasSaid = (one: Try) =>
    ends.every(
      ({ at }) =>
        at >= one.decidedAt || [...asks, ...given].some((said) => said >= at && said <= one.at),
    );
  return ownTries
    .filter((one) => !hasSaid(one))
    .map(({ charge }) => {
      const what = `${charge} after the fee was given up, and nobody had asked`;
      return { invariant: '17 given up', feeId, what };
    });
}
