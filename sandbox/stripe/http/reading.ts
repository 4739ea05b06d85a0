/** The endpoints that only read: balance transactions, events and setup intents. */
import { noSuch } from './errors.ts';
import { listRecords } from './lists.ts';
import type { BalanceTransaction, EventRecord, SetupIntent } from '../resources/objects.ts';
import { expandable, flag, listOf, paging, text, timeRange } from './params.ts';
import type { Params } from './params.ts';
import type { World } from '../engine/world.ts';

/** Parameters by endpoint. */
export const readingParams = {
  one: expandable,
  balance: {
    ...paging,
    created: timeRange,
    currency: text(3),
    payout: text(),
    source: text(),
    type: text(),
  },
  events: {
    ...paging,
    created: timeRange,
    delivery_success: flag,
    type: text(),
    types: listOf(text()),
  },
  setupIntents: { ...paging, created: timeRange, customer: text(), payment_method: text() },
};

/** GET /v1/balance_transactions/:id */
export function retrieveBalance(world: World, _params: unknown, id: string): BalanceTransaction {
  const found = world.store.balance.get(id);
  if (!found) throw noSuch('balance transaction', id, 'id', 404);
  return found;
}

/** GET /v1/balance_transactions, newest first. */
export function listBalance(world: World, params: Params<typeof readingParams.balance>) {
  const payout = new Set(world.store.payouts.get(params.payout ?? '')?.movements);
  return listRecords(world.store.balance, params, {
    url: '/v1/balance_transactions',
    kind: 'balance_transaction',
    index: ['source', params.source],
    keep: (movement) =>
      (params.type === undefined || movement.type === params.type) &&
      (params.currency === undefined || movement.currency === params.currency) &&
      (params.payout === undefined || payout.has(movement.id)),
  });
}

/** GET /v1/events/:id */
export function retrieveEvent(world: World, _params: unknown, id: string): object {
  const found = world.store.events.get(id);
  if (!found) throw noSuch('event', id, 'id', 404);
  return asEvent(world, found);
}

/** GET /v1/events, newest first. */
export function listEvents(world: World, params: Params<typeof readingParams.events>) {
  const types = params.types ?? (params.type === undefined ? undefined : [params.type]);
  const page = listRecords(world.store.events, params, {
    url: '/v1/events',
    kind: 'event',
    keep: (event) =>
      (types === undefined || types.some((type) => matches(type, event.type))) &&
      (params.delivery_success === undefined ||
        params.delivery_success === (world.waitingFor(event.id) === 0)),
  });
  return { ...page, data: page.data.map((event) => asEvent(world, event)) };
}

/** GET /v1/setup_intents/:id */
export function retrieveSetupIntent(world: World, _params: unknown, id: string): SetupIntent {
  const found = world.store.setupIntents.get(id);
  if (!found) throw noSuch('setupintent', id, 'intent', 404);
  return found;
}

/** GET /v1/setup_intents, newest first. */
export function listSetupIntents(world: World, params: Params<typeof readingParams.setupIntents>) {
  const { customer, payment_method } = params;
  return listRecords(world.store.setupIntents, params, {
    url: '/v1/setup_intents',
    kind: 'setup_intent',
    index: ['customer', customer],
    keep: (intent) => payment_method === undefined || intent.payment_method === payment_method,
  });
}

/** `charge.*` stands for every type that begins with `charge.`. */
function matches(wanted: string, type: string): boolean {
  return wanted.endsWith('*') ? type.startsWith(wanted.slice(0, -1)) : wanted === type;
}

/** An event as it was, with the number of deliveries it still waits for. */
function asEvent(world: World, record: EventRecord): object {
  const event = JSON.parse(record.body) as object;
  return { ...event, pending_webhooks: world.waitingFor(record.id) };
}
