import type Stripe from 'stripe';
import type {
  BookCharge,
  BookDispute,
  BookIntent,
  BookLines,
  BookMovement,
  BookRefund,
  Payout,
} from '../payment-books.ts';
import type { Payments } from '../payments.ts';
import { pages, type Call } from './calls.ts';
import { orMissing } from './cards.ts';
import { disputeStatus, idOf, refundStatus } from './reading.ts';

/** Stripe's books: everything Stripe has recorded about our fees. */
export function books(
  stripe: Stripe,
  call: Call,
): Pick<Payments, 'books' | 'booksOf' | 'payouts' | 'payoutMovements'> {
  function books(period: { since: Date; until?: Date }) {
    const created = range(period);
    return {
      intents: () =>
        mapped(intentOf, 'GET /v1/payment_intents', (page) =>
          stripe.paymentIntents.list({ created, ...page }),
        ),
      charges: () =>
        mapped(chargeOf, 'GET /v1/charges', (page) => stripe.charges.list({ created, ...page })),
      refunds: () =>
        mapped(refundOf, 'GET /v1/refunds', (page) => stripe.refunds.list({ created, ...page })),
      disputes: () =>
        mapped(disputeOf, 'GET /v1/disputes', (page) => stripe.disputes.list({ created, ...page })),
      movements: () =>
        mapped(movementOf, 'GET /v1/balance_transactions', (page) =>
          stripe.balanceTransactions.list({ created, ...page }),
        ),
    };
  }

  async function* mapped<S extends { id: string }, T>(
    read: (object: S) => T | null,
    route: string,
    list: Parameters<typeof pages<S>>[2],
  ): AsyncGenerator<T> {
    for await (const object of pages(call, route, list)) {
      const line = read(object);
      if (line !== null) yield line;
    }
  }

  async function booksOf(intents: string[]): Promise<BookLines> {
    const found: BookLines = { intents: [], charges: [], refunds: [], disputes: [], movements: [] };
    for (const id of intents) await addIntent(found, id);
    const { charges, refunds, disputes } = found;
    const sources = [
      ...charges.map(({ charge }) => charge),
      ...refunds.map(({ refund }) => refund),
      ...disputes.map(({ dispute }) => dispute),
    ];
    for (const source of sources)
      await into(found.movements, movementOf, 'GET /v1/balance_transactions', (page) =>
        stripe.balanceTransactions.list({ source, ...page }),
      );
    return found;
  }

  async function addIntent(found: BookLines, payment_intent: string): Promise<void> {
    const intent = await orMissing(
      call('GET /v1/payment_intents/:id', () => stripe.paymentIntents.retrieve(payment_intent)),
    );
    const line = intent && intentOf(intent);
    if (line) found.intents.push(line);
    await into(found.charges, chargeOf, 'GET /v1/charges', (page) =>
      stripe.charges.list({ payment_intent, ...page }),
    );
    await into(found.refunds, refundOf, 'GET /v1/refunds', (page) =>
      stripe.refunds.list({ payment_intent, ...page }),
    );
    await into(found.disputes, disputeOf, 'GET /v1/disputes', (page) =>
      stripe.disputes.list({ payment_intent, ...page }),
    );
  }

  async function into<S extends { id: string }, T>(
    lines: T[],
    read: (object: S) => T | null,
    route: string,
    list: Parameters<typeof pages<S>>[2],
  ): Promise<void> {
    for await (const line of mapped(read, route, list)) lines.push(line);
  }

  const payouts: Payments['payouts'] = ({ since }) =>
    mapped(payoutOf, 'GET /v1/payouts', (page) =>
      stripe.payouts.list({ created: range({ since }), ...page }),
    );

  const payoutMovements: Payments['payoutMovements'] = (payout) =>
    mapped(movementOf, 'GET /v1/balance_transactions', (page) =>
      stripe.balanceTransactions.list({ payout, ...page }),
    );

  return { books, booksOf, payouts, payoutMovements };
}

function range({ since, until }: { since: Date; until?: Date }): Stripe.RangeQueryParam {
  const seconds = (at: Date) => Math.floor(at.getTime() / 1000);
  return { gte: seconds(since), ...(until && { lt: seconds(until) }) };
}

function intentOf(intent: Stripe.PaymentIntent): BookIntent | null {
  const { fee, year } = intent.metadata;
  if (!fee) return null;
  return {
    intent: intent.id,
    feeId: fee,
    year: year ?? null,
    customer: idOf(intent.customer),
    status: intent.status,
    amountCents: intent.amount,
    receivedCents: intent.amount_received,
    charge: idOf(intent.latest_charge),
    livemode: intent.livemode,
    createdAt: moment(intent.created),
  };
}

function chargeOf(charge: Stripe.Charge): BookCharge | null {
  const { fee, year } = charge.metadata;
  if (!fee) return null;
  const card = charge.payment_method_details?.card;
  return {
    charge: charge.id,
    intent: idOf(charge.payment_intent),
    feeId: fee,
    year: year ?? null,
    customer: idOf(charge.customer),
    status: charge.status,
    amountCents: charge.amount,
    refundedCents: charge.amount_refunded,
    disputed: charge.disputed,
    brand: card?.brand ?? null,
    fingerprint: card?.fingerprint ?? null,
    sentToNetwork: charge.outcome?.network_status !== 'not_sent_to_network',
    livemode: charge.livemode,
    createdAt: moment(charge.created),
  };
}

function refundOf(refund: Stripe.Refund): BookRefund {
  return {
    refund: refund.id,
    charge: idOf(refund.charge),
    intent: idOf(refund.payment_intent),
    feeId: refund.metadata?.fee ?? null,
    amountCents: refund.amount,
    status: refundStatus(refund.status),
    createdAt: moment(refund.created),
  };
}

function disputeOf(dispute: Stripe.Dispute): BookDispute {
  return {
    dispute: dispute.id,
    charge: idOf(dispute.charge),
    intent: idOf(dispute.payment_intent),
    amountCents: dispute.amount,
    status: disputeStatus(dispute),
    createdAt: moment(dispute.created),
  };
}

function movementOf(movement: Stripe.BalanceTransaction): BookMovement {
  return {
    movement: movement.id,
    kind: movement.type,
    amountCents: movement.amount,
    feeCents: movement.fee,
    netCents: movement.net,
    source: idOf(movement.source),
    createdAt: moment(movement.created),
  };
}

function payoutOf({ id, amount, status, arrival_date }: Stripe.Payout): Payout {
  return { payout: id, amountCents: amount, status, arrivesAt: moment(arrival_date) };
}

function moment(seconds: number): Date {
  return new Date(seconds * 1000);
}
