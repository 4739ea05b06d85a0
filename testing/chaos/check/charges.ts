import type { CardName, Person } from '../population.ts';
import { FEE_CENTS, type Harness } from '../harness.ts';
import type { Seen } from './books.ts';
import type { Fees } from './fees.ts';
import { noticesOf } from './notices.ts';

/**
 * Of every person at most one charge that was not given back, over all ledgers; each of the right
 * amount, with evidence, and a notice to that person long enough before.
 */
export function charges(harness: Harness, seen: Seen): string[] {
  const found: string[] = [];
  const byCustomer = new Map(harness.people.map((person) => [person.customer, person]));
  const kept = new Map<string, string[]>();
  for (const one of seen.charges.filter(({ succeeded }) => succeeded)) {
    const person = byCustomer.get(one.customer);
    if (!person) {
      found.push(`charge ${one.charge} is of ${one.customer}, whom nobody knows`);
      continue;
    }
    if (one.refunded < one.amount)
      kept.set(person.ref, [...(kept.get(person.ref) ?? []), one.charge]);
    if (one.amount !== FEE_CENTS) found.push(`charge ${one.charge} took ${one.amount} cents`);
    found.push(...unproven(harness, person, one), ...unannounced(harness, person, one));
  }
  for (const [ref, many] of kept)
    if (many.length > 1) found.push(`${ref} was charged ${many.length} times: ${many.join(', ')}`);
  return found;
}

type Charge = Seen['charges'][number];

function unproven({ history }: Harness, person: Person, { charge, at }: Charge): string[] {
  if (!person.uses) return [`${person.ref} used nothing and was charged: ${charge}`];
  const handedIn = history.handedIn.get(person.wave) ?? Infinity;
  return handedIn < at + 1_000
    ? []
    : [`${person.ref} was charged before there was evidence: ${charge}`];
}

function unannounced(harness: Harness, person: Person, { charge, at }: Charge): string[] {
  const { dayMs, noticeDays } = harness.policy;
  const latest = at + 1_000 - dayMs * noticeDays;
  if (noticesOf(harness, person).some((mail) => mail.at < latest)) return [];
  return [`charge ${charge} of ${person.ref} did not come a notice period after their notice`];
}

/** Cards that their banks refuse for good at the first try. */
const REFUSED: ReadonlySet<CardName> = new Set([
  'pm_card_chargeDeclinedLostCard',
  'pm_card_chargeDeclinedExpiredCard',
  'pm_card_levy_doNotTryAgain',
]);

/** No card is tried again, by any ledger, once its bank has refused it for good. */
export function refusedCards({ people, history }: Harness, seen: Seen): string[] {
  return people
    .filter(({ card, input }) => card && REFUSED.has(input))
    .flatMap(({ ref, card }) => {
      const [first, ...more] = seen.charges.filter((one) => one.card === card);
      const renewals = history.renewed.get(card ?? '') ?? [];
      const again = more.filter(
        ({ at }) => !renewals.some((moment) => moment >= (first?.at ?? 0) && moment < at + 1_000),
      );
      return again.map(({ charge }) => `the card of ${ref} was tried again: ${charge}`);
    });
}

/** A ledger knows of the money that was taken from those it has to do with. */
export function booked(
  { people, history, touched }: Harness,
  seen: Seen,
  { fees, isAlone }: { fees: Fees; isAlone: boolean },
): string[] {
  return people.flatMap((person) => {
    const { ref, customer } = person;
    // Nothing is owed by those who have moved. Of the waivers and holds of one ledger the other
    // hears nothing, and may take what this one has no fee for any more.
    if (history.moved.has(ref) || (!isAlone && touched.has(ref))) return [];
    const taken = seen.charges.filter((one) => one.succeeded && one.customer === customer).length;
    const here = fees.of(person)?.kinds?.filter((kind) => kind === 'paid').length ?? 0;
    return taken === here ? [] : [`Stripe took money ${taken} times: ${fees.tell(person)}`];
  });
}
