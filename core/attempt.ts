import { daysLater } from './calendar.ts';
import { remedy } from './declines.ts';
import { entry, type EntryData, type NewEntry } from './fee.ts';
import type { Folded } from './fold.ts';
import type { Policy } from './policy.ts';

/** Why a confirmation was refused, in core's words. Codes only, never Stripe's prose. */
export interface Refusal {
  /** The decline code, or the error code when there is none. */
  code: string;
  adviceCode: string | null;
  networkAdviceCode: string | null;
  /** False when the card network never saw it (blocked before, or the request was invalid). */
  sentToNetwork: boolean;
  /** The failed charge; null when none was made. */
  charge: string | null;
}

/** A PaymentIntent as read from Stripe, reduced to what the ledger can be made to agree with. */
export interface IntentReading {
  intent: string;
  status: 'waiting' | 'processing' | 'succeeded' | 'canceled';
  amountCents: number;
  /** The latest charge, whether it succeeded or failed; null before the first confirmation. */
  charge: string | null;
  /** Why the latest confirmation was refused; null when it was not. */
  refusal: Refusal | null;
  /**
   * Of a payment, what had been refused on the intent before, the oldest first. Only where it was
   * asked for: whoever has an attempt of unknown outcome must know, or would take the payment of
   * somebody else for its own.
   */
  refusedBefore: (Refusal & { paymentMethod: string | null })[];
  refunds: { refund: string; amountCents: number; status: 'pending' | 'succeeded' | 'failed' }[];
  dispute: {
    dispute: string;
    amountCents: number;
    status: 'open' | 'won' | 'lost';
    why: string;
  } | null;
}

/**
 * The entries a refused attempt leads to: the decline with its verdict, and where the ladder
 * ends or nobody knows the code, what follows from it.
 */
export function refused(fee: Folded, refusal: Refusal, at: Date, policy: Policy): NewEntry[] {
  const attempt = fee.open?.attempt;
  if (attempt === undefined) throw new Error('Bug! a refusal without an open attempt');
  const declines = fee.declinesOfCard + 1;
  const judged = judge(refusal, declines, at, policy);
  const declined = entry('declined', {
    attempt,
    charge: refusal.charge,
    code: refusal.code,
    adviceCode: refusal.adviceCode,
    networkAdviceCode: refusal.networkAdviceCode,
    sentToNetwork: refusal.sentToNetwork,
    ...judged,
  });
  if (judged.verdict === 'give_up')
    return [declined, entry('gave_up', { amountCents: owed(fee), why: `${declines} attempts` })];
  if (judged.verdict === 'park')
    return [declined, entry('held', { why: `decline code ${refusal.code} needs a person` })];
  return [declined];
}

function judge(
  refusal: Refusal,
  declines: number,
  at: Date,
  policy: Policy,
): Pick<EntryData['declined'], 'verdict' | 'retryAt'> {
  const what = remedy(refusal);
  if (what === 'card') return { verdict: 'needs_card', retryAt: null };
  const isLast = declines >= policy.attemptsMax;
  // However often a person lets it go on, there are no more tries than these.
  if (what === 'look' && !isLast) return { verdict: 'park', retryAt: null };
  const days = policy.retryDays[declines - 1];
  if (isLast || days === undefined) return { verdict: 'give_up', retryAt: null };
  const soon = what === 'soon' && declines === 1;
  const retryAt = soon ? new Date(at.getTime() + policy.retrySoonMs) : daysLater(at, days, policy);
  return { verdict: 'retry', retryAt: retryAt.toISOString() };
}

/**
 * What a reading of the intent adds to the ledger: payments, declines, refunds and disputes it
 * does not know yet, whoever caused them. Empty when the two agree. Applying a reading twice, or
 * readings out of order, adds nothing twice: everything is compared by Stripe's own ids.
 */
export function adopt(fee: Folded, reading: IntentReading, at: Date, policy: Policy): NewEntry[] {
  if (reading.status === 'succeeded')
    return [...payment(fee, reading, at, policy), ...afterwards(fee, reading)];
  if (!fee.open) return [];
  if (reading.status === 'canceled')
    return [entry('lapsed', { attempt: fee.open.attempt, why: 'the intent was canceled' })];
  const isNew = reading.charge !== null && !fee.earlierCharges.has(reading.charge);
  if (reading.status === 'waiting' && isNew && reading.refusal)
    return refused(fee, reading.refusal, at, policy);
  return [];
}

function payment(fee: Folded, reading: IntentReading, at: Date, policy: Policy): NewEntry[] {
  if (fee.paid) return [];
  const { charge, amountCents, intent } = reading;
  if (!charge) throw new Error('Bug! a succeeded intent without a charge');
  const ours = fee.open && refusedBefore(fee, fee.open, reading);
  // What else a refusal leads to is over: the intent has been paid, by somebody elsewhere.
  const refusal = ours ? refused(fee, ours, at, policy).slice(0, 1) : [];
  const attempt = ours ? null : (fee.open?.attempt ?? null);
  return [...revive(fee), ...refusal, entry('paid', { amountCents, intent, charge, attempt })];
}

/**
 * The refusal of the open attempt, when the payment that was found is not its own. Stripe does not
 * say whose a charge was; the attempt's is the first that the ledger does not know, of its card.
 */
function refusedBefore(
  { earlierCharges }: Folded,
  { paymentMethod }: EntryData['attempted'],
  reading: IntentReading,
): Refusal | null {
  const isOurs = (one: IntentReading['refusedBefore'][number]) =>
    one.paymentMethod === paymentMethod && one.charge !== null && !earlierCharges.has(one.charge);
  return reading.refusedBefore.find(isOurs) ?? null;
}

function afterwards(fee: Folded, reading: IntentReading): NewEntry[] {
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

function refundFailed(refund: string, amountCents: number): NewEntry[] {
  const why = 'the refund failed at Stripe; pay it back another way';
  return [entry('refund_failed', { refund, amountCents, why }), entry('held', { why })];
}

/** Takes up a fee that had been written off; nothing for any other. */
export function revive(fee: Folded): NewEntry[] {
  return fee.gaveUp ? [entry('revived', { amountCents: owed(fee) })] : [];
}

/** What is still owed: the assessed amount, in cents. */
export function owed(fee: Folded): number {
  if (!fee.assessed) throw new Error('Bug! an amount was asked for before the fee was assessed');
  return fee.assessed.amountCents;
}

/** The idempotency keys: the same for every try of the same thing, never of two things. */
export const keys = {
  /** `nth`: of a creation that Stripe has ended with an error of its own the next, from 0. */
  intent: (feeId: string, nth = 0): string => `levy-intent-${feeId}${nth > 0 ? `-${nth}` : ''}`,
  attempt: (feeId: string, attempt: number): string => `levy-attempt-${feeId}-${attempt}`,
  cancel: (feeId: string): string => `levy-cancel-${feeId}`,
  orphan: (intent: string): string => `levy-cancel-${intent}`,
  refund: (feeId: string, seq: number): string => `levy-refund-${feeId}-${seq}`,
};

/** Stripe may forget an idempotency key after 24 hours; an hour less, to be sure. */
export const KEY_SAFE_MS = 23 * 3_600_000;
