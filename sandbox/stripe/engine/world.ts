/** What every part of the sandbox Stripe shares: its store, its clock, its ids, its events. */
import { randomBytes } from 'node:crypto';
import type { EventRecord, EventType, Task, TaskKind } from '../resources/objects.ts';
import { testCardIssuers } from './issuers.ts';
import type { Issuers } from './issuers.ts';
import type { Store } from './store.ts';

/** The API version of the `stripe` library this sandbox was written against (23.1). */
export const API_VERSION = '2026-10-28.endive';

/** How long things take, in milliseconds of the sandbox's clock. */
export interface Delays {
  /** From a charge to its balance transaction (Stripe's `automatic_async` capture). */
  settle: number;
  /** From `processing` to its end. */
  processing: number;
  /** From a disputed card's charge to the dispute. */
  dispute: number;
  /** From a pending or doomed refund to its end. */
  refund: number;
}

/** The delays unless told otherwise: short enough for a demonstration to wait for. */
const DEFAULT_DELAYS: Delays = {
  settle: 250,
  processing: 1500,
  dispute: 1000,
  refund: 1000,
};

/** The request that is being served, as events name it; null when the sandbox acts by itself. */
export interface Cause {
  id: string | null;
  idempotency_key: string | null;
}

/** The shared state and the few acts every handler needs. */
export interface World {
  store: Store;
  delays: Delays;
  /** The banks of the cards. */
  issuers: Issuers;
  /** The sandbox's clock in milliseconds: the machine's, plus what it was advanced by. */
  nowMs(): number;
  /** The same in whole seconds, as Stripe writes moments. */
  now(): number;
  /** A new id, e.g. `newId('pi_', 24)`: the prefix and then that many characters. */
  newId(prefix: string, length: number): string;
  /** Records that something happened; it is delivered to the webhook, if there is one. */
  emit(type: EventType, object: object, previous?: object): void;
  /** Plans work for later, on the sandbox's clock. */
  later(kind: TaskKind, target: string, delayMs: number, tries?: number): void;
  /** How many deliveries of an event are still to be made. */
  waitingFor(eventId: string): number;
  /** Where this sandbox listens, without a slash at the end. */
  url(): string;
  /** Who causes the events that are emitted now. */
  cause: Cause;
}

/** What a world is made of. */
export interface WorldParts {
  store: Store;
  clock: () => number;
  delays?: Partial<Delays> | undefined;
  /** Makes ids as `World.newId` does; random for every process unless given. */
  newId?: World['newId'];
  /** The banks of the cards: those of the test cards unless given. */
  issuers?: Issuers;
  /** How many events are kept; the oldest go first. */
  keepEvents: number;
  /** Called with each planned task, so that a scheduler can wake up for it. */
  planned(task: Task): void;
  /** Called with each event, so that it can be delivered, and the object it is about. */
  happened(event: EventRecord, object: object): void;
  /** How many webhook endpoints an event waits for when it happens. */
  listeners(): number;
  waitingFor(eventId: string): number;
  url(): string;
}

const NOBODY: Cause = { id: null, idempotency_key: null };

/** Puts a world together. */
export function createWorld(parts: WorldParts): World {
  const { store } = parts;
  const nowMs = () => Math.floor(parts.clock() + (store.settings.get('clock')?.advancedMs ?? 0));
  const newId = parts.newId ?? createIds();
  const delays = { ...DEFAULT_DELAYS, ...parts.delays };
  const world: World = {
    store,
    delays,
    issuers: parts.issuers ?? testCardIssuers(store, delays),
    nowMs,
    now: () => Math.floor(nowMs() / 1000),
    newId,
    cause: NOBODY,
    waitingFor: parts.waitingFor,
    url: parts.url,
    emit(type, object, previous) {
      const created = world.now();
      const event = {
        id: newId('evt_', 24),
        object: 'event',
        api_version: API_VERSION,
        created,
        data: previous ? { object, previous_attributes: previous } : { object },
        livemode: false,
        pending_webhooks: parts.listeners(),
        request: world.cause,
        type,
      };
      const record = store.events.put({ id: event.id, type, created, body: JSON.stringify(event) });
      forgetOldEvents(store, parts.keepEvents);
      parts.happened(record, object);
    },
    later(kind, target, delayMs, tries) {
      const id = newId('task_', 24);
      const task: Task = { id, due: nowMs() + delayMs, kind, target, ...(tries && { tries }) };
      parts.planned(store.tasks.put(task));
    },
  };
  return world;
}

/** The cause of what the sandbox does by itself. */
export const byItself = (): Cause => NOBODY;

/** Secrets and ids: a random stem per process, then a counter, so that none comes twice. */
function createIds(): (prefix: string, length: number) => string {
  const stem = randomBytes(12).toString('hex');
  let count = 0;
  return (prefix, length) => {
    count += 1;
    const tail = count.toString(36).toUpperCase().padStart(6, '0');
    return `${prefix}${stem.slice(0, length - tail.length)}${tail}`;
  };
}

/** Drops the oldest tenth when the limit is passed, so that dropping costs little per event. */
function forgetOldEvents(store: Store, keep: number): void {
  if (store.events.size() <= keep * 1.1) return;
  const surplus = store.events.size() - keep;
  const oldest = [...store.events.ids()].filter((id) => store.events.get(id)).slice(0, surplus);
  for (const id of oldest) store.events.remove(id);
}
