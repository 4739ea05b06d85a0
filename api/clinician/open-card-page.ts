import { applyExternalChange } from '../../core/fee/actions.ts';
import { keys } from '../../core/fee/intent.ts';
import type { FeeRecord } from '../../ledger/fees.ts';
import type { ApiDeps } from '../deps.ts';
import type { By } from '../routes/actions.ts';

/**
 * Opens a page of Stripe's on which the fee's clinician gives a card, and gives its URL. The page
 * is recorded before anybody is sent to it. Null for a clinician without customer and e-mail.
 * Throws `PaymentsUnavailable` and `PaymentsRefused`.
 * @param key  the same key gives the same page for a day; missing: each call opens a page
 */
export async function openCardPage(
  deps: Pick<ApiDeps, 'ledger' | 'payments' | 'publicUrl'>,
  by: By,
  feeRecord: FeeRecord,
  key?: string,
): Promise<string | null> {
  const customer = await customerOf(deps, by, feeRecord);
  if (!customer) return null;
  const { feeId } = feeRecord;
  const returnUrl = `${deps.publicUrl}/card-saved`;
  const request = { customer, feeId, returnUrl, ...(key && { key }) };
  const { url, session } = await deps.payments.cardLink(request);
  await deps.ledger.cardPages.opened(feeId, session);
  return url;
}

/**
 * The Stripe customer to give a card to. If the roster names none, the one that levy created
 * earlier, or a new one, so that a practice needs no list of customers. Null for a clinician
 * without an e-mail, who cannot have come by a link of ours.
 */
export async function customerOf(
  { ledger, payments }: Pick<ApiDeps, 'ledger' | 'payments'>,
  by: By,
  { feeId, clinician }: FeeRecord,
): Promise<string | null> {
  const { clinicianId, stripeCustomer, ref, name, email, emailChanges } = clinician;
  if (stripeCustomer || !email) return stripeCustomer;
  const key = keys.customer(feeId, emailChanges);
  const made =
    (await payments.findMadeCustomer({ ref, email })) ??
    (await payments.createCustomer({ ref, name, email, key }));
  const customer = await ledger.clinicians.setMadeCustomer(clinicianId, made);
  const object = `clinician ${clinicianId}`;
  await ledger.access.audit({ ...by, action: 'made_customer', object, detail: { customer: made } });
  for (const fee of await ledger.clinicians.fees(clinicianId))
    await ledger.fees.change(fee.feeId, by.actor, (state) => ({
      entries: applyExternalChange(state, { change: 'customer', customer }),
    }));
  return customer;
}
