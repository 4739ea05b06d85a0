/**
 * Payment intents and their states. An intent asks for one payment and can succeed once:
 *
 *   requires_payment_method -> requires_confirmation -> [requires_action | processing] -> succeeded
 *            ^--------------- a decline, with payment_method null again ------------|
 *   and canceled, from every state but succeeded and canceled.
 */
import { invalidRequest } from '../http/errors.ts';
import { applyOptions, blankIntent } from './blank-intent.ts';
import { createOnlyParams } from './intent-params.ts';
import type { intentParams } from './intent-params.ts';
import { listRecords } from '../http/lists.ts';
import { existingCustomer, existingIntent } from './lookup.ts';
import { charge } from '../engine/network.ts';
import type { PaymentIntent, PaymentMethod } from './objects.ts';
import { patchedMetadata } from '../http/params.ts';
import type { Params } from '../http/params.ts';
import { refuseUsedUp, usableMethod } from './payment-methods.ts';
import type { World } from '../engine/world.ts';

type Create = Params<typeof intentParams.create>;
type Update = Params<typeof intentParams.update>;
type Confirm = Params<typeof intentParams.confirm>;

/** POST /v1/payment_intents */
export function createIntent(world: World, params: Create): PaymentIntent {
  refuseConfirmationParams(params);
  refuseAmount(params.amount, params.currency);
  refuseDescriptor(params.statement_descriptor);
  const customer = params.customer && existingCustomer(world, params.customer, 'customer').id;
  const method = params.payment_method
    ? methodFor(world, customer ?? null, params.payment_method)
    : undefined;
  const intent = blankIntent(world, params);
  intent.customer = customer ?? null;
  if (method) setMethod(intent, method);
  if (params.confirm) refuseMissingReturnUrl(intent, params);
  world.store.paymentIntents.put(intent);
  world.emit('payment_intent.created', intent);
  if (params.confirm) charge(world, confirmable(world, intent, params), params);
  return intent;
}

/** GET /v1/payment_intents/:id */
export function retrieveIntent(world: World, _params: unknown, id: string): PaymentIntent {
  return existingIntent(world, id);
}

/** POST /v1/payment_intents/:id. Once paid or canceled, only words about it can change. */
export function updateIntent(world: World, params: Update, id: string): PaymentIntent {
  const intent = existingIntent(world, id);
  refuseDescriptor(params.statement_descriptor);
  const money = ['amount', 'currency', 'customer', 'payment_method'] as const;
  const touched = money.find((name) => params[name] !== undefined && params[name] !== intent[name]);
  if (touched && !OPEN.includes(intent.status)) {
    throw unexpectedState(
      intent,
      `This PaymentIntent's ${touched} could not be updated because it has a status of ` +
        `${intent.status}. It can be updated in: ${OPEN.join(', ')}.`,
    );
  }
  if (params.amount !== undefined || params.currency !== undefined) {
    refuseAmount(params.amount ?? intent.amount, params.currency ?? intent.currency);
    intent.amount = params.amount ?? intent.amount;
    intent.currency = params.currency ?? intent.currency;
  }
  if (params.customer) intent.customer = existingCustomer(world, params.customer, 'customer').id;
  if (params.payment_method) {
    setMethod(intent, methodFor(world, intent.customer, params.payment_method));
  }
  applyOptions(intent, params);
  const { description, receipt_email, statement_descriptor_suffix: suffix } = params;
  if (description !== undefined) intent.description = description;
  if (receipt_email !== undefined) intent.receipt_email = receipt_email;
  if (suffix !== undefined) intent.statement_descriptor_suffix = suffix;
  if (params.transfer_group) intent.transfer_group = params.transfer_group;
  intent.metadata = patchedMetadata(intent.metadata, params.metadata);
  return world.store.paymentIntents.put(intent);
}

/** POST /v1/payment_intents/:id/confirm: the one act that moves money. */
export function confirmIntent(world: World, params: Confirm, id: string): PaymentIntent {
  const intent = existingIntent(world, id);
  if (params.amount_to_confirm !== undefined && params.amount_to_confirm !== intent.amount) {
    throw invalidRequest(`The amount to confirm is not the PaymentIntent's: ${intent.amount}.`, {
      param: 'amount_to_confirm',
    });
  }
  return charge(world, confirmable(world, intent, params), params);
}

/** POST /v1/payment_intents/:id/cancel */
export function cancelIntent(
  world: World,
  params: Params<typeof intentParams.cancel>,
  id: string,
): PaymentIntent {
  const intent = existingIntent(world, id);
  if (!OPEN.includes(intent.status)) {
    throw unexpectedState(
      intent,
      `You cannot cancel this PaymentIntent because it has a status of ${intent.status}. ` +
        `It can be canceled in: ${OPEN.join(', ')}.`,
    );
  }
  intent.status = 'canceled';
  intent.canceled_at = world.now();
  intent.cancellation_reason = params.cancellation_reason ?? null;
  intent.next_action = null;
  world.emit('payment_intent.canceled', intent);
  return world.store.paymentIntents.put(intent);
}

