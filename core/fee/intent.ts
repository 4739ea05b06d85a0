import type { DeclineSignals } from './declines.ts';
import { entry, type EntryData, type NewEntry } from './fee.ts';
import { declinesOf, type FeeState } from './fold.ts';
import { decideRetry } from './retry-ladder.ts';
import type { Policy } from '../policy.ts';

/** Why a confirmation was refused, in core's words. */
export interface Refusal extends DeclineSignals {
  /** False when the card network never saw it (blocked before, or an invalid request). */
  sentToNetwork: boolean;
  /** The failed charge; null when none was made. */
  charge: string | null;
}

/** A refused charge of an intent, with the card that was refused. */
export type RefusedCharge = Refusal & {
  paymentMethod: string | null;
  fingerprint: string | null;
  at: Date;
};

/**
 * The notice that an intent's metadata names, accepted by a mail server for this or another ledger.
 */
export interface RecordedNotice {
  messageId: string;
  /** The moment of acceptance, ISO 8601. */
  at: string;
  /** The moment from which the notice allows a charge, ISO 8601. */
  chargeFrom: string;
}

/** A PaymentIntent as read from Stripe, reduced to the facts that the ledger records. */
export interface IntentReading {
  intent: string;
  status: 'waiting' | 'processing' | 'succeeded' | 'canceled';
  customer: string | null;
  amountCents: number;
  /** The fee's id in the metadata; null when the intent is not levy's. */
  feeId: string | null;
  /** The notice in the metadata; null when none stands. */
  notice: RecordedNotice | null;
  /** Stripe's reason for the cancellation; null when not canceled, or no reason was given. */
  canceledFor: string | null;
  /** The latest charge, whether it succeeded or failed; null before the first confirmation. */
  charge: string | null;
  /** Why the latest confirmation was refused; null when it was not. */
  refusal: Refusal | null;
  /** The card of that confirmation; null when Stripe does not say. */
  refusedCard: string | null;
  /**
   * Every refused charge of the intent, oldest first; empty unless they were asked for: see
   * `needsHistory`.
   */
  refusedBefore: RefusedCharge[];
  refunds: { refund: string; amountCents: number; status: 'pending' | 'succeeded' | 'failed' }[];
  dispute: {
    dispute: string;
    amountCents: number;
    status: 'open' | 'won' | 'lost';
    why: string;
  } | null;
}

/**
 * The entries that a refused attempt leads to: `declined` with its verdict, and `gave_up` after the
 * last try, or `held` for an unknown code. Throws without an open attempt.
 */
export function recordRefusal(
  fee: FeeState,
  refusal: Refusal,
  at: Date,
  policy: Policy,
): NewEntry[] {
  if (!fee.openAttempt) throw new Error('Bug! a refusal without an open attempt');
  const { attempt, paymentMethod, fingerprint } = fee.openAttempt;
  const declines = declinesOf(fee, paymentMethod) + 1;
  const declined = declinedBy(refusal, {
    attempt,
    paymentMethod,
    fingerprint,
    ...decideRetry(refusal, declines, at, policy),
  });
  return [declined, ...endOfLadder(fee, declined, declines)];
}

type Declined = Extract<NewEntry, { kind: 'declined' }>;

function declinedBy(
  { code, adviceCode, networkAdviceCode, sentToNetwork, charge }: Refusal,
  which: Pick<
    EntryData['declined'],
    'attempt' | 'paymentMethod' | 'fingerprint' | 'verdict' | 'retryAt' | 'adopted'
  >,
): Declined {
  const signals = { charge, code, adviceCode, networkAdviceCode, sentToNetwork };
  return entry('declined', { ...signals, ...which }) as Declined;
}

/** Adds `gave_up` after the last try, or `held` for a code that needs a person. */
function endOfLadder(fee: FeeState, { data }: Declined, declines: number): NewEntry[] {
  if (data.verdict === 'give_up' && !fee.gaveUp)
    return [entry('gave_up', { amountCents: amountOwed(fee), why: `${declines} attempts` })];
  if (data.verdict === 'manual_review' && !fee.held)
    return [entry('held', { why: `decline code ${data.code} needs a person` })];
  return [];
}

/**
 * Whether the refused charges of an intent must be read before it can be compared: its latest
 * charge is unknown here, and may not be the only unknown one, or may not be the open attempt's.
 */
