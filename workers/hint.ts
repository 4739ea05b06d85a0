import { follow } from '../core/acts.ts';
import { adopt } from '../core/attempt.ts';
import { fold } from '../core/fold.ts';
import type { Processor } from '../jobs/queues.ts';
import type { KnownClinician } from '../ledger/clinicians.ts';
import type { StripeEvent } from '../ledger/events.ts';
import type { WorkerDeps } from './deps.ts';
import { readIntentFor } from './due-fee.ts';

type Deps = Pick<WorkerDeps, 'ledger' | 'payments'>;

/** Events that may mean another card, or the same card with new data. */
export const CARD_EVENTS: ReadonlySet<string> = new Set([
  'payment_method.attached',
  'payment_method.automatically_updated',
  'checkout.session.completed',
  'setup_intent.succeeded',
]);

/**
 * Follows a webhook's hint: looks at the object it names and records what the object says. The
 * event's own content counts for nothing, so doubled, late or reordered events change nothing.
 */
export function createHint(deps: Deps): Processor<'hint'> {
  return async ({ eventId }) => {
    const event = await deps.ledger.events.get(eventId);
    if (!event) return { done: 'no such event' };
    if (event.handledAt) return { done: 'handled before' };
    const outcome = await heed(deps, event);
    await deps.ledger.events.handled(eventId, outcome);
    return { done: outcome };
  };
}

async function heed(deps: Deps, event: StripeEvent): Promise<string> {
  if (event.feeId) return readFee(deps, event.feeId);
  if (!CARD_EVENTS.has(event.type) || !event.customer) return 'not about a fee';
  const clinicians = await deps.ledger.clinicians.byCustomer(event.customer);
  const changed = [];
  for (const clinician of clinicians) changed.push(await readCard(deps, clinician, event));
  return changed.includes(true) ? 'another card' : 'no other card';
}

/** Makes the fee agree with its intent as Stripe has it now. */
export async function readFee({ ledger, payments }: Deps, feeId: string): Promise<string> {
  const feeCase = await ledger.fees.load(feeId);
  const seen = feeCase && fold(feeCase.entries);
  if (!seen?.intent) return 'no intent';
  const reading = await readIntentFor(payments, seen, seen.intent);
  const changed = await ledger.fees.change(feeId, 'Stripe', (fee, current) => ({
    entries: adopt(fee, reading, current.now(), current.assessment.policy),
  }));
  return changed && 'added' in changed ? `${changed.added} new entries` : 'no such fee';
}

async function readCard(
  { ledger, payments }: Deps,
  clinician: KnownClinician,
  event: StripeEvent,
): Promise<boolean> {
  const { clinicianId, stripeCustomer, paymentMethod } = clinician;
  if (!stripeCustomer) return false;
  // A card the bank renewed keeps its id and matters if it is the one on file; any other event
  // brings the card to use from now on, unless it is heard of after a later one.
  const renewed = event.type === 'payment_method.automatically_updated';
  const isOld = renewed || (await ledger.events.isOvertaken(event));
  const card = await payments.readCard(stripeCustomer, isOld ? paymentMethod : event.paymentMethod);
  if (!card.found || (renewed && card.paymentMethod !== event.paymentMethod)) return false;
  const isOther = !renewed && card.paymentMethod !== paymentMethod;
  if (isOther) await ledger.clinicians.setCard(clinicianId, card.paymentMethod);
  // Also when the card is on file already: this job may have ended between the two.
  const change = {
    change: 'card',
    paymentMethod: card.paymentMethod,
    ...(renewed && { renewedAt: event.createdAt }),
  } as const;
  let added = 0;
  for (const { feeId } of await ledger.clinicians.fees(clinicianId)) {
    const after = await ledger.fees.change(feeId, 'Stripe', (fee) => ({
      entries: follow(fee, change),
    }));
    if (after && 'added' in after) added += after.added;
  }
  return isOther || added > 0;
}
