import type Stripe from 'stripe';
import type {
  IntentReading,
  RecordedNotice,
  Refusal,
  RefusedCharge,
} from '../../core/fee/intent.ts';

/** What to expand when an intent is read, so that one call usually gives everything. */
export const EXPAND_INTENT = ['latest_charge.refunds'];

/** The latest charge of an intent when it was expanded, else null. */
export function chargeOf(intent: Stripe.PaymentIntent): Stripe.Charge | null {
  return intent.latest_charge && typeof intent.latest_charge === 'object'
    ? intent.latest_charge
    : null;
}

/** Translates an intent into core's words, with its refunds and disputes. */
export function readingOf(
  intent: Stripe.PaymentIntent,
  refunds: Stripe.Refund[],
  disputes: Stripe.Dispute[],
): IntentReading {
  const charge = chargeOf(intent);
  const succeeded = intent.status === 'succeeded';
  const failure = succeeded ? null : intent.last_payment_error;
  return {
    intent: intent.id,
    status: STATUS[intent.status] ?? 'processing',
    customer: idOf(intent.customer),
    feeId: intent.metadata.fee ?? null,
    notice: noticeOf(intent.metadata),
    canceledFor: intent.cancellation_reason,
    amountCents: succeeded ? intent.amount_received : intent.amount,
    charge: idOf(intent.latest_charge),
    refusal: failure ? refusalOf(failure, charge) : null,
    refusedCard: failure ? (failure.payment_method?.id ?? null) : null,
    refusedBefore: [],
    refunds: refunds.map((refund) => ({
      refund: refund.id,
      amountCents: refund.amount,
      status: refundStatus(refund.status),
    })),
    dispute: disputeOf(disputes),
  };
}

/**
 * The intent's states in core's words. `requires_action` waits for a cardholder who is not present.
 * An unknown state, or money held and not taken, is not final yet.
 */
const STATUS: Record<string, IntentReading['status']> = {
  requires_payment_method: 'waiting',
  requires_confirmation: 'waiting',
  requires_action: 'waiting',
  processing: 'processing',
  requires_capture: 'processing',
  succeeded: 'succeeded',
  canceled: 'canceled',
};

/** The notice in the metadata, when all three fields are set; empty fields remove a notice. */
function noticeOf({ notice, noticed_at: at, charge_from: from }: Stripe.Metadata) {
  const isWhole =
    notice && !Number.isNaN(Date.parse(at ?? '')) && !Number.isNaN(Date.parse(from ?? ''));
  return isWhole ? ({ messageId: notice, at, chargeFrom: from } as RecordedNotice) : null;
}

/** The fields of a decline, the same in an error answer and in `last_payment_error`. */
interface Failure {
  code?: string;
  decline_code?: string;
  advice_code?: string;
  network_advice_code?: string;
  /** The id of the failed charge. */
  charge?: string;
}

/**
 * Why a card was refused, in codes only. If the charge is known and is the failed one, it adds what
 * the error does not say: whether the network saw it, and why Stripe itself blocked it.
 */
export function refusalOf(failure: Failure, charge: Stripe.Charge | null): Refusal {
  const id = failure.charge ?? charge?.id ?? null;
  const outcome = charge && charge.id === id ? charge.outcome : null;
  const blocked = outcome?.type === 'blocked' ? outcome.reason : null;
  return {
    code: blocked || failure.decline_code || failure.code || 'card_declined',
    adviceCode: failure.advice_code || outcome?.advice_code || null,
    networkAdviceCode: failure.network_advice_code || outcome?.network_advice_code || null,
    sentToNetwork: outcome ? outcome.network_status !== 'not_sent_to_network' : id !== null,
    charge: id,
  };
}

/** The refusal of a failed charge; an empty list for any other charge. */
export function refusalOfCharge(charge: Stripe.Charge): RefusedCharge[] {
  if (charge.status !== 'failed') return [];
  const { failure_code: code, outcome, payment_method: paymentMethod } = charge;
  const fingerprint = charge.payment_method_details?.card?.fingerprint ?? null;
  // The charge's outcome names the bank's decline code as its reason.
  const failure = {
    ...(code && { code }),
    ...(outcome?.reason && { decline_code: outcome.reason }),
  };
  const at = new Date(charge.created * 1000);
  const which = { paymentMethod, fingerprint, at };
  return [{ ...refusalOf({ ...failure, charge: charge.id }, charge), ...which }];
}

/** A refund's state in core's words; a refund that waits for the cardholder is pending. */
export function refundStatus(status: string | null): 'pending' | 'succeeded' | 'failed' {
  if (status === 'succeeded') return 'succeeded';
  return status === 'failed' || status === 'canceled' ? 'failed' : 'pending';
}

/** The id of an object that may be expanded. */
export function idOf(reference: string | { id: string } | null | undefined): string | null {
  if (!reference) return null;
  return typeof reference === 'string' ? reference : reference.id;
}

/**
 * A dispute's state in core's words. An inquiry (`warning_...`) has taken no money yet, and a
 * dispute prevented before it reached the balance never will.
 */
export function disputeStatus(dispute: Stripe.Dispute): 'inquiry' | 'open' | 'won' | 'lost' {
  const { status, balance_transactions: moved } = dispute;
  if (status.startsWith('warning_') || (status === 'prevented' && moved.length === 0))
    return 'inquiry';
  if (status === 'won') return 'won';
  return status === 'lost' || status === 'prevented' ? 'lost' : 'open';
}

/** The newest dispute that took money. */
function disputeOf(newestFirst: Stripe.Dispute[]): IntentReading['dispute'] {
  for (const one of newestFirst) {
    const status = disputeStatus(one);
    if (status === 'inquiry') continue;
    return { dispute: one.id, amountCents: one.amount, status, why: one.reason };
  }
  return null;
}
