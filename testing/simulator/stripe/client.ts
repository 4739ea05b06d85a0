import type Stripe from 'stripe';
import type { Fault, Faults } from '../faults.ts';

import { apiError, connectionError, unreadable } from './errors.ts';
import { createKeys } from './idempotency.ts';
import {
  cancelIntent,
  confirmIntent,
  createIntent,
  existingIntent,
  updateIntent,
} from './intents.ts';
import { createRefund, existingRefund } from './refunds.ts';
import { createSession, expireSession, type SessionWish } from './sessions.ts';
import { render, type EventFilter, type Filter } from './rendering.ts';
import type { StripeWorld } from './world.ts';

/** A stretch of time in which Stripe is away or wants everybody to slow down. */
export interface Weather {
  awayUntil: number;
  busyUntil: number;
}

/** What is known of the caller: the job that asks, and when it had loaded its fee. */
export interface Caller {
  decidedAt: number;
  /** Which installation it is. */
  site: string;
}

interface Options {
  idempotencyKey?: string;
}

/**
 * The client of the `stripe` library, as far as the gateway uses it, over the books: the real
 * gateway works on it without knowing. Requests and answers get lost here.
 */
export function createStripeDouble(world: StripeWorld, faults: Faults, weather: Weather) {
  const keys = createKeys(world.now);
  const show = render(world);

  /** One request. Reading has no key and no faults that need one. */
  function request<T>(act: () => T, options?: Options, params: object = {}): Promise<T> {
    const key = options?.idempotencyKey;
    const written = JSON.stringify(params);
    return attempt(() => {
      refuseByWeather(faults, weather, world.now());
      if (faults.strikes('stripe_in_use'))
        throw key ? apiError(409, 'idempotency_key_in_use') : apiError(429, 'lock_timeout');
      const known = key ? keys.recall(key, written) : null;
      if (known && 'error' in known) throw known.error;
      if (known) return replayed(known.value as T);
      const broken = faults.strikes('stripe_500');
      if (broken && (!key || world.random.chance(0.5))) throw failed(key, written);
      const answer = carriedOut(act);
      if (broken) throw failed(key, written);
      if (key) keys.remember(key, written, answer);
      loseAnswer(faults);
      if ('error' in answer) throw answer.error;
      return fresh(answer.value);
    });
  }

  function failed(key: string | undefined, params: string): Error {
    const error = apiError(500);
    if (key) keys.remember(key, params, { error });
    return error;
  }

  return (caller: Caller): Stripe => {
    const asker = (options?: Options) =>
      ({ by: 'levy', key: options?.idempotencyKey ?? null, ...caller }) as const;
    const double = {
      customers: {
        retrieve: (id: string) => request(() => show.customer(id)),
        listPaymentMethods: (id: string) => request(() => show.cardsOf(id)),
      },
      paymentMethods: { retrieve: (id: string) => request(() => show.card(id)) },
      paymentIntents: {
        create: (params: Stripe.PaymentIntentCreateParams, options?: Options) =>
          request(() => show.intent(createIntent(world, params as never)), options, params),
        retrieve: (id: string) => request(() => show.intent(existingIntent(world, id))),
        list: (filter: Filter) => request(() => show.intents(filter)),
        update: (id: string, params: { metadata?: Record<string, string> }, options?: Options) =>
          request(() => show.intent(updateIntent(world, id, params)), options, { id, ...params }),
        confirm: (id: string, params: { payment_method: string }, options?: Options) =>
          request(
            () => show.intent(confirmIntent(world, id, params.payment_method, asker(options))),
            options,
            { id, ...params },
          ),
        cancel: (id: string, params: { cancellation_reason?: string } = {}, options?: Options) =>
          request(
            () => show.intent(cancelIntent(world, id, true, params.cancellation_reason)),
            options,
            { id, ...params },
          ),
      },
      refunds: {
        create: (
          params: { payment_intent: string; metadata: Record<string, string> },
          options?: Options,
        ) =>
          request(
            () => ({
              ...createRefund(
                world,
                { intent: params.payment_intent, metadata: params.metadata },
                true,
              ),
            }),
            options,
            params,
          ),
        retrieve: (id: string) => request(() => ({ ...existingRefund(world, id) })),
        list: (filter: Filter) => request(() => show.refunds(filter)),
      },
      checkout: {
        sessions: {
          create: (params: SessionWish, options?: Options) =>
            request(() => show.session(createSession(world, params)), options, params),
          expire: (id: string) => request(() => show.session(expireSession(world, id))),
        },
      },
      events: { list: (filter: EventFilter) => request(() => show.events(filter)) },
      disputes: { list: (filter: Filter) => request(() => show.disputes(filter)) },
      charges: { list: (filter: Filter) => request(() => show.charges(filter)) },
      balanceTransactions: { list: (filter: Filter) => request(() => show.movements(filter)) },
    };
    return double as unknown as Stripe;
  };
}

/** Runs it as a request would: what it throws is the promise's. */
async function attempt<T>(run: () => T): Promise<T> {
  return run();
}

function refuseByWeather(faults: Faults, weather: Weather, now: number): void {
  if (now < weather.awayUntil) throw connectionError('ECONNREFUSED');
  if (now < weather.busyUntil || faults.strikes('stripe_429')) throw apiError(429);
  if (faults.strikes('stripe_lost_request')) throw connectionError('ECONNRESET');
}

const LOST: [Fault, () => Error][] = [
  ['stripe_lost_answer', () => connectionError('ETIMEDOUT')],
  ['stripe_cut_answer', unreadable],
];

function loseAnswer(faults: Faults): void {
  for (const [fault, error] of LOST) if (faults.strikes(fault)) throw error();
}

function carriedOut<T>(act: () => T): { value: T } | { error: Error } {
  try {
    return { value: act() };
  } catch (error) {
    return { error: error as Error };
  }
}

/** A copy, so that nothing the caller holds changes under it, with the answer's headers. */
function fresh<T>(value: T, headers: Record<string, string> = {}): T {
  return Object.assign(structuredClone(value) as object, { lastResponse: { headers } }) as T;
}

function replayed<T>(value: T): T {
  return fresh(value, { 'idempotent-replayed': 'true' });
}
