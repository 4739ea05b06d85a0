import type { WorkerDeps } from '../deps.ts';
import { CARD_EVENTS } from '../webhook-event.ts';

/**
 * Stripe's clock and ours may differ, and Stripe may list an event a little late: an hour in ms.
 */
const OVERLAP_MS = 3_600_000;

/**
 * Asks Stripe for the events about cards that no webhook has brought. Comparing the books finds
 * every other change, but a new card shows only in an event. Gives how many events were new; they
 * are stored and handled like events from a webhook. Throws `PaymentsUnavailable` and
 * `PaymentsRefused`.
 */
export async function syncMissedEvents({
  ledger,
  payments,
}: Pick<WorkerDeps, 'ledger' | 'payments'>): Promise<number> {
  const { since, now } = await ledger.events.cardsHeard();
  // Before the first assessment no fee waits for a card.
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
