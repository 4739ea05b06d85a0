/** Customers: create, read, change, delete. A deleted one is still answered for, as deleted. */
import { noSuch } from '../http/errors.ts';
import { listRecords } from '../http/lists.ts';
import { existingCustomer } from './lookup.ts';
import type { Customer } from './objects.ts';
import {
  address,
  email,
  expandable,
  hash,
  listOf,
  metadata,
  notHere,
  oneOf,
  paging,
  patchedMetadata,
  text,
  timeRange,
  unsettable,
} from '../http/params.ts';
import type { Params } from '../http/params.ts';
import { attach, detach, ownedBy, usableMethod } from './payment-methods.ts';
import type { World } from '../engine/world.ts';

const invoiceSettings = hash({
  default_payment_method: unsettable(text()),
  custom_fields: notHere,
  footer: notHere,
  rendering_options: notHere,
});

const updatable = {
  ...expandable,
  address: unsettable(address),
  description: unsettable(text()),
  email: unsettable(email),
  invoice_settings: invoiceSettings,
  metadata,
  name: unsettable(text(256)),
  phone: unsettable(text(20)),
  preferred_locales: listOf(text()),
  shipping: notHere,
  tax_exempt: unsettable(oneOf('none', 'exempt', 'reverse')),
};

/** Parameters by endpoint. */
export const customerParams = {
  create: { ...updatable, payment_method: text() },
  update: updatable,
  list: { ...paging, email: text(512), created: timeRange },
};

/** POST /v1/customers */
export function createCustomer(
  world: World,
  params: Params<typeof customerParams.create>,
): Customer {
  const method = params.payment_method ? usableMethod(world, params.payment_method) : undefined;
  const id = world.newId('cus_', 14);
  const customer: Customer = {
    id,
    object: 'customer',
    address: params.address ?? null,
    balance: 0,
    created: world.now(),
    currency: null,
    default_source: null,
    delinquent: false,
    description: params.description ?? null,
    discount: null,
    email: params.email ?? null,
    invoice_prefix: id.slice(-8).toUpperCase(),
    invoice_settings: {
      custom_fields: null,
      default_payment_method: null,
      footer: null,
      rendering_options: null,
    },
    livemode: false,
    metadata: patchedMetadata({}, params.metadata),
    name: params.name ?? null,
    next_invoice_sequence: 1,
    phone: params.phone ?? null,
    preferred_locales: params.preferred_locales ?? [],
    shipping: null,
    tax_exempt: params.tax_exempt ?? 'none',
    test_clock: null,
  };
  world.store.customers.put(customer);
  if (method) attach(world, method, id);
  setDefaultMethod(world, customer, params.invoice_settings);
  world.emit('customer.created', customer);
  return customer;
}

/** GET /v1/customers/:id */
export function retrieveCustomer(world: World, _params: unknown, id: string) {
  const found = world.store.customers.get(id);
  if (!found) throw noSuch('customer', id, 'id', 404);
  return found;
}

/** POST /v1/customers/:id */
export function updateCustomer(
  world: World,
  params: Params<typeof customerParams.update>,
  id: string,
): Customer {
  const customer = existingCustomer(world, id, 'id', 404);
  const before: Record<string, unknown> = {};
  const fields = ['address', 'description', 'email', 'name', 'phone', 'tax_exempt'] as const;
  for (const field of fields) {
    if (params[field] === undefined || params[field] === customer[field]) continue;
    before[field] = customer[field];
    Object.assign(customer, { [field]: params[field] });
  }
  if (params.preferred_locales) customer.preferred_locales = params.preferred_locales;
  if (params.metadata !== undefined) {
    before.metadata = customer.metadata;
    customer.metadata = patchedMetadata(customer.metadata, params.metadata);
  }
  setDefaultMethod(world, customer, params.invoice_settings);
  world.store.customers.put(customer);
  world.emit('customer.updated', customer, before);
  return customer;
}

/** DELETE /v1/customers/:id. Its cards are detached and can never be charged again. */
export function deleteCustomer(world: World, _params: unknown, id: string) {
  const customer = existingCustomer(world, id, 'id', 404);
  for (const method of ownedBy(world, id)) detach(world, method);
  world.emit('customer.deleted', customer);
  return world.store.customers.put({ id, object: 'customer', deleted: true });
}

/** GET /v1/customers, newest first, without the deleted ones. */
export function listCustomers(world: World, params: Params<typeof customerParams.list>) {
  return listRecords(world.store.customers, params, {
    url: '/v1/customers',
    kind: 'customer',
    keep: (customer) =>
      !customer.deleted && (params.email === undefined || customer.email === params.email),
  });
}

function setDefaultMethod(
  world: World,
  customer: Customer,
  settings: Params<typeof updatable>['invoice_settings'],
): void {
  const wanted = settings?.default_payment_method;
  if (wanted === undefined) return;
  const param = 'invoice_settings[default_payment_method]';
  if (wanted !== null && world.store.paymentMethods.get(wanted)?.customer !== customer.id) {
    throw noSuch('PaymentMethod', wanted, param);
  }
  customer.invoice_settings.default_payment_method = wanted;
}