/** GET /v1/payment_intents, newest first. There is no delay: what was created is listed. */
export function listIntents(world: World, params: Params<typeof intentParams.list>) {
  return listRecords(world.store.paymentIntents, params, {
    url: '/v1/payment_intents',
    kind: 'payment_intent',
    index: ['customer', params.customer],
    keep: (intent) => params.customer === undefined || intent.customer === params.customer,
  });
}

/** `payment_intent_unexpected_state`, with the intent as it is, so that the caller can look. */
function unexpectedState(intent: PaymentIntent, message: string) {
  return invalidRequest(message, {
    code: 'payment_intent_unexpected_state',
    payment_intent: intent,
  });
}

/** The states in which an intent can still be changed or canceled. */
const OPEN: string[] = ['requires_payment_method', 'requires_confirmation', 'requires_action'];

/** Stripe's bounds for US dollars, in cents. */
const LEAST_CENTS = 50;
const MOST_CENTS = 99_999_999;

function refuseAmount(amount: number, currency: string): void {
  if (currency === 'usd' && amount < LEAST_CENTS) {
    throw invalidRequest('Amount must be at least $0.50 usd', {
      code: 'amount_too_small',
      param: 'amount',
    });
  }
  if (amount > MOST_CENTS) {
    throw invalidRequest('Amount must be no more than $999,999.99', {
      code: 'amount_too_large',
      param: 'amount',
    });
  }
}

function refuseDescriptor(descriptor: string | null | undefined): void {
  if (descriptor === undefined) return;
  throw invalidRequest(
    'statement_descriptor cannot be used for a card payment. Use statement_descriptor_suffix.',
    { param: 'statement_descriptor' },
  );
}

function refuseConfirmationParams(params: Create): void {
  if (params.confirm) return;
  const early = createOnlyParams.find((name) => params[name] !== undefined);
  if (early) {
    throw invalidRequest(`You can only use \`${early}\` together with \`confirm=true\`.`, {
      param: early,
    });
  }
}

/** Checks that a card may pay for that customer: it belongs to them, or to nobody yet. */
function methodFor(world: World, customer: string | null, id: string): PaymentMethod {
  const method = usableMethod(world, id);
  refuseUsedUp(world, method);
  if (method.customer === customer || method.customer === null) return method;
  if (customer === null) {
    throw invalidRequest(
      `The payment_method ${method.id} belongs to the Customer ${method.customer}. Include that ` +
        'Customer in the `customer` parameter of the PaymentIntent.',
      { code: 'parameter_missing', param: 'customer' },
    );
  }
  throw invalidRequest(
    `The Customer ${customer} does not have a payment method with the ID ${method.id}. The ` +
      'payment method must be attached to the customer.',
    { code: 'resource_missing', param: 'payment_method' },
  );
}

function setMethod(intent: PaymentIntent, method: PaymentMethod): void {
  intent.payment_method = method.id;
  intent.status = 'requires_confirmation';
}

/** Everything that has to be in order before the card network is asked. */
function confirmable(world: World, intent: PaymentIntent, params: Create | Confirm): PaymentIntent {
  if (!OPEN.includes(intent.status)) {
    throw unexpectedState(
      intent,
      'You cannot confirm this PaymentIntent because it has ' +
        (intent.status === 'succeeded'
          ? 'already succeeded after an earlier confirmation.'
          : `a status of ${intent.status}.`),
    );
  }
  const named = params.payment_method ?? intent.payment_method;
  if (named === null) {
    throw unexpectedState(
      intent,
      "You cannot confirm this PaymentIntent because it's missing a payment method. Name one in " +
        'this request, or update the PaymentIntent with one first.',
    );
  }
  refuseMissingReturnUrl(intent, params);
  setMethod(intent, methodFor(world, intent.customer, named));
  applyOptions(intent, params);
  const { receipt_email } = params;
  if (receipt_email !== undefined) intent.receipt_email = receipt_email;
  return world.store.paymentIntents.put(intent);
}

/**
 * With automatic payment methods, which is the default, some of them may redirect, so Stripe wants
 * a return_url at confirmation even from a caller that only ever charges cards.
 */
function refuseMissingReturnUrl(intent: PaymentIntent, params: Create | Confirm): void {
  const automatic = intent.automatic_payment_methods;
  if (!automatic || automatic.allow_redirects === 'never') return;
  if (params.return_url !== undefined || params.allowed_payment_method_types) return;
  throw invalidRequest(
    'This PaymentIntent accepts payment methods that may redirect, so a `return_url` is needed. ' +
      'Without redirects, create it with `automatic_payment_methods[enabled]=true` and ' +
      '`automatic_payment_methods[allow_redirects]=never`, or with ' +
      '`allowed_payment_method_types[0]=card`.',
    { param: 'return_url' },
  );
}
