import { audited, type By } from '../routes/actions.ts';
import { openCardPage } from '../clinician/open-card-page.ts';
import type { ApiDeps } from '../deps.ts';
import { problem } from '../http/errors.ts';

/**
 * Opens a page of Stripe's on which the fee's clinician gives another card, and gives its URL.
 * Throws `not_found`, `no_customer`, `PaymentsUnavailable` and `PaymentsRefused`.
 */
export async function cardLinkOf(deps: ApiDeps, by: By, feeId: string): Promise<string> {
  return audited(deps, by, { action: 'card_link', object: `fee ${feeId}` }, async () => {
    const feeRecord = await deps.ledger.fees.load(feeId);
    if (!feeRecord) throw problem('not_found');
    const url = await openCardPage(deps, by, feeRecord);
    if (!url) throw problem('no_customer');
    return url;
  });
}
