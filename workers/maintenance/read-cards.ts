import type { Processor } from '../../jobs/queues.ts';
import type { WorkerDeps } from '../deps.ts';

/** Cards read by one job: 100 calls a second are Stripe's limit, shared with the charges. */
const READ_MAX = 20_000;
/** Cards asked for at once: so few that notices and charges go first. */
const AT_ONCE = 4;

/**
 * Reads the cards of those who owe and were not charged yet, as Stripe shows them: whoever approves
 * a roster sees which cards expire. It decides nothing, and a card is read again to be charged.
 */
export function createReadCards({
  ledger,
  payments,
}: Pick<WorkerDeps, 'ledger' | 'payments'>): Processor<'read-cards'> {
  return async ({ assessmentId }) => {
    let asked = 0;
    let seen = 0;
    for (let after = ''; asked < READ_MAX;) {
      const people = await ledger.cards.unseen(assessmentId, after, AT_ONCE);
      if (people.length === 0) break;
      await Promise.all(
        people.map(async ({ stripeCustomer, paymentMethod }) => {
          const card = await payments.readCard(stripeCustomer, paymentMethod);
          if (!card.found) return;
          await ledger.cards.saw(stripeCustomer, card);
          seen += 1;
        }),
      );
      asked += people.length;
      after = people.at(-1)?.ref ?? after;
    }
    return { done: `${seen} of ${asked} cards seen` };
  };
}
