/**
 * The card network: what happens to a confirmed intent. Each confirmation that reaches it makes a
 * new charge; a decline puts the intent back to where it needs a card, and the answer is a 402.
 */
import { blankCharge, failCharge } from '../resources/charges.ts';
import { DECLINES } from './declines.ts';
import type { Decline } from './declines.ts';
import { docUrl, StripeFailure } from '../http/errors.ts';
import type {
  Charge,
  LastPaymentError,
  PaymentIntent,
  PaymentMethod,
} from '../resources/objects.ts';
import type { World } from './world.ts';

/** How a confirmation was asked for. */
export interface Confirmation {
  off_session?: boolean | string;
  error_on_requires_action?: boolean;
  return_url?: string;
}

/**
 * Sends the intent's card to the network. Gives the intent back when it is paid, is processing or
 * wants authentication; throws the 402 card error when the card was declined.
 */
export function charge(world: World, intent: PaymentIntent, how: Confirmation): PaymentIntent {
  const method = world.store.paymentMethods.get(intent.payment_method ?? '') as PaymentMethod;
  const answer = world.issuers.answer(method, intent);
  countTry(world, method);
  intent.last_payment_error = null;
  if (answer === 'authenticate') {
    if (how.off_session) return decline(world, intent, method, DECLINES.authentication_required);
    return wantAuthentication(world, intent, method, how);
  }
  if (answer === 'process' || answer === 'process_then_decline') {
    return process(world, intent, method);
  }
  if (answer === 'approve') return approve(world, intent, method, true);
  return decline(world, intent, method, answer);
}

/** Ends an intent that is `processing`: the second half of the cards that take their time. */
export function finishProcessing(world: World, intentId: string): void {
  const intent = world.store.paymentIntents.get(intentId);
  const method = world.store.paymentMethods.get(intent?.payment_method ?? '');
  const pending = world.store.charges.get(intent?.latest_charge ?? '');
  if (intent?.status !== 'processing' || !method || !pending) return;
  const answer = world.issuers.conclusion(method, intent);
  intent.processing = null;
  if (answer === 'approve') succeed(world, intent, pending);
  else fail(world, intent, method, answer, pending);
}

/** The person answered the bank's question, or refused to. */
export function authenticate(world: World, intent: PaymentIntent, agreed: boolean): PaymentIntent {
  const method = world.store.paymentMethods.get(intent.payment_method ?? '') as PaymentMethod;
  intent.next_action = null;
  if (agreed) return approve(world, intent, method, false);
  intent.status = 'requires_payment_method';
  intent.payment_method = null;
  intent.last_payment_error = {
    ...paymentError(DECLINES.authentication_required, method),
    code: 'payment_intent_authentication_failure',
  };
  world.emit('payment_intent.payment_failed', intent);
  return world.store.paymentIntents.put(intent);
}

/** Counts a charge of the card. One that no customer keeps is good for one payment only. */
function countTry(world: World, method: PaymentMethod): void {
  const record = world.store.cards.get(method.id);
  if (!record) return;
  const usedUp = record.usedUp || method.customer === null;
  world.store.cards.put({ ...record, tries: record.tries + 1, usedUp });
}

function approve(
  world: World,
  intent: PaymentIntent,
  method: PaymentMethod,
  mayDispute: boolean,
): PaymentIntent {
  const paid = world.store.charges.put(blankCharge(world, intent, method));
  succeed(world, intent, paid);
  const disputed = mayDispute ? world.issuers.disputesAfterMs(method) : null;
  if (disputed !== null) world.later('open_dispute', paid.id, disputed);
  return intent;
}

function succeed(world: World, intent: PaymentIntent, paid: Charge): void {
  Object.assign(paid, { amount_captured: paid.amount, captured: true, paid: true });
  paid.status = 'succeeded';
  intent.status = 'succeeded';
  intent.amount_received = intent.amount;
  intent.latest_charge = paid.id;
  world.store.charges.put(paid);
  world.store.paymentIntents.put(intent);
  world.emit('charge.succeeded', paid);
  world.emit('payment_intent.succeeded', intent);
  world.later('settle_charge', paid.id, world.delays.settle);
}

function process(world: World, intent: PaymentIntent, method: PaymentMethod): PaymentIntent {
  const pending = world.store.charges.put(blankCharge(world, intent, method));
  intent.status = 'processing';
  intent.processing = { type: 'card' };
  intent.latest_charge = pending.id;
  world.emit('charge.pending', pending);
  world.emit('payment_intent.processing', intent);
  world.later('finish_processing', intent.id, world.issuers.processingMs(method));
  return world.store.paymentIntents.put(intent);
}

function wantAuthentication(
  world: World,
  intent: PaymentIntent,
  method: PaymentMethod,
  how: Confirmation,
): PaymentIntent {
  if (how.error_on_requires_action) {
    const refused: Decline = {
      ...DECLINES.authentication_required,
      decline_code: 'authentication_not_handled',
    };
    intent.status = 'requires_payment_method';
    intent.payment_method = null;
    throw cardFailure(world.store.paymentIntents.put(intent), paymentError(refused, method));
  }
  intent.status = 'requires_action';
  intent.next_action = how.return_url
    ? {
        type: 'redirect_to_url',
        redirect_to_url: { return_url: how.return_url, url: `${how.return_url}#authenticate` },
      }
    : { type: 'use_stripe_sdk', use_stripe_sdk: {} };
  world.emit('payment_intent.requires_action', intent);
  return world.store.paymentIntents.put(intent);
}

function decline(
  world: World,
  intent: PaymentIntent,
  method: PaymentMethod,
  reason: Decline,
): never {
  const tried = world.store.charges.put(blankCharge(world, intent, method));
  throw cardFailure(intent, fail(world, intent, method, reason, tried));
}

/** Records a decline everywhere it shows; gives the error that tells of it. */
function fail(
  world: World,
  intent: PaymentIntent,
  method: PaymentMethod,
  reason: Decline,
  tried: Charge,
): LastPaymentError {
  failCharge(tried, reason);
  const error = { ...paymentError(reason, method), charge: tried.id };
  intent.last_payment_error = error;
  intent.latest_charge = tried.id;
  intent.payment_method = null;
  intent.status = 'requires_payment_method';
  world.store.charges.put(tried);
  world.store.paymentIntents.put(intent);
  world.emit('charge.failed', tried);
  world.emit('payment_intent.payment_failed', intent);
  return error;
}

function paymentError(reason: Decline, method: PaymentMethod): LastPaymentError {
  const { advice_code, network_decline_code, network_advice_code, param } = reason;
  return {
    ...(advice_code && { advice_code }),
    code: reason.code,
    decline_code: reason.decline_code,
    doc_url: docUrl(reason.code),
    message: reason.message,
    ...(network_advice_code && { network_advice_code }),
    ...(network_decline_code && { network_decline_code }),
    ...(param && { param }),
    payment_method: method,
    type: 'card_error',
  };
}

function cardFailure(intent: PaymentIntent, error: LastPaymentError): StripeFailure {
  const { message = '', ...rest } = error;
  return new StripeFailure(402, { ...rest, type: 'card_error', message, payment_intent: intent });
}
