import type Stripe from 'stripe';
import type { IntentReading, Refusal } from '../../core/fee/intent.ts';
import { isReplay, type Call } from './calls.ts';
import { orMissing } from './cards.ts';
import {
  isWrongState,
  PaymentsRefused,
  PaymentsUnavailable,
  SLOW_DOWN,
  TOO_LATE,
  tooLate,
} from './errors.ts';
import type { Reader } from './reader.ts';
import { EXPAND_INTENT, readingOf } from './reading.ts';

/** What is known after a confirmation was sent. Only `unknown` needs Stripe to be asked again. */
export type Confirmation =
  /** The intent as it stands now: succeeded; after a refused repetition also anything else. */
  | { outcome: 'answered'; reading: IntentReading }
  /** The card was refused. A replayed key gives the same refusal again. */
  | { outcome: 'declined'; refusal: Refusal }
  /** The money may or may not have been taken; only reading the intent tells. */
  | { outcome: 'unknown'; why: string }
  /** Stripe has ended what this key asked for with an error of its own; so the intent stands. */
  | { outcome: 'closed'; reading: IntentReading }
  /** This request did nothing: send the same again later, with the same key. */
  | { outcome: 'slow_down'; why: string; afterMs: number | null }
  /** Nothing happened and never will: the request itself is wrong, which is our bug. */
  | { outcome: 'refused_request'; code: string };

/** The one call that takes money. */
export function confirming(stripe: Stripe, call: Call, { readIntent, readOutcome }: Reader) {
  /**
   * Confirms the intent once with this card, without the cardholder: the one call that takes
   * money. Never throws for what Stripe or the network does; every end is a `Confirmation`.
   * `isLate` is asked at the last moment, after any waiting: what Stripe may have forgotten the
   * key of is not sent any more.
   */
  async function confirmIntent(args: {
    intent: string;
    paymentMethod: string;
    key: string;
    /** Whose intent it is: two calls about one customer are not made at once. */
    customer?: string | null;
    isLate?: () => boolean;
  }): Promise<Confirmation> {
    const send = async () => {
      if (args.isLate?.()) throw tooLate();
      return stripe.paymentIntents.confirm(
        args.intent,
        { payment_method: args.paymentMethod, off_session: true, expand: EXPAND_INTENT },
        { idempotencyKey: args.key },
      );
    };
    try {
      const answer = await call('POST /v1/payment_intents/:id/confirm', send, args.customer);
      if (isReplay(answer)) return await lookAgain(args.intent);
      if (answer.status === 'requires_action') return declined(UNATTENDED);
      return concluded(readingOf(answer, [], []));
    } catch (error) {
      if (error instanceof PaymentsUnavailable)
        return error.kept ? closed(args.intent) : unanswered(error);
      if (error instanceof PaymentsRefused) return refused(error, args);
      throw error;
    }
  }

  async function refused(
    error: PaymentsRefused,
    args: { intent: string; paymentMethod: string },
  ): Promise<Confirmation> {
    if (error.refusal) return explained(error.refusal, args.intent);
    if (isWrongState(error)) return lookAgain(args.intent);
    if (error.code === 'resource_missing' && /^(payment_method|customer)$/.test(error.param ?? ''))
      return declined(CARD_GONE);
    // A key used for another request says nothing about the card: what it did is not known here.
    const maybeCard = error.status === 400 && error.code !== 'idempotency_error';
    if (maybeCard && (await isDetached(stripe, call, args.paymentMethod)))
      return declined(CARD_GONE);
    return { outcome: 'refused_request', code: error.code };
  }

  /**
   * A decline's error does not say whether the network ever saw it, which decides about the
   * network's budget, nor why Stripe blocked it: one read of the intent does. If that fails, the
   * error alone must do.
   */
  async function explained(refusal: Refusal, intent: string): Promise<Confirmation> {
    const now = await readIntent(intent).catch(ifOffline(null));
    // Paid elsewhere since.
    if (now?.status === 'succeeded') return lookAgain(intent);
    const same = now?.refusal && now.refusal.charge === refusal.charge;
    return declined(same && now.refusal ? now.refusal : refusal);
  }

  async function lookAgain(intent: string): Promise<Confirmation> {
    try {
      return concluded(await readOutcome(intent));
    } catch (error) {
      if (error instanceof PaymentsUnavailable) return { outcome: 'unknown', why: error.why };
      throw error;
    }
  }

  /** Asked again with the same key Stripe gives the same error for a day: only the intent tells. */
  async function closed(intent: string): Promise<Confirmation> {
    const found = await lookAgain(intent);
    const isOver = found.outcome === 'answered' && found.reading.status !== 'succeeded';
    return isOver ? { outcome: 'closed', reading: found.reading } : found;
  }

  return { confirmIntent };
}

const CARD_GONE: Refusal = {
  code: 'resource_missing',
  adviceCode: null,
  networkAdviceCode: null,
  sentToNetwork: false,
  charge: null,
};

/** The bank wants the cardholder, who is not there. */
const UNATTENDED: Refusal = { ...CARD_GONE, code: 'authentication_required', sentToNetwork: true };

function declined(refusal: Refusal): Confirmation {
  return { outcome: 'declined', refusal };
}

function concluded(reading: IntentReading): Confirmation {
  if (reading.status === 'processing') return { outcome: 'unknown', why: 'processing' };
  return { outcome: 'answered', reading };
}

function unanswered({ why, afterMs }: PaymentsUnavailable): Confirmation {
  return SLOW_DOWN.has(why) || why === TOO_LATE
    ? { outcome: 'slow_down', why, afterMs }
    : { outcome: 'unknown', why };
}

/** For an extra look that may be done without: its failure to get through is `instead`. */
function ifOffline<T>(instead: T) {
  return (error: unknown): T => {
    if (error instanceof PaymentsUnavailable) return instead;
    throw error;
  };
}

/** Stripe refuses a card detached meanwhile without any code that says so. */
async function isDetached(stripe: Stripe, call: Call, paymentMethod: string): Promise<boolean> {
  const card = call('GET /v1/payment_methods/:id', () =>
    stripe.paymentMethods.retrieve(paymentMethod),
  );
  const now = await orMissing(card).catch(ifOffline(undefined));
  return now === null || now?.customer === null;
}
