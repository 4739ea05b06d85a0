/**
 * Cards. A test id (`pm_card_visa`) is a mould: attaching or charging it casts a new `pm_...`.
 * A card that was detached, or used once without a customer, can never be used again.
 */
import { createHash } from 'node:crypto';
import { findTestCard } from '../engine/cards.ts';
import type { TestCard } from '../engine/cards.ts';
import { invalidRequest, missingParameter, noSuch } from '../http/errors.ts';
import { listRecords } from '../http/lists.ts';
import { existingCustomer } from './lookup.ts';
import type { PaymentMethod } from './objects.ts';
import {
  address,
  email,
  expandable,
  hash,
  integer,
  metadata,
  oneOf,
  paging,
  patchedMetadata,
  required,
  text,
  unsettable,
} from '../http/params.ts';
import type { Params } from '../http/params.ts';
import type { World } from '../engine/world.ts';

const cardType = oneOf('card');

const billingDetails = hash({
  address: unsettable(address),
  email: unsettable(email),
  name: unsettable(text()),
  phone: unsettable(text(20)),
});

/** Parameters by endpoint. */
export const methodParams = {
  create: {
    ...expandable,
    type: cardType,
    card: hash({ token: text() }),
    billing_details: billingDetails,
    metadata,
  },
  attach: { ...expandable, customer: required(text()) },
  detach: expandable,
  update: {
    ...expandable,
    billing_details: billingDetails,
    card: hash({ exp_month: integer(1), exp_year: integer(1970) }),
    metadata,
  },
  list: { ...paging, customer: text(), type: cardType },
  listOfCustomer: { ...paging, type: cardType },
};

/** A saved or newly cast card for `id`: real ids are looked up, test ids make a new one. */
export function usableMethod(world: World, id: string, param = 'payment_method'): PaymentMethod {
  const saved = world.store.paymentMethods.get(id);
  if (saved) return saved;
  const mould = findTestCard(id);
  if (!mould) throw noSuch('PaymentMethod', id, param);
  return cast(world, id, mould);
}

/** Puts a card on a customer. */
export function attach(world: World, method: PaymentMethod, customer: string): void {
  if (method.customer !== null) {
    throw invalidRequest('This payment method is attached to a customer already.', {
      param: 'payment_method',
    });
  }
  refuseUsedUp(world, method);
  method.customer = customer;
  world.store.paymentMethods.put(method);
  world.emit('payment_method.attached', method);
}

/** Takes a card off its customer, for good. */
export function detach(world: World, method: PaymentMethod): void {
  const before = { customer: method.customer };
  method.customer = null;
  useUp(world, method);
  world.store.paymentMethods.put(method);
  world.emit('payment_method.detached', method, before);
}

/** The customer's cards, oldest first. */
export function ownedBy(world: World, customer: string): PaymentMethod[] {
  return world.store.paymentMethods
    .ids('customer', customer)
    .map((id) => world.store.paymentMethods.get(id))
    .filter((method): method is PaymentMethod => method?.customer === customer);
}

/** Refuses a card that was detached, or charged without a customer. */
export function refuseUsedUp(world: World, method: PaymentMethod): void {
  if (!world.store.cards.get(method.id)?.usedUp) return;
  throw invalidRequest(
    'This PaymentMethod was detached from its customer, or used without one, and may not be used ' +
      'again.',
    { param: 'payment_method' },
  );
}

/** Marks a card as never usable again. */
function useUp(world: World, method: PaymentMethod): void {
  const card = world.store.cards.get(method.id);
  if (card) world.store.cards.put({ ...card, usedUp: true });
}

/** POST /v1/payment_methods: only from a test token, since raw numbers do not belong here. */
export function createMethod(world: World, params: Params<typeof methodParams.create>) {
  if (!params.type) throw missingParameter('type');
  const token = params.card?.token;
  if (!token) throw missingParameter('card[token]');
  const mould = findTestCard(token);
  if (!mould) throw noSuch('token', token, 'card[token]');
  const method = cast(world, token, mould);
  Object.assign(method.billing_details, params.billing_details);
  method.metadata = patchedMetadata({}, params.metadata);
  return world.store.paymentMethods.put(method);
}

/** GET /v1/payment_methods/:id */
export function retrieveMethod(world: World, _params: unknown, id: string): PaymentMethod {
  return existingMethod(world, id);
}

