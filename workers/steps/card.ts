import { NETWORK_BUDGETS } from '../../core/fee/declines.ts';
import { DAY_MS } from '../../core/policy.ts';
import { entry, type NewEntry } from '../../core/fee/fee.ts';
import type { FeeRecord } from '../../ledger/fees.ts';
import type { WorkerDeps } from '../deps.ts';

/** A card that may be charged now; or why there is none, or why the networks forbid it. */
export type ReadyCard =
  | { paymentMethod: string; fingerprint: string | null; brand: string; last4: string }
  | { missing: string }
  | { spent: string };

/** No card to announce or to charge; another than those that were known takes the fee up again. */
export function noCard({ cardChanges }: FeeRecord['clinician'], why: string): NewEntry {
  return entry('card_missing', { why, cardChanges });
}

/** Reads the card on file and checks it against the card networks' own limits on declines. */
export async function readyCard(
  { ledger, payments }: Pick<WorkerDeps, 'ledger' | 'payments'>,
  clinician: FeeRecord['clinician'],
  now: Date,
): Promise<ReadyCard> {
  if (!clinician.stripeCustomer) return { missing: 'no_customer' };
  const card = await payments.readCard(clinician.stripeCustomer, clinician.paymentMethod);
  if (!card.found) return { missing: card.why };
  for (const budget of NETWORK_BUDGETS) {
    if (budget.brand !== card.brand || !card.fingerprint) continue;
    const since = new Date(now.getTime() - budget.days * DAY_MS);
    const declines = await ledger.reports.declinesOfCard(card.fingerprint, since);
    if (declines >= budget.declines)
      return { spent: `${declines} declines in ${budget.days} days: ${budget.source}` };
  }
  return card;
}
