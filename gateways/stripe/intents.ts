import type Stripe from 'stripe';
import type { IntentReading, RecordedNotice } from '../../core/fee/intent.ts';
import { isReplay, type Call } from './calls.ts';
import { isWrongState, PaymentsRefused, tooLate } from './errors.ts';
import type { Reader } from './reader.ts';
import { EXPAND_INTENT, refundStatus } from './reading.ts';

export interface OpenedRefund {
  refund: string;
  amountCents: number;
  status: 'pending' | 'succeeded' | 'failed';
}

/** Why an intent is canceled, in Stripe's words; core/fee/existing-intent.ts says what follows. */
export type CancelReason = 'duplicate' | 'abandoned' | 'requested_by_customer';

/** Opening and ending the fee's one intent. */
export function intents(stripe: Stripe, call: Call, reader: Reader) {
  /**
   * Creates the fee's intent, unconfirmed, in US cents. Stripe gets the fee's id, year and vendor,
   * and which notice was accepted when: what a lost ledger needs to go on without charging or
   * writing twice. No receipt address (receipts are ours), no payment method (the confirmation
   * names it). Redirecting methods are off, or Stripe would ask every confirmation for a
   * `return_url`. `isLate` is asked at the last moment, after any waiting: with a key that may be
   * forgotten nothing is sent. Throws `PaymentsUnavailable`, `PaymentsRefused`; with the code
   * `idempotency_error` when another ledger has created an intent under this key.
   */
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
      // Behind the account's own name on the card statement. It belongs to card charges, may be
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
    return reader.current(intent);
  }

  /**
   * Writes into the intent's metadata which notice stands; null: that none does. Throws as above.
   */
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

  /**
   * Cancels the intent, so that it can never succeed. If it had succeeded before, or is already
   * canceled, the reading says so. Throws as above.
   */
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
      return await reader.current(canceled);
    } catch (error) {
      if (isWrongState(error)) return reader.readOutcome(intent);
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
      const [before] = await reader.refundsOf(intent);
      if (!before) throw error;
      return opened(before);
    }
  }

  return { openIntent, recordNotice, cancelIntent, openRefund };
}

function noticeMetadata({ messageId, at, chargeFrom }: RecordedNotice) {
  return { notice: messageId, noticed_at: at, charge_from: chargeFrom };
}

function opened({ id, amount, status }: Stripe.Refund): OpenedRefund {
  return { refund: id, amountCents: amount, status: refundStatus(status) };
}