/** POST /v1/payment_methods/:id/attach */
export function attachMethod(
  world: World,
  params: Params<typeof methodParams.attach>,
  id: string,
): PaymentMethod {
  const customer = existingCustomer(world, params.customer, 'customer');
  const method = existingMethod(world, id);
  attach(world, method, customer.id);
  return method;
}

/** POST /v1/payment_methods/:id/detach */
export function detachMethod(world: World, _params: unknown, id: string): PaymentMethod {
  const method = existingMethod(world, id);
  if (method.customer === null) {
    throw invalidRequest(
      'The payment method is not attached to a customer, so detachment is not possible.',
      {
        param: 'payment_method',
      },
    );
  }
  detach(world, method);
  return method;
}

/** POST /v1/payment_methods/:id */
export function updateMethod(
  world: World,
  params: Params<typeof methodParams.update>,
  id: string,
): PaymentMethod {
  const method = existingMethod(world, id);
  const { billing_details, card, metadata: words } = structuredClone(method);
  const before = { billing_details, card, metadata: words };
  Object.assign(method.card, params.card);
  Object.assign(method.billing_details, params.billing_details);
  method.metadata = patchedMetadata(method.metadata ?? {}, params.metadata);
  world.store.paymentMethods.put(method);
  world.emit('payment_method.updated', method, before);
  return method;
}

/** GET /v1/payment_methods: those of a customer. */
export function listMethods(world: World, params: Params<typeof methodParams.list>) {
  if (params.customer !== undefined) existingCustomer(world, params.customer, 'customer');
  return listRecords(world.store.paymentMethods, params, {
    url: '/v1/payment_methods',
    kind: 'payment_method',
    index: ['customer', params.customer],
    keep: (method) => method.customer !== null && method.customer === params.customer,
  });
}

/** GET /v1/customers/:id/payment_methods */
export function listMethodsOfCustomer(
  world: World,
  params: Params<typeof methodParams.listOfCustomer>,
  id: string,
) {
  existingCustomer(world, id, 'customer', 404);
  return listRecords(world.store.paymentMethods, params, {
    url: `/v1/customers/${id}/payment_methods`,
    kind: 'payment_method',
    index: ['customer', id],
    keep: (method) => method.customer === id,
  });
}

function existingMethod(world: World, id: string): PaymentMethod {
  const saved = world.store.paymentMethods.get(id);
  if (saved) return saved;
  const mould = findTestCard(id);
  if (!mould) throw noSuch('PaymentMethod', id, 'payment_method', 404);
  return cast(world, id, mould);
}

/** Cards last four more years, unless their date is the point of them. */
const YEARS_LEFT = 4;

/**
 * A new card of that look, on nobody's file yet. `testCard` names what stands behind it; the
 * number's fingerprint follows from the look unless it is given.
 */
export function cast(
  world: World,
  testCard: string,
  mould: Pick<TestCard, 'brand' | 'last4' | 'funding' | 'expired'>,
  number = fingerprint(mould),
): PaymentMethod {
  const year = new Date(world.nowMs()).getUTCFullYear();
  const method: PaymentMethod = {
    id: world.newId('pm_', 24),
    object: 'payment_method',
    allow_redisplay: 'unspecified',
    billing_details: { address: null, email: null, name: null, phone: null, tax_id: null },
    card: {
      brand: mould.brand,
      checks: {
        address_line1_check: null,
        address_postal_code_check: null,
        cvc_check: 'unchecked',
      },
      country: 'US',
      display_brand: mould.brand === 'amex' ? 'american_express' : mould.brand,
      exp_month: mould.expired ? 1 : 12,
      exp_year: mould.expired ? year - 1 : year + YEARS_LEFT,
      fingerprint: number,
      funding: mould.funding,
      generated_from: null,
      last4: mould.last4,
      networks: { available: [mould.brand], preferred: null },
      regulated_status: 'unregulated',
      three_d_secure_usage: { supported: true },
      wallet: null,
    },
    created: world.now(),
    customer: null,
    customer_account: null,
    livemode: false,
    metadata: {},
    type: 'card',
  };
  world.store.cards.put({ id: method.id, testCard, tries: 0, usedUp: false });
  return world.store.paymentMethods.put(method);
}

/** The same card number has the same fingerprint wherever it is saved, as at Stripe. */
function fingerprint(card: Pick<TestCard, 'brand' | 'last4'>): string {
  return createHash('sha256').update(`${card.brand} ${card.last4}`).digest('hex').slice(0, 16);
}
