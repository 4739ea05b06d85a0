import type { RecordedNotice } from '../../core/fee/intent.ts';
import type { FeeLife } from './fee-life.ts';

/** The fee's id in a ledger that nobody here knows. */
export const OTHER_FEE = '00000000-0000-4000-8000-00000000beef';

/** A notice that another ledger had accepted by a mail server on 10 January. */
export const OTHER_NOTICE: RecordedNotice = {
  messageId: `<fee-${OTHER_FEE}-notice-1@sunrise.example>`,
  at: '2026-01-10T14:00:00.000Z',
  chargeFrom: '2026-01-24T15:00:00.000Z',
};

/** What another ledger on the same account, or a person in Stripe's dashboard, does with a fee. */
export function elsewhere({
  testApp: { stripe },
  customer,
}: Pick<FeeLife, 'testApp' | 'customer'>) {
  /** Confirms an intent with another card of the customer's; gives the card. */
  async function confirm(intent: string, card: string): Promise<string> {
    const { id } = await stripe.paymentMethods.attach(card, { customer: await customer() });
    await stripe.paymentIntents.confirm(intent, { payment_method: id }).catch(() => undefined);
    return id;
  }

  return {
    /** An intent for the fee's person and year, made by a ledger of its own. */
    async intent(
      changes: { amount?: number; notice?: RecordedNotice; key?: string; fee?: string } = {},
    ): Promise<string> {
      const { amount = 1950, notice, key, fee = OTHER_FEE } = changes;
      const told = notice && {
        ...{ notice: notice.messageId, noticed_at: notice.at, charge_from: notice.chargeFrom },
      };
      const { id } = await stripe.paymentIntents.create(
        {
          ...{ amount, currency: 'usd', customer: await customer() },
          automatic_payment_methods: { enabled: true, allow_redirects: 'never' },
          metadata: { fee, year: '2026', vendor: 'theranest', ...told },
        },
        key ? { idempotencyKey: key } : {},
      );
      return id;
    },
    confirm,
    /** The same with the card on file. */
    async confirmOnFile(intent: string): Promise<string> {
      const { data } = await stripe.paymentMethods.list({ customer: await customer() });
      const id = data[0]?.id as string;
      await stripe.paymentIntents.confirm(intent, { payment_method: id }).catch(() => undefined);
      return id;
    },
    cancel: (intent: string, reason?: 'duplicate' | 'abandoned' | 'requested_by_customer') =>
      stripe.paymentIntents.cancel(intent, reason ? { cancellation_reason: reason } : {}),
    read: (intent: string) => stripe.paymentIntents.retrieve(intent),
    /** Every intent of the fee's customer, the oldest first. */
    async all() {
      const { data } = await stripe.paymentIntents.list({ customer: await customer(), limit: 100 });
      return data.reverse();
    },
  };
}
