import type Stripe from 'stripe';
import type { IntentReading, Refusal } from '../core/attempt.ts';
import { isReplay, pages, type Call } from './stripe-calls.ts';
import { orMissing } from './stripe-cards.ts';
import { PaymentsRefused, PaymentsUnavailable, SLOW_DOWN } from './stripe-faults.ts';
import { chargeOf, EXPAND_INTENT, readingOf, refundStatus } from './stripe-reading.ts';

/** What is known after a confirmation was sent. Only `unknown` needs Stripe to be asked again. */
export type Confirmation =
  /** The intent as it stands now: succeeded; after a refused repetition also anything else. */
  | { outcome: 'answered'; reading: IntentReading }
  /** The card was refused. A replayed key gives the same refusal again. */
  | { outcome: 'declined'; refusal: Refusal }
  /** The money may or may not have been taken; only reading the intent tells. */
  | { outcome: 'unknown'; why: string }
  /** Nothing happened: send the same again later, with the same key. */
  | { outcome: 'slow_down'; why: string; afterMs: number | null }
  /** Nothing happened and never will: the request itself is wrong, which is our bug. */
  | { outcome: 'refused_request'; code: string };

export interface OpenedRefund {
  refund: string;
  amountCents: number;
  status: 'pending' | 'succeeded' | 'failed';
}

type Intent = Stripe.Response<Stripe.PaymentIntent>;

/** The fee's intent: created once, confirmed once per attempt, read before it is believed. */
export function intents(stripe: Stripe, call: Call) {
  /**
   * Creates the fee's intent, unconfirmed, in US cents. Stripe gets the fee's id and the year and
   * nothing else: no receipt address (receipts are ours), no payment method (the confirmation
   * names it). Redirecting methods are off, or Stripe would ask every confirmation for a
   * `return_url`. Throws `PaymentsUnavailable`, `PaymentsRefused`.
   */
  async function openIntent(args: {
    feeId: string;
    year: number;
    amountCents: number;
    customer: string;
    key: string;
  }): Promise<IntentReading> {
    const params: Stripe.PaymentIntentCreateParams = {
      amount: args.amountCents,
      currency: 'usd',
      customer: args.customer,
      automatic_payment_methods: { enabled: true, allow_redirects: 'never' },
      description: `${args.year} fee ${args.feeId}`,
      // Behind the account's own name on the card statement. It belongs to card charges, may be
      // set before a card is known, and fits the 22 characters with any prefix.
      statement_descriptor_suffix: `FEE ${args.year}`,
      metadata: { fee: args.feeId, year: String(args.year) },
      expand: EXPAND_INTENT,
    };
    const intent = await call('POST /v1/payment_intents', () =>
      stripe.paymentIntents.create(params, { idempotencyKey: args.key }),
    );
    return current(intent);
  }

  /** The fee's intents, newest first, by list (a search lags behind). Throws as above. */
  async function findIntents(args: { customer: string; feeId: string }): Promise<IntentReading[]> {
    const found: IntentReading[] = [];
    const all = pages(call, 'GET /v1/payment_intents', (page) =>
      stripe.paymentIntents.list({
        customer: args.customer,
        expand: EXPAND_INTENT.map((path) => `data.${path}`),
        ...page,
      }),
    );
    for await (const intent of all)
      if (intent.metadata.fee === args.feeId) found.push(await complete(intent));
    return found;
  }

  /** The intent as Stripe has it now. Throws as above. */
  async function readIntent(intent: string): Promise<IntentReading> {
    return complete(
      await call('GET /v1/payment_intents/:id', () =>
        stripe.paymentIntents.retrieve(intent, { expand: EXPAND_INTENT }),
      ),
    );
  }

  /**
   * Cancels the intent, so that it can never succeed. If it had succeeded before, or is already
   * canceled, the reading says so. Throws as above.
   */
  async function cancelIntent(args: { intent: string; key: string }): Promise<IntentReading> {
    try {
      const canceled = await call('POST /v1/payment_intents/:id/cancel', () =>
        stripe.paymentIntents.cancel(
          args.intent,
          { expand: EXPAND_INTENT },
          { idempotencyKey: args.key },
        ),
      );
      return await current(canceled);
    } catch (error) {
      if (isWrongState(error)) return readIntent(args.intent);
      throw error;
    }
  }

  /**
   * Pays everything back. What was refunded before, by us or in the dashboard, is given back
   * instead of an error. A refund is not final before Stripe says so. Throws as above.
   */
  async function openRefund(args: {
    intent: string;
    key: string;
    feeId: string;
  }): Promise<OpenedRefund> {
    try {
      const made = await call('POST /v1/refunds', () =>
        stripe.refunds.create(
          { payment_intent: args.intent, metadata: { fee: args.feeId } },
          { idempotencyKey: args.key },
        ),
      );
      if (!isReplay(made)) return opened(made);
      return opened(await call('GET /v1/refunds/:id', () => stripe.refunds.retrieve(made.id)));
    } catch (error) {
      if (!(error instanceof PaymentsRefused) || error.code !== 'charge_already_refunded')
        throw error;
      const [before] = await refundsOf(args.intent);
      if (!before) throw error;
      return opened(before);
    }
  }

  async function refundsOf(intent: string): Promise<Stripe.Refund[]> {
    const found: Stripe.Refund[] = [];
    for await (const refund of pages(call, 'GET /v1/refunds', (page) =>
      stripe.refunds.list({ payment_intent: intent, ...page }),
    ))
      found.push(refund);
    return found;
  }

  /** A repeated key is answered with the state of then: ask for the state of now. */
  async function current(intent: Intent): Promise<IntentReading> {
    return isReplay(intent) ? readIntent(intent.id) : complete(intent);
  }

  /** Fetches what the charge says there is more of; most intents need no further call. */
  async function complete(intent: Stripe.PaymentIntent): Promise<IntentReading> {
    const charge = chargeOf(intent);
    const enclosed = charge?.refunds;
    const missing = enclosed ? enclosed.has_more : (charge?.amount_refunded ?? 0) > 0;
    const refunds = missing ? await refundsOf(intent.id) : (enclosed?.data ?? []);
    const disputes = charge?.disputed
      ? await call('GET /v1/disputes', () => stripe.disputes.list({ charge: charge.id }))
      : null;
    return readingOf(intent, refunds, disputes?.data ?? []);
  }

  return {
    openIntent,
    findIntents,
    readIntent,
    confirmIntent: confirming(stripe, call, readIntent),
    cancelIntent,
    openRefund,
  };
}