export function needsHistory(fee: FeeState, reading: IntentReading): boolean {
  const { status, charge } = reading;
  if (charge === null || fee.knownCharges.has(charge)) return false;
  const isOver = status === 'succeeded' || status === 'canceled';
  return isOver || !fee.openAttempt || isOfOtherCard(fee.openAttempt, reading);
}

/** Whether another card than the attempt's was refused last: another ledger tried that card. */
function isOfOtherCard(
  { paymentMethod }: EntryData['attempted'],
  { refusedCard }: IntentReading,
): boolean {
  return refusedCard !== null && refusedCard !== paymentMethod;
}

/**
 * The entries that a reading of the intent adds: payments, declines, refunds and disputes that the
 * ledger lacks, whoever caused them. Empty when the two agree. A reading applied twice or out of
 * order adds nothing twice, because everything is compared by Stripe's own ids.
 */
export function reconcileIntent(
  fee: FeeState,
  reading: IntentReading,
  at: Date,
  policy: Policy,
): NewEntry[] {
  if (reading.status === 'succeeded')
    return [...payment(fee, reading, at, policy), ...afterwards(fee, reading)];
  if (!fee.openAttempt) return othersDeclines(fee, reading, policy);
  if (reading.status === 'canceled') {
    // The attempt may have been refused before another ledger canceled the intent.
    const ours = refusedBefore(fee, fee.openAttempt, reading);
    const why = 'the intent was canceled';
    return ours
      ? recordRefusal(fee, ours, at, policy)
      : [entry('lapsed', { attempt: fee.openAttempt.attempt, why })];
  }
  const isNew = reading.charge !== null && !fee.knownCharges.has(reading.charge);
  if (reading.status !== 'waiting' || !isNew || !reading.refusal) return [];
  const isOthers = isOfOtherCard(fee.openAttempt, reading);
  // Another ledger's refusals are recorded from the next reading, when no attempt is open.
  const refusal = isOthers ? refusedBefore(fee, fee.openAttempt, reading) : reading.refusal;
  return refusal ? recordRefusal(fee, refusal, at, policy) : [];
}

function payment(fee: FeeState, reading: IntentReading, at: Date, policy: Policy): NewEntry[] {
  if (fee.paid) return [];
  const { charge, amountCents, intent } = reading;
  if (!charge) throw new Error('Bug! a succeeded intent without a charge');
  const ours = fee.openAttempt && refusedBefore(fee, fee.openAttempt, reading);
  // Only the decline is recorded, not what follows from it: the intent was paid by somebody else.
  const refusal = ours ? recordRefusal(fee, ours, at, policy).slice(0, 1) : [];
  const others = unknownDeclines(fee, reading, ours, policy).map(({ declined }) => declined);
  const attempt = ours ? null : (fee.openAttempt?.attempt ?? null);
  const paid = entry('paid', { amountCents, intent, charge, attempt });
  // The fee was waived and then paid: the waiver continues as a refund.
  const was = fee.otherPayment ? 'paid otherwise' : 'waived';
  const why = `it had been ${was} here when it was charged elsewhere`;
  const back = fee.waived ? [entry('refund_asked', { why })] : [];
  return [...revive(fee), ...refusal, ...others, paid, ...back];
}

/**
 * The refusal of the open attempt, when another attempt made the payment. Stripe does not say whose
 * a charge is: the attempt's is the first charge of its card that the ledger does not know.
 */
function refusedBefore(
  { knownCharges }: FeeState,
  { paymentMethod }: EntryData['attempted'],
  reading: IntentReading,
): RefusedCharge | null {
  const isOurs = (one: RefusedCharge) =>
    one.paymentMethod === paymentMethod && one.charge !== null && !knownCharges.has(one.charge);
  return reading.refusedBefore.find(isOurs) ?? null;
}

/** Declines of attempts by another ledger, or by a person in Stripe's dashboard. */
function othersDeclines(fee: FeeState, reading: IntentReading, policy: Policy): NewEntry[] {
  // A fee that is not owed is never tried, so its declines have no consequence.
  if (!fee.assessed || fee.waived) return [];
  const found = unknownDeclines(fee, reading, null, policy);
  const last = found.at(-1);
  if (!last) return [];
  return [
    ...found.map(({ declined }) => declined),
    ...endOfLadder(fee, last.declined, last.declines),
  ];
}

/**
 * The declines of an intent that the ledger does not know, numbered after its attempts, each with
 * the number of declines of its card so far.
 * @param ours  the refusal of the open attempt, which is left out
 */
