import type Stripe from 'stripe';
import type { Harness } from '../harness.ts';

/** What the sandbox and the mailbox have seen, read once for every count. Moments in ms. */
export interface Seen {
  /** Every charge, the oldest first. */
  charges: Charge[];
  /** Intents that told from their creation on of a notice that had been accepted. */
  noticed: { customer: string; at: number }[];
  customerOf: Map<string, string>;
}

interface Charge {
  charge: string;
  customer: string;
  card: string;
  fee: string;
  succeeded: boolean;
  amount: number;
  refunded: number;
  /** Stripe's moments are whole seconds: it came to be within the second that begins here. */
  at: number;
}

export async function readBooks({ stripe }: Harness): Promise<Seen> {
  const charges: Charge[] = [];
  for await (const one of stripe.charges.list({ limit: 100 })) charges.unshift(chargeOf(one));
  const seen: Seen = { charges, noticed: [], customerOf: new Map() };
  for await (const { id, customer } of stripe.paymentIntents.list({ limit: 100 }))
    seen.customerOf.set(id, idOf(customer));
  const types = { limit: 100, type: 'payment_intent.created' };
  for await (const event of stripe.events.list(types)) {
    const { customer, metadata } = event.data.object as Stripe.PaymentIntent;
    // Until the second is over nobody can be said to have looked after it.
    if (metadata['notice'])
      seen.noticed.push({ customer: idOf(customer), at: (event.created + 1) * 1000 });
  }
  return seen;
}

function chargeOf(one: Stripe.Charge): Charge {
  return {
    charge: one.id,
    customer: idOf(one.customer),
    card: one.payment_method ?? '',
    fee: one.metadata['fee'] ?? '',
    succeeded: one.status === 'succeeded',
    amount: one.amount,
    refunded: one.amount_refunded,
    at: one.created * 1000,
  };
}

const idOf = (what: string | { id: string } | null): string =>
  typeof what === 'string' ? what : (what?.id ?? '');
