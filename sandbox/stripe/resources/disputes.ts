/** Disputes: a cardholder asked the bank for the money back. It leaves the account at once. */
import { book, DISPUTE_FEE } from './balance.ts';
import { invalidRequest, noSuch } from '../http/errors.ts';
import { listRecords } from '../http/lists.ts';
import type { BalanceTransaction, Charge, Dispute } from './objects.ts';
import { expandable, paging, text, timeRange } from '../http/params.ts';
import type { Params } from '../http/params.ts';
import type { World } from '../engine/world.ts';

/** Parameters by endpoint. */
export const disputeParams = {
  close: expandable,
  list: { ...paging, charge: text(), created: timeRange, payment_intent: text() },
};

/** Evidence may be sent for a week. */
const EVIDENCE_SECONDS = 7 * 86_400;

/** Opens a dispute over the whole of a paid charge, once. */
export function openDispute(world: World, chargeId: string, reason = 'fraudulent'): Dispute {
  const charge = world.store.charges.get(chargeId);
  if (!charge?.paid) throw noSuch('paid charge', chargeId, 'charge', 404);
  if (charge.disputed) {
    throw invalidRequest(`Charge ${chargeId} is disputed already.`, { param: 'charge' });
  }
  const dispute = world.store.disputes.put(blankDispute(world, charge, reason));
  dispute.balance_transactions.push(withdrawal(world, dispute, -charge.amount, DISPUTE_FEE));
  charge.disputed = true;
  world.store.charges.put(charge);
  world.store.disputes.put(dispute);
  world.emit('charge.dispute.created', dispute);
  world.emit('charge.dispute.funds_withdrawn', dispute);
  return dispute;
}

/** Ends a dispute. Won: the money and the fee come back. */
export function endDispute(world: World, id: string, status: 'won' | 'lost'): Dispute {
  const dispute = retrieveDispute(world, undefined, id);
  if (dispute.status !== 'needs_response' && dispute.status !== 'under_review') {
    throw invalidRequest(`This dispute is already closed: it has a status of ${dispute.status}.`);
  }
  dispute.status = status;
  if (status === 'won') {
    dispute.balance_transactions.push(withdrawal(world, dispute, dispute.amount, -DISPUTE_FEE));
    world.emit('charge.dispute.funds_reinstated', dispute);
  }
  world.emit('charge.dispute.closed', dispute);
  return world.store.disputes.put(dispute);
}

/** POST /v1/disputes/:id/close: accepts the loss. */
export function closeDispute(world: World, _params: unknown, id: string): Dispute {
  return endDispute(world, id, 'lost');
}

/** GET /v1/disputes/:id */
export function retrieveDispute(world: World, _params: unknown, id: string): Dispute {
  const found = world.store.disputes.get(id);
  if (!found) throw noSuch('dispute', id, 'dispute', 404);
  return found;
}

/** GET /v1/disputes, newest first. */
export function listDisputes(world: World, params: Params<typeof disputeParams.list>) {
  const { charge, payment_intent } = params;
  return listRecords(world.store.disputes, params, {
    url: '/v1/disputes',
    kind: 'dispute',
    keep: (dispute) =>
      (charge === undefined || dispute.charge === charge) &&
      (payment_intent === undefined || dispute.payment_intent === payment_intent),
  });
}

function withdrawal(
  world: World,
  dispute: Dispute,
  amount: number,
  fee: number,
): BalanceTransaction {
  return book(world, {
    amount,
    fee,
    currency: dispute.currency,
    source: dispute.id,
    type: 'adjustment',
    reporting_category: amount < 0 ? 'dispute' : 'dispute_reversal',
    description: `Chargeback ${amount < 0 ? 'withdrawal' : 'reversal'} for ${dispute.charge}`,
  });
}

function blankDispute(world: World, charge: Charge, reason: string): Dispute {
  return {
    id: world.newId('du_', 24),
    object: 'dispute',
    amount: charge.amount,
    balance_transactions: [],
    charge: charge.id,
    created: world.now(),
    currency: charge.currency,
    enhanced_eligibility_types: [],
    evidence: {} as Dispute['evidence'],
    evidence_details: {
      due_by: world.now() + EVIDENCE_SECONDS,
      enhanced_eligibility: {},
      has_evidence: false,
      past_due: false,
      submission_count: 0,
      submission_method: 'not_submitted',
    },
    intended_submission_method: null,
    is_charge_refundable: false,
    livemode: false,
    metadata: {},
    payment_intent: charge.payment_intent,
    reason,
    status: 'needs_response',
  };
}