function confirming(
  stripe: Stripe,
  call: Call,
  readIntent: (intent: string) => Promise<IntentReading>,
) {
  /**
   * Confirms the intent once with this card, without the cardholder: the one call that takes
   * money. Never throws for what Stripe or the network does; every end is a `Confirmation`.
   */
  return async function confirmIntent(args: {
    intent: string;
    paymentMethod: string;
    key: string;
  }): Promise<Confirmation> {
    try {
      const answer = await call('POST /v1/payment_intents/:id/confirm', () =>
        stripe.paymentIntents.confirm(
          args.intent,
          { payment_method: args.paymentMethod, off_session: true, expand: EXPAND_INTENT },
          { idempotencyKey: args.key },
        ),
      );
      if (isReplay(answer)) return await lookAgain(args.intent);
      if (answer.status === 'requires_action') return declined(UNATTENDED);
      return concluded(readingOf(answer, [], []));
    } catch (error) {
      if (error instanceof PaymentsUnavailable) return unanswered(error);
      if (error instanceof PaymentsRefused) return refused(error, args);
      throw error;
    }
  };

  async function refused(
    error: PaymentsRefused,
    args: { intent: string; paymentMethod: string },
  ): Promise<Confirmation> {
    if (error.refusal) return explained(error.refusal, args.intent);
    if (isWrongState(error)) return lookAgain(args.intent);
    if (error.code === 'resource_missing' && /^(payment_method|customer)$/.test(error.param ?? ''))
      return declined(CARD_GONE);
    if (error.status === 400 && (await isDetached(args.paymentMethod))) return declined(CARD_GONE);
    return { outcome: 'refused_request', code: error.code };
  }

  /**
   * A decline's error does not say whether the network ever saw it, which decides about the
   * network's budget, nor why Stripe blocked it: one read of the intent does. If that fails, the
   * error alone must do.
   */
  async function explained(refusal: Refusal, intent: string): Promise<Confirmation> {
    const now = await readIntent(intent).catch(ifOffline(null));
    if (now?.status === 'succeeded') return concluded(now);
    const same = now?.refusal && now.refusal.charge === refusal.charge;
    return declined(same && now.refusal ? now.refusal : refusal);
  }

  async function lookAgain(intent: string): Promise<Confirmation> {
    try {
      return concluded(await readIntent(intent));
    } catch (error) {
      if (error instanceof PaymentsUnavailable) return { outcome: 'unknown', why: error.why };
      throw error;
    }
  }

  /** Stripe refuses a card detached meanwhile without any code that says so. */
  async function isDetached(paymentMethod: string): Promise<boolean> {
    const card = call('GET /v1/payment_methods/:id', () =>
      stripe.paymentMethods.retrieve(paymentMethod),
    );
    const now = await orMissing(card).catch(ifOffline(undefined));
    return now === null || now?.customer === null;
  }
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
  return SLOW_DOWN.has(why) ? { outcome: 'slow_down', why, afterMs } : { outcome: 'unknown', why };
}

function isWrongState(error: unknown): boolean {
  return (
    error instanceof PaymentsRefused &&
    (error.code === 'payment_intent_unexpected_state' || error.code === 'intent_invalid_state')
  );
}

/** For an extra look that may be done without: its failure to get through is `instead`. */
function ifOffline<T>(instead: T) {
  return (error: unknown): T => {
    if (error instanceof PaymentsUnavailable) return instead;
    throw error;
  };
}

function opened({ id, amount, status }: Stripe.Refund): OpenedRefund {
  return { refund: id, amountCents: amount, status: refundStatus(status) };
}
