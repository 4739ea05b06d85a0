import type Stripe from 'stripe';
import type {
  IntentReading,
  RecordedNotice,
  Refusal,
  RefusedCharge,
} from '../../core/fee/intent.ts';
import {
  PaymentsRefused,
  PaymentsUnavailable,
  type CancelReason,
  type Confirmation,
  type OpenedRefund,
  type Payments,
} from '../payments.ts';
import { isReplay, pages, type Call } from './calls.ts';
import { orMissing } from './cards.ts';
import { isWrongState, SLOW_DOWN, TOO_LATE, tooLate } from './errors.ts';
import { chargeOf, EXPAND_INTENT, readingOf, refundStatus, refusalOfCharge } from './reading.ts';

/** The fee's one intent. */
type Intents = Pick<
  Payments,
  | 'openIntent'
  | 'recordNotice'
  | 'readIntent'
  | 'readOutcome'
  | 'refusedCharges'
  | 'findIntents'
  | 'confirmIntent'
  | 'cancelIntent'
  | 'openRefund'
>;

/** Creates, reads, confirms, cancels and refunds the fee's one intent. */
export function intents(stripe: Stripe, call: Call): Intents {
  async function readIntent(intent: string): Promise<IntentReading> {
    return complete(
      await call('GET /v1/payment_intents/:id', () =>
        stripe.paymentIntents.retrieve(intent, { expand: EXPAND_INTENT }),
      ),
    );
  }

  async function refusedCharges(intent: string): Promise<RefusedCharge[]> {
    const charges = pages(call, 'GET /v1/charges', (page) =>
      stripe.charges.list({ payment_intent: intent, ...page }),
    );
    const newestFirst: RefusedCharge[] = [];
    for await (const charge of charges) newestFirst.push(...refusalOfCharge(charge));
    return newestFirst.reverse();
  }

  async function readOutcome(intent: string): Promise<IntentReading> {
    const reading = await readIntent(intent);
    if (reading.charge === null) return reading;
    return { ...reading, refusedBefore: await refusedCharges(intent) };
  }

  async function findIntents(args: { customer: string; year: number }): Promise<IntentReading[]> {
    const year = String(args.year);
    // No fee of a year is owed before the year; one day allows for clocks and zones.
    const gte = Date.UTC(args.year, 0, 1) / 1000 - 86_400;
    const found: IntentReading[] = [];
    const all = pages(call, 'GET /v1/payment_intents', (page) =>
      stripe.paymentIntents.list({
        customer: args.customer,
        created: { gte },
        expand: EXPAND_INTENT.map((path) => `data.${path}`),
        ...page,
      }),
    );
    for await (const intent of all)
      if (intent.metadata.fee && (intent.metadata.year ?? year) === year)
        found.push(await complete(intent));
    return found;
  }

  /** A repeated key gives the intent as it was then: read it again as it is now. */
  async function current(intent: Stripe.Response<Stripe.PaymentIntent>): Promise<IntentReading> {
    return isReplay(intent) ? readIntent(intent.id) : complete(intent);
  }

  /** Adds refunds that the answer left out, and disputes; most intents need no further call. */
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

  /** All refunds of an intent, newest first. */
  async function refundsOf(intent: string): Promise<Stripe.Refund[]> {
    const found: Stripe.Refund[] = [];
    for await (const refund of pages(call, 'GET /v1/refunds', (page) =>
      stripe.refunds.list({ payment_intent: intent, ...page }),
    ))
      found.push(refund);
    return found;
  }

  async function openIntent(args: {
    feeId: string;
    year: number;
    vendor: string;
    notice: RecordedNotice | null;
    amountCents: number;
    customer: string;
    key: string;
    isLate?: () => boolean;
  }): Promise<IntentReading> {
    const params: Stripe.PaymentIntentCreateParams = {
      amount: args.amountCents,
      currency: 'usd',
      customer: args.customer,
      automatic_payment_methods: { enabled: true, allow_redirects: 'never' },
      description: `${args.year} fee ${args.feeId}`,
      // Follows the account's own name on the card statement. It applies to card charges, may be
      // set before a card is known, and fits the 22 characters with any prefix.
      statement_descriptor_suffix: `FEE ${args.year}`,
      metadata: {
        fee: args.feeId,
        year: String(args.year),
        vendor: args.vendor,
        ...(args.notice && noticeMetadata(args.notice)),
      },
      expand: EXPAND_INTENT,
    };
    const send = async () => {
      if (args.isLate?.()) throw tooLate();
      return stripe.paymentIntents.create(params, { idempotencyKey: args.key });
    };
    const intent = await call('POST /v1/payment_intents', send, args.customer);
    return current(intent);
  }

  async function recordNotice(args: {
    intent: string;
    notice: RecordedNotice | null;
    key: string;
    customer: string | null;
  }): Promise<void> {
    const { intent, notice, key, customer } = args;
    const metadata = noticeMetadata(notice ?? { messageId: '', at: '', chargeFrom: '' });
    const send = () => stripe.paymentIntents.update(intent, { metadata }, { idempotencyKey: key });
    await call('POST /v1/payment_intents/:id', send, customer);
  }

  async function cancelIntent(args: {
    intent: string;
    reason: CancelReason;
    key: string;
    customer?: string | null;
  }): Promise<IntentReading> {
    const { intent, reason, key, customer } = args;
    const params = { cancellation_reason: reason, expand: EXPAND_INTENT };
    const send = () => stripe.paymentIntents.cancel(intent, params, { idempotencyKey: key });
    try {
      const canceled = await call('POST /v1/payment_intents/:id/cancel', send, customer);
      return await current(canceled);
    } catch (error) {
      if (isWrongState(error)) return readOutcome(intent);
      throw error;
    }
  }

  async function openRefund(args: {
    intent: string;
    key: string;
    feeId: string;
    customer?: string | null;
  }): Promise<OpenedRefund> {
    const { intent, key, feeId, customer } = args;
    const input = { payment_intent: intent, metadata: { fee: feeId } };
    const send = () => stripe.refunds.create(input, { idempotencyKey: key });
    try {
      const made = await call('POST /v1/refunds', send, customer);
      if (!isReplay(made)) return opened(made);
      return opened(await call('GET /v1/refunds/:id', () => stripe.refunds.retrieve(made.id)));
    } catch (error) {
      if (!(error instanceof PaymentsRefused) || error.code !== 'charge_already_refunded')
        throw error;
      const [before] = await refundsOf(intent);
      if (!before) throw error;
      return opened(before);
    }
  }

  return {
    ...{ openIntent, recordNotice, readIntent, readOutcome, refusedCharges, findIntents },
    ...confirming(stripe, call, { readIntent, readOutcome }),
    ...{ cancelIntent, openRefund },
  };
}

