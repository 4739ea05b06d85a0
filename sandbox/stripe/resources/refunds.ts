/** Refunds: usually done at once; some test cards make them pend, or fail after the fact. */
import { book } from './balance.ts';
import { invalidRequest, noSuch } from '../http/errors.ts';
import { listRecords } from '../http/lists.ts';
import { existingCharge, existingIntent } from './lookup.ts';
import type { Charge, Refund } from './objects.ts';
import {
  expandable,
  flag,
  integer,
  metadata,
  oneOf,
  paging,
  patchedMetadata,
  text,
  timeRange,
} from '../http/params.ts';
import type { Params } from '../http/params.ts';
import type { World } from '../engine/world.ts';

/** Parameters by endpoint. */
export const refundParams = {
  create: {
    ...expandable,
    amount: integer(1),
    charge: text(),
    metadata,
    payment_intent: text(),
    reason: oneOf('duplicate', 'fraudulent', 'requested_by_customer'),
    refund_application_fee: flag,
    reverse_transfer: flag,
  },
  update: { ...expandable, metadata },
  list: { ...paging, charge: text(), created: timeRange, payment_intent: text() },
};

/** POST /v1/refunds: all that is left of the charge, unless an amount in cents is given. */
export function createRefund(world: World, params: Params<typeof refundParams.create>): Refund {
  const charge = chargeToRefund(world, params);
  const left = charge.amount - charge.amount_refunded;
  const amount = params.amount ?? left;
  refuseRefund(charge, amount, left);
  const refund: Refund = {
    id: world.newId('re_3', 23),
    object: 'refund',
    amount,
    balance_transaction: null,
    charge: charge.id,
    created: world.now(),
    currency: charge.currency,
    customer: charge.customer,
    customer_account: null,
    destination_details: {
      card: {
        reference_status: 'pending',
        reference_type: 'acquirer_reference_number',
        type: 'refund',
      },
      type: 'card',
    },
    metadata: patchedMetadata({}, params.metadata),
    payment_intent: charge.payment_intent,
    payment_method: charge.payment_method,
    reason: params.reason ?? null,
    receipt_number: null,
    source_transfer_reversal: null,
    status: 'succeeded',
    transfer_reversal: null,
  };
  const course = world.issuers.refundCourse(refund);
  refund.status = course.status;
  refund.balance_transaction = bookRefund(world, refund, 'refund', -amount);
  world.store.refunds.put(refund);
  countRefund(world, charge, amount);
  world.emit('refund.created', refund);
  world.emit('charge.refunded', charge);
  if (course.end) {
    const kind = course.end.status === 'failed' ? 'fail_refund' : 'finish_refund';
    world.later(kind, refund.id, course.end.afterMs);
  }
  return refund;
}

/** A refund that was pending has reached the card. */
export function finishRefund(world: World, id: string): void {
  const refund = world.store.refunds.get(id);
  if (refund?.status !== 'pending') return;
  refund.status = 'succeeded';
  world.store.refunds.put(refund);
  world.emit('refund.updated', refund, { status: 'pending' });
}

/** The planned end of a refund that was doomed from the start, unless it has failed before. */
export function endDoomedRefund(world: World, id: string): void {
  if (world.store.refunds.get(id)?.status !== 'failed') failRefund(world, id);
}

/**
 * A refund that did not reach the card: the money comes back to the account, and the charge counts
 * as not refunded by it. Gives the refund.
 */
export function failRefund(world: World, id: string, why = 'expired_or_canceled_card'): Refund {
  const refund = world.store.refunds.get(id);
  if (!refund) throw noSuch('refund', id, 'id', 404);
  if (refund.status !== 'succeeded' && refund.status !== 'pending') {
    throw invalidRequest(`This refund cannot fail: it has a status of ${refund.status}.`);
  }
  const before = { status: refund.status };
  refund.status = 'failed';
  refund.failure_reason = why;
  refund.failure_balance_transaction = bookRefund(world, refund, 'refund_failure', refund.amount);
  world.store.refunds.put(refund);
  const charge = world.store.charges.get(refund.charge ?? '');
  if (charge) countRefund(world, charge, -refund.amount);
  world.emit('refund.updated', refund, before);
  world.emit('refund.failed', refund, before);
  return refund;
}

/** GET /v1/refunds/:id */
export function retrieveRefund(world: World, _params: unknown, id: string): Refund {
  const found = world.store.refunds.get(id);
  if (!found) throw noSuch('refund', id, 'refund', 404);
  return found;
}

/** POST /v1/refunds/:id */
export function updateRefund(
  world: World,
  params: Params<typeof refundParams.update>,
  id: string,
): Refund {
  const refund = retrieveRefund(world, params, id);
  refund.metadata = patchedMetadata(refund.metadata ?? {}, params.metadata);
  world.emit('refund.updated', refund);
  return world.store.refunds.put(refund);
}

/** GET /v1/refunds, newest first. */
export function listRefunds(world: World, params: Params<typeof refundParams.list>) {
  const { charge, payment_intent } = params;
  return listRecords(world.store.refunds, params, {
    url: '/v1/refunds',
    kind: 'refund',
    index: charge === undefined ? ['payment_intent', payment_intent] : ['charge', charge],
    keep: (refund) =>
      (charge === undefined || refund.charge === charge) &&
      (payment_intent === undefined || refund.payment_intent === payment_intent),
  });
}

function chargeToRefund(world: World, params: Params<typeof refundParams.create>): Charge {
  if (params.charge !== undefined) return existingCharge(world, params.charge, 'charge', 400);
  if (params.payment_intent === undefined) {
    throw invalidRequest(
      'One of the following params should be provided: charge, payment_intent.',
      {
        code: 'parameter_missing',
        param: 'payment_intent',
      },
    );
  }
  const intent = existingIntent(world, params.payment_intent, 'payment_intent', 400);
  const charge = world.store.charges.get(intent.latest_charge ?? '');
  if (!charge?.paid) {
    throw invalidRequest(
      `This PaymentIntent (${intent.id}) does not have a successful charge to refund.`,
      { param: 'payment_intent' },
    );
  }
  return charge;
}

function refuseRefund(charge: Charge, amount: number, left: number): void {
  if (!charge.paid) {
    throw invalidRequest(`Charge ${charge.id} was never paid, so it cannot be refunded.`, {
      param: 'charge',
    });
  }
  if (charge.disputed) {
    throw invalidRequest(`Charge ${charge.id} has been charged back; cannot issue a refund.`, {
      code: 'charge_disputed',
    });
  }
  if (left === 0) {
    throw invalidRequest(`Charge ${charge.id} has already been refunded.`, {
      code: 'charge_already_refunded',
    });
  }
  if (amount > left) {
    throw invalidRequest(
      `Refund amount (${dollars(amount)}) is greater than what is left (${dollars(left)})`,
      { param: 'amount' },
    );
  }
}

function countRefund(world: World, charge: Charge, amount: number): void {
  charge.amount_refunded += amount;
  charge.refunded = charge.amount_refunded === charge.amount;
  world.store.charges.put(charge);
}

function bookRefund(
  world: World,
  refund: Refund,
  type: 'refund' | 'refund_failure',
  amount: number,
): string {
  return book(world, {
    amount,
    currency: refund.currency,
    source: refund.id,
    type,
    reporting_category: type,
  }).id;
}

function dollars(cents: number): string {
  return `$${(cents / 100).toFixed(2)}`;
}
