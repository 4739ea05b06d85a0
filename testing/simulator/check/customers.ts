import type { Scenario } from '../scenario.ts';
import type { Try } from '../account/books.ts';
import { everOf, type FeeFacts } from './facts.ts';
import type { Violation } from './violation.ts';
import { isUncertain } from './uncertain.ts';

/** Whom levy charges: the person of the fee, by a card of theirs, and not when it was given up. */
export function checkCustomers(scenario: Scenario, fees: FeeFacts[]): Violation[] {
  return fees.flatMap((fee) => [...wrongPerson(scenario, fee), ...revived(scenario, fee)]);
}

/** The practice's own books say whose a Stripe customer is; a roster that slips does not. */
function wrongPerson({ stripe }: Scenario, { feeId, person, ownTries }: FeeFacts): Violation[] {
  const { ref } = person.plan;
  const { cardFacts, owners } = stripe.books;
  return ownTries.flatMap(({ charge, customer, paymentMethod }) => {
    const holder = cardFacts.get(paymentMethod)?.holder;
    const owner = owners.get(customer);
    if (owner === ref && holder === customer) return [];
    const what = `${charge} of ${ref} was tried on ${customer} of ${owner}`;
    return [{ invariant: '16 the right person', feeId, what }];
  });
}

/**
 * After a fee was given up it is tried again when a person asks, or when the clinician gives a card
 * on levy's own page. A card that came another way charges nothing.
 */
function revived(scenario: Scenario, fee: FeeFacts): Violation[] {
  const { feeId, ownTries, person } = fee;
  if (isUncertain(scenario, `retry ${person.plan.ref}`)) return [];
  const ends = everOf(fee, 'gave_up');
  const asks = everOf(fee, 'retry_asked').map(({ at }) => at);
  const given = scenario.stripe.books.cardsGiven.flatMap((one) =>
    one.feeId === feeId ? [one.at] : [],
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
