/** Charges: one for each time a card was really tried. */
import { book, cardFee } from './balance.ts';
import type { Decline } from '../engine/declines.ts';
import { listRecords } from '../http/lists.ts';
import { existingCharge } from './lookup.ts';
import type { Charge, PaymentIntent, PaymentMethod } from './objects.ts';
import {
  expandable,
  metadata,
  paging,
  patchedMetadata,
  text,
  timeRange,
  unsettable,
} from '../http/params.ts';
import type { Params } from '../http/params.ts';
import type { World } from '../engine/world.ts';

/** Parameters by endpoint. */
export const chargeParams = {
  update: { ...expandable, description: unsettable(text()), metadata },
  list: { ...paging, created: timeRange, customer: text(), payment_intent: text() },
};

/** A charge of the intent's card, not yet answered by the network. */
export function blankCharge(world: World, intent: PaymentIntent, method: PaymentMethod): Charge {
  return {
    id: world.newId('ch_3', 23),
    object: 'charge',
    amount: intent.amount,
    amount_captured: 0,
    amount_refunded: 0,
    application: null,
    application_fee: null,
    application_fee_amount: null,
    balance_transaction: null,
    billing_details: method.billing_details,
    calculated_statement_descriptor: descriptor(intent.statement_descriptor_suffix),
    captured: false,
    created: world.now(),
    currency: intent.currency,
    customer: intent.customer,
    description: intent.description,
    disputed: false,
    failure_balance_transaction: null,
    failure_code: null,
    failure_message: null,
    fraud_details: {},
    livemode: false,
    metadata: { ...intent.metadata },
    on_behalf_of: null,
    outcome: {
      advice_code: null,
      network_advice_code: null,
      network_decline_code: null,
      network_status: 'approved_by_network',
      reason: null,
      risk_level: 'normal',
      risk_score: 20,
      seller_message: 'Payment complete.',
      type: 'authorized',
    },
    paid: false,
    payment_intent: intent.id,
    payment_method: method.id,
    payment_method_details: { card: cardDetails(intent.amount, method), type: 'card' },
    receipt_email: intent.receipt_email,
    receipt_number: null,
    receipt_url: null,
    refunded: false,
    review: null,
    shipping: null,
    source: null,
    source_transfer: null,
    statement_descriptor: null,
    statement_descriptor_suffix: intent.statement_descriptor_suffix,
    status: 'pending',
    transfer_data: null,
    transfer_group: intent.transfer_group,
  };
}

/** Writes a decline onto a charge. */
export function failCharge(tried: Charge, reason: Decline): void {
  const { advice_code, network_advice_code, network_decline_code } = reason;
  tried.status = 'failed';
  tried.failure_code = reason.code;
  tried.failure_message = reason.message;
  tried.outcome = {
    advice_code,
    network_advice_code,
    network_decline_code,
    network_status: reason.outcome.network_status,
    reason: reason.outcome.reason,
    risk_level: reason.outcome.type === 'blocked' ? 'highest' : 'normal',
    risk_score: reason.outcome.type === 'blocked' ? 90 : 20,
    seller_message: reason.outcome.seller_message,
    type: reason.outcome.type,
  };
}

/** The money of a succeeded charge reaches the balance: some time after the charge itself. */
export function settleCharge(world: World, id: string): void {
  const charge = world.store.charges.get(id);
  if (charge?.status !== 'succeeded' || charge.balance_transaction !== null) return;
  const booked = book(world, {
    amount: charge.amount,
    fee: cardFee(charge.amount),
    currency: charge.currency,
    source: charge.id,
    type: 'charge',
    reporting_category: 'charge',
    description: charge.description,
  });
  charge.balance_transaction = booked.id;
  world.store.charges.put(charge);
  world.emit('charge.updated', charge, { balance_transaction: null });
}

/** GET /v1/charges/:id */
export function retrieveCharge(world: World, _params: unknown, id: string): Charge {
  return existingCharge(world, id);
}

/** POST /v1/charges/:id */
export function updateCharge(
  world: World,
  params: Params<typeof chargeParams.update>,
  id: string,
): Charge {
  const charge = existingCharge(world, id);
  if (params.description !== undefined) charge.description = params.description;
  charge.metadata = patchedMetadata(charge.metadata, params.metadata);
  world.emit('charge.updated', charge);
  return world.store.charges.put(charge);
}

/** GET /v1/charges, newest first. */
export function listCharges(world: World, params: Params<typeof chargeParams.list>) {
  const { customer, payment_intent } = params;
  return listRecords(world.store.charges, params, {
    url: '/v1/charges',
    kind: 'charge',
    index:
      payment_intent === undefined ? ['customer', customer] : ['payment_intent', payment_intent],
    keep: (charge) =>
      (customer === undefined || charge.customer === customer) &&
      (payment_intent === undefined || charge.payment_intent === payment_intent),
  });
}

/** What a bank statement shows: the account's prefix and the payment's suffix. */
function descriptor(suffix: string | null): string {
  return suffix === null ? 'LEVY SANDBOX' : `LEVY* ${suffix}`.toUpperCase().slice(0, 22);
}

type CardDetails = NonNullable<NonNullable<Charge['payment_method_details']>['card']>;

function cardDetails(amount: number, method: PaymentMethod): CardDetails {
  const { brand, country, exp_month, exp_year, fingerprint, funding, last4 } = method.card;
  return {
    amount_authorized: amount,
    authorization_code: null,
    brand,
    checks: { address_line1_check: null, address_postal_code_check: null, cvc_check: null },
    country,
    electronic_commerce_indicator: null,
    exp_month,
    exp_year,
    fingerprint,
    funding,
    installments: null,
    last4,
    mandate: null,
    network: brand,
    network_transaction_id: null,
    regulated_status: 'unregulated',
    three_d_secure: null,
    transaction_link_id: null,
    wallet: null,
  };
}
