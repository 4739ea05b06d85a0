import { applyExternalChange } from '../core/fee/actions.ts';
import { reconcileIntent, needsHistory } from '../core/fee/intent.ts';
import { isReplaced } from '../core/fee/existing-intent.ts';
import { fold, type FeeState } from '../core/fee/fold.ts';
import type { Processor } from '../jobs/queues.ts';
import type { KnownClinician } from '../ledger/clinicians.ts';
import type { StripeEvent } from '../ledger/events.ts';
import type { FeeRecord } from '../ledger/fees.ts';
import type { WorkerDeps } from './deps.ts';
import { ConflictError } from './steps/due-fee.ts';
import {
  compareWithStripe,
  paidByEarlierCustomer,
  readIntentFor,
  replacedIntent,
} from './steps/intent.ts';

type Deps = Pick<WorkerDeps, 'ledger' | 'payments'>;

/** Event types that may mean that a customer has another card, or new data for the same card. */
export const CARD_EVENTS: ReadonlySet<string> = new Set([
  'payment_method.attached',
  'payment_method.automatically_updated',
  'checkout.session.completed',
  'setup_intent.succeeded',
]);

/**
 * Handles a webhook's event: reads from Stripe the object that the event names, and records what
 * the object says. The event's own content is not used, so an event that comes twice, late or out
 * of order changes nothing.
 */
export function createWebhookEvent(deps: Deps): Processor<'webhook-event'> {
  return async ({ eventId }) => {
    const event = await deps.ledger.events.get(eventId);
    if (!event) return { done: 'no such event' };
    if (event.handledAt) return { done: 'handled before' };
    const outcome = await handleEvent(deps, event);
    await deps.ledger.events.handled(eventId, outcome);
    return { done: outcome };
  };
}

async function handleEvent(deps: Deps, event: StripeEvent): Promise<string> {
  const isCard = CARD_EVENTS.has(event.type);
  // An event about a card carries a fee's id when the clinician gave the card on that fee's page.
  if (event.feeId && !isCard) return reconcileFee(deps, event.feeId);
  if (!isCard || !event.customer) return 'not about a fee';
  const clinicians = await deps.ledger.clinicians.byCustomer(event.customer);
  const changed = [];
  for (const clinician of clinicians) changed.push(await readCard(deps, clinician, event));
  return changed.includes(true) ? 'another card' : 'no other card';
}

/**
 * Adds the entries that make the fee agree with its intent at Stripe. A fee without an intent in
 * the ledger is compared with the intents Stripe has for its customer and year. Gives a sentence
 * for the job's outcome. Throws `ConflictError`, `PaymentsUnavailable` and `PaymentsRefused`.
 * @param intents  intents that are the fee's by Stripe's books, perhaps of an earlier customer
 */
export async function reconcileFee(
  deps: Deps,
  feeId: string,
  intents: readonly string[] = [],
): Promise<string> {
  const feeRecord = await deps.ledger.fees.load(feeId);
  if (!feeRecord) return 'no such fee';
  const fee = fold(feeRecord.entries);
  const due = { feeRecord, fee };
  const others = intents.filter((intent) => intent !== fee.intent);
  const paid = fee.paid ? null : await paidByEarlierCustomer(deps, due, others);
  if (!paid && fee.intent) return readKnown(deps, feeRecord, fee, fee.intent);
  const entries = paid ?? (await compareWithStripe(deps, due, null)).entries;
  if (entries.length === 0) return 'no intent';
  const after = await deps.ledger.fees.append(feeRecord, entries, STRIPE);
  if (!after) throw new ConflictError('the fee has moved on');
  return `${entries.length} new entries`;
}

async function readKnown(
  { ledger, payments }: Deps,
  { feeId }: FeeRecord,
  seen: FeeState,
  intent: string,
): Promise<string> {
  const reading = await readIntentFor(payments, seen, intent);
  const changed = await ledger.fees.change(feeId, STRIPE, (fee, current) => {
    // The fee has another intent by now, and the reading says nothing about that one.
    if (fee.intent !== intent) return { entries: [] };
    if (needsHistory(fee, reading) && !needsHistory(seen, reading))
      throw new ConflictError('an attempt has begun since Stripe was read');
    const adopted = reconcileIntent(fee, reading, current.now(), current.assessment.policy);
    const gone = isReplaced(reading) && !fee.openAttempt ? [replacedIntent(reading)] : [];
    return { entries: [...adopted, ...gone] };
  });
  return changed && 'added' in changed ? `${changed.added} new entries` : 'no such fee';
}

/** The actor of entries that say what Stripe said. */
const STRIPE = 'Stripe';

async function readCard(
  { ledger, payments }: Deps,
  clinician: KnownClinician,
  event: StripeEvent,
): Promise<boolean> {
  const { clinicianId, stripeCustomer, paymentMethod } = clinician;
  if (!stripeCustomer) return false;
  // A card that the bank renewed keeps its id, and matters only if it is the card on file. Any
  // other event names the card to use from now on, unless the customer attached another card after
  // it.
  const renewed = event.type === 'payment_method.automatically_updated';
  const isOld = renewed || (await ledger.events.isOvertaken(event));
  const card = await payments.readCard(stripeCustomer, isOld ? paymentMethod : event.paymentMethod);
  if (!card.found || (renewed && card.paymentMethod !== event.paymentMethod)) return false;
  await ledger.cards.saw(stripeCustomer, card);
  const isOther = !renewed && card.paymentMethod !== paymentMethod;
  if (isOther) await ledger.clinicians.setCard(clinicianId, card.paymentMethod);
  // Also when the card is on file already: an earlier run may have ended between the two writes.
  const { paymentMethod: given } = card;
  const change = {
    change: 'card',
    paymentMethod: given,
    ...(renewed && { renewedAt: event.createdAt }),
  } as const;
  let added = 0;
  for (const { feeId } of await ledger.clinicians.fees(clinicianId)) {
    const asked = feeId === event.feeId;
    const after = await ledger.fees.change(feeId, STRIPE, (fee) => ({
      entries: applyExternalChange(fee, { ...change, asked }),
    }));
    if (after && 'added' in after) added += after.added;
  }
  return isOther || added > 0;
}