function noticeMetadata({ messageId, at, chargeFrom }: RecordedNotice) {
  return { notice: messageId, noticed_at: at, charge_from: chargeFrom };
}

function opened({ id, amount, status }: Stripe.Refund): OpenedRefund {
  return { refund: id, amountCents: amount, status: refundStatus(status) };
}

/** The one call that takes money. */
function confirming(
  stripe: Stripe,
  call: Call,
  { readIntent, readOutcome }: Pick<Payments, 'readIntent' | 'readOutcome'>,
): Pick<Payments, 'confirmIntent'> {
  async function confirmIntent(args: {
    intent: string;
    paymentMethod: string;
    key: string;
    /** The intent's customer: calls about one customer are made one after the other. */
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
    // A key used for another request says nothing about the card or about that request's outcome.
    const maybeCard = error.status === 400 && error.code !== 'idempotency_error';
    if (maybeCard && (await isDetached(stripe, call, args.paymentMethod)))
      return declined(CARD_GONE);
    return { outcome: 'refused_request', code: error.code };
  }

  /**
   * The error of a decline does not say whether the network saw the attempt, which decides whether
   * the network counts it, nor why Stripe blocked it. One read of the intent does. If the read
   * fails, only the error is used.
   */
  async function explained(refusal: Refusal, intent: string): Promise<Confirmation> {
    const now = await readIntent(intent).catch(ifOffline(null));
    // The intent was paid elsewhere meanwhile.
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

  /** Under the same key Stripe repeats its error for a day: only the intent tells the outcome. */
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

/** The bank wants to authenticate the cardholder, who is not present. */
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

/** For an extra read that is not essential: gives `instead` when Stripe is unavailable. */
function ifOffline<T>(instead: T) {
  return (error: unknown): T => {
    if (error instanceof PaymentsUnavailable) return instead;
    throw error;
  };
}

/** Whether the card was detached: Stripe's refusal of such a card has no code that says so. */
async function isDetached(stripe: Stripe, call: Call, paymentMethod: string): Promise<boolean> {
  const card = call('GET /v1/payment_methods/:id', () =>
    stripe.paymentMethods.retrieve(paymentMethod),
  );
  const now = await orMissing(card).catch(ifOffline(undefined));
  return now === null || now?.customer === null;
}
