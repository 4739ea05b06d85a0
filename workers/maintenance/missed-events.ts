import type { WorkerDeps } from '../deps.ts';
import { CARD_EVENTS } from '../webhook-event.ts';

/** Stripe's clock and ours may differ, and an event may be listed a little after its time. */
const OVERLAP_MS = 3_600_000;

/**
 * Asks Stripe for the events about cards that no webhook has brought: what else happens there is
 * found by comparing the books, but a card that was given can only be heard of. Gives how many
 * were news; their hints are followed like any other's. Throws `PaymentsUnavailable`.
 */
export async function syncMissedEvents({
  ledger,
  payments,
}: Pick<WorkerDeps, 'ledger' | 'payments'>): Promise<number> {
  const { since, now } = await ledger.events.cardsHeard();
  // Before the first assessment nobody waits for a card.
  if (!since) return 0;
  const from = new Date(since.getTime() - OVERLAP_MS);
  const listed = [];
  for await (const event of payments.listEvents({ since: from, types: [...CARD_EVENTS] }))
    listed.push(event);
  let news = 0;
  for (const event of listed.reverse()) if (await ledger.events.receive(event)) news += 1;
  await ledger.events.setCardsHeard(now);
  return news;
}
