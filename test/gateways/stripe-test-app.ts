import type Stripe from 'stripe';
import type { RecordedNotice } from '../../core/fee/intent.ts';
import type { CallOptions } from '../../gateways/stripe/calls.ts';
import { createPayments, createStripe } from '../../gateways/stripe/client.ts';
import { startSandboxStripe, type SandboxOptions } from '../../sandbox/stripe/server.ts';

/** A sandbox Stripe with our gateway to it, and the library for what only a person would do. */
export type StripeTestApp = Awaited<ReturnType<typeof openStripeTestApp>>;

/** Starts a sandbox on a free port. `timeoutMs` is short, so that silence costs little time. */
export async function openStripeTestApp(options: CallOptions & SandboxOptions = {}) {
  const sandbox = await startSandboxStripe(options);
  const stripe = createStripe({
    secretKey: 'sk_test_levy',
    apiBase: sandbox.url,
    timeoutMs: 400,
  });
  const payments = createPayments(stripe, options);

  async function control(method: string, path: string, body?: object): Promise<unknown> {
    const answer = await fetch(`${sandbox.url}/_sandbox/${path}`, {
      method,
      ...(body && { body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(await answer.text());
    return answer.json();
  }

  return {
    url: sandbox.url,
    stripe,
    payments,
    /** Plans a fault for the next calls of a route of the sandbox. */
    fault: (route: string, kind: string, more: object = {}) =>
      control('POST', 'faults', { route, kind, ...more }),
    control,
    books: sandbox.books,
    /** A customer with this test card attached; ids only. */
    async customer(card: string | null = 'pm_card_visa') {
      const { id } = await stripe.customers.create();
      return { customer: id, paymentMethod: card ? await attach(stripe, id, card) : '' };
    },
    attach: (customer: string, card: string) => attach(stripe, customer, card),
    /** An open intent of $19.50 over a fresh customer with this card. */
    async intent(card = 'pm_card_visa', feeId = 'fee-1', notice: RecordedNotice | null = null) {
      const owner = await this.customer(card);
      const opened = await payments.openIntent({
        feeId,
        notice,
        year: 2026,
        vendor: 'theranest',
        amountCents: 1950,
        customer: owner.customer,
        key: `levy-intent-2026-${owner.customer}`,
      });
      return { ...owner, feeId, intent: opened.intent, opened };
    },
    close: () => sandbox.close(),
  };
}

async function attach(stripe: Stripe, customer: string, card: string): Promise<string> {
  return (await stripe.paymentMethods.attach(card, { customer })).id;
}