function unknownDeclines(
  fee: FeeState,
  reading: IntentReading,
  ours: RefusedCharge | null,
  policy: Policy,
): { declined: Declined; declines: number }[] {
  let attempt = fee.attempts;
  const declinesByCard = new Map(fee.declinesByCard);
  return reading.refusedBefore.flatMap((one) => {
    if (one.charge === null || one === ours || fee.knownCharges.has(one.charge)) return [];
    attempt += 1;
    const { paymentMethod, fingerprint } = one;
    const declines = (declinesByCard.get(paymentMethod) ?? 0) + 1;
    declinesByCard.set(paymentMethod, declines);
    const which = { attempt, paymentMethod, fingerprint, adopted: true as const };
    // The wait for the next try starts at the decline, not when the ledger learns of it.
    const declined = declinedBy(one, { ...which, ...decideRetry(one, declines, one.at, policy) });
    return [{ declined, declines }];
  });
}

function afterwards(fee: FeeState, reading: IntentReading): NewEntry[] {
  const found: NewEntry[] = [];
  for (const { refund, amountCents, status } of reading.refunds) {
    const known = fee.refundsClosed.get(refund);
    if (status === 'succeeded' && !known) found.push(entry('refunded', { refund, amountCents }));
    if (status === 'pending' && !known && !fee.refundsOpened.has(refund))
      found.push(entry('refund_opened', { refund, amountCents }));
    if (status === 'failed' && known !== 'failed')
      found.push(...refundFailed(refund, known === 'succeeded' ? amountCents : 0));
  }
  const dispute = reading.dispute;
  if (!dispute || fee.disputesClosed.has(dispute.dispute)) return found;
  const { why, status, ...which } = dispute;
  if (fee.disputed?.dispute !== dispute.dispute) found.push(entry('disputed', { ...which, why }));
  if (status !== 'open') found.push(entry('dispute_closed', { ...which, won: status === 'won' }));
  return found;
}

/**
 * The entries for a refund that came to nothing: a person pays the money back another way.
 * @param refund  Stripe's id; null when Stripe refused to open the refund
 * @param amountCents  what the ledger has recorded as refunded and takes back
 */
export function refundFailed(
  refund: string | null,
  amountCents: number,
  why = 'the refund failed at Stripe; pay it back another way',
): NewEntry[] {
  return [entry('refund_failed', { refund, amountCents, why }), entry('held', { why })];
}

/** A `revived` entry for a fee that had been written off; nothing for any other fee. */
export function revive(fee: FeeState): NewEntry[] {
  return fee.gaveUp ? [entry('revived', { amountCents: amountOwed(fee) })] : [];
}

/** The assessed amount, in cents. Throws before the fee was assessed. */
export function amountOwed(fee: FeeState): number {
  if (!fee.assessed) throw new Error('Bug! an amount was asked for before the fee was assessed');
  return fee.assessed.amountCents;
}

/** The idempotency keys. A retry of one action has the same key; two actions never share a key. */
export const keys = {
  /**
   * Made of customer and year, not of the fee: two ledgers that do not know of each other create
   * one intent. `nth`: how many were canceled or ended by an error of Stripe's.
   */
  intent: (customer: string, year: number, nth: number): string =>
    `levy-intent-${year}-${customer}${nth > 0 ? `-${nth}` : ''}`,
  /**
   * The key contains the card and the charge before: another ledger may try the same intent with
   * another card or other numbers. Two ledgers that know the same charges and try the same card use
   * one key.
   */
  attempt: ({
    intent,
    attempt,
    paymentMethod,
    chargeBefore,
  }: Pick<EntryData['attempted'], 'intent' | 'attempt' | 'paymentMethod' | 'chargeBefore'>) =>
    `levy-attempt-${intent}-${attempt}-${paymentMethod}-${chargeBefore ?? 'first'}`,
  /** `change`: the number of the entry that causes the change. */
  notice: (intent: string, change: number): string => `levy-notice-${intent}-${change}`,
  cancel: (intent: string, reason: string): string => `levy-cancel-${intent}-${reason}`,
  /** `emailChanges`: a customer with another e-mail is another request, which needs another key. */
  customer: (feeId: string, emailChanges: number): string =>
    `levy-customer-${feeId}-${emailChanges}`,
  refund: (feeId: string, seq: number): string => `levy-refund-${feeId}-${seq}`,
};

/** Stripe may forget an idempotency key after 24 hours; we stop an hour earlier. In ms. */
export const KEY_SAFE_MS = 23 * 3_600_000;
