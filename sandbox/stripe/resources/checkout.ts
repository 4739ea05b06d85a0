/**
 * Checkout sessions in `setup` mode: a person saves a card on a page of Stripe's, nothing is
 * charged. Completion makes the card, attaches it to the customer and ends the setup intent.
 */
import { findTestCard } from '../engine/cards.ts';
import { invalidRequest, missingParameter, noSuch, notSimulated } from '../http/errors.ts';
import type { checkoutParams } from './checkout-params.ts';
import { blankSession } from './checkout-session.ts';
import { listRecords } from '../http/lists.ts';
import { existingCustomer } from './lookup.ts';
import type { CheckoutSession, PaymentMethod, SetupIntent } from './objects.ts';
import { patchedMetadata } from '../http/params.ts';
import type { Params } from '../http/params.ts';
import { attach, usableMethod } from './payment-methods.ts';
import type { World } from '../engine/world.ts';

const HALF_HOUR = 1800;
const ONE_DAY = 86_400;

/** POST /v1/checkout/sessions */
export function createSession(
  world: World,
  params: Params<typeof checkoutParams.create>,
): CheckoutSession {
  refuseSession(world, params);
  const expires = params.expires_at ?? world.now() + ONE_DAY;
  const customer = params.customer && existingCustomer(world, params.customer, 'customer').id;
  const setup = blankSetupIntent(world, customer ?? null, params.setup_intent_data);
  world.store.setupIntents.put(setup);
  world.emit('setup_intent.created', setup);
  const session = blankSession(world, params, setup);
  session.expires_at = expires;
  world.later('expire_session', session.id, (expires - world.now()) * 1000);
  return world.store.sessions.put(session);
}

/** GET /v1/checkout/sessions/:id */
export function retrieveSession(world: World, _params: unknown, id: string): CheckoutSession {
  const found = world.store.sessions.get(id);
  if (!found) throw noSuch('checkout.session', id, 'session', 404);
  return found;
}

/** GET /v1/checkout/sessions, newest first. */
export function listSessions(world: World, params: Params<typeof checkoutParams.list>) {
  return listRecords(world.store.sessions, params, {
    url: '/v1/checkout/sessions',
    kind: 'checkout.session',
    index: ['customer', params.customer],
    keep: (session) => params.status === undefined || session.status === params.status,
  });
}

/** POST /v1/checkout/sessions/:id/expire */
export function expireSession(world: World, _params: unknown, id: string): CheckoutSession {
  const session = retrieveSession(world, undefined, id);
  if (session.status !== 'open') {
    throw invalidRequest(
      `Only Checkout Sessions with a status of open can be expired; this one is ${session.status}.`,
    );
  }
  session.status = 'expired';
  session.url = null;
  world.emit('checkout.session.expired', session);
  return world.store.sessions.put(session);
}

/** The person on the page chose a card: saves it and completes the session. */
export function completeSession(world: World, id: string, testCard: string): CheckoutSession {
  const session = retrieveSession(world, undefined, id);
  if (session.status !== 'open') {
    throw invalidRequest(`This Checkout Session is ${session.status}.`);
  }
  if (!findTestCard(testCard)) throw noSuch('test card', testCard, 'payment_method');
  return completeWith(world, session, usableMethod(world, testCard));
}

/** Saves this card by an open session, which is complete then. */
export function completeWith(
  world: World,
  session: CheckoutSession,
  method: PaymentMethod,
): CheckoutSession {
  if (session.customer !== null) attach(world, method, session.customer);
  const setup = world.store.setupIntents.get(session.setup_intent ?? '');
  if (setup) {
    setup.status = 'succeeded';
    setup.payment_method = method.id;
    world.store.setupIntents.put(setup);
    world.emit('setup_intent.succeeded', setup);
  }
  session.status = 'complete';
  session.url = null;
  world.emit('checkout.session.completed', session);
  return world.store.sessions.put(session);
}

function refuseSession(world: World, params: Params<typeof checkoutParams.create>): void {
  const mode = params.mode ?? 'payment';
  if (mode !== 'setup') throw notSimulated(`Checkout Sessions in ${mode} mode`, 'mode');
  if ((params.ui_mode ?? 'hosted_page') !== 'hosted_page') {
    throw notSimulated(`Checkout Sessions with ui_mode ${params.ui_mode}`, 'ui_mode');
  }
  if (!params.success_url) throw missingParameter('success_url');
  if (!params.currency && !params.allowed_payment_method_types) throw missingParameter('currency');
  if (params.customer && params.customer_email) {
    throw invalidRequest('You may only specify one of these parameters: customer, customer_email.');
  }
  const wait = (params.expires_at ?? world.now() + ONE_DAY) - world.now();
  if (wait < HALF_HOUR || wait > ONE_DAY) {
    throw invalidRequest(
      'The `expires_at` timestamp must be at least 30 minutes and at most 24 hours from now.',
      { param: 'expires_at' },
    );
  }
}

function blankSetupIntent(
  world: World,
  customer: string | null,
  data: { description?: string; metadata?: Record<string, string> | '' } | undefined,
): SetupIntent {
  const id = world.newId('seti_1', 23);
  return {
    id,
    object: 'setup_intent',
    allowed_payment_method_types: null,
    application: null,
    automatic_payment_methods: null,
    cancellation_reason: null,
    client_secret: `${id}_secret_${world.newId('', 24)}`,
    created: world.now(),
    customer,
    description: data?.description ?? null,
    excluded_payment_method_types: null,
    flow_directions: null,
    last_setup_error: null,
    latest_attempt: null,
    livemode: false,
    mandate: null,
    metadata: patchedMetadata({}, data?.metadata),
    next_action: null,
    on_behalf_of: null,
    payment_method: null,
    payment_method_configuration_details: null,
    payment_method_options: {},
    payment_method_types: ['card'],
    single_use_mandate: null,
    status: 'requires_payment_method',
    usage: 'off_session',
  };
}
