import Stripe from 'stripe';
import { createStore } from '../../../sandbox/stripe/engine/store.ts';
import { API_VERSION, type World } from '../../../sandbox/stripe/engine/world.ts';
import { createSandbox } from '../../../sandbox/stripe/sandbox.ts';
import type { Answer, Call } from '../../../sandbox/stripe/http/api.ts';
import type { Faults } from '../faults.ts';
import type { Random } from '../random.ts';
import type { Timeline } from '../timeline.ts';
import { createBooks, noteEvent, noteNotice, type StripeBooks } from './books.ts';
import { createHttpClient, drawFault, type StripeOutage } from './http-client.ts';
import { createIssuers, type Asker } from './issuers.ts';

/** What is known of a caller: the job that asks, and when it had loaded its fee. */
export interface Caller {
  decidedAt: number;
  /** Which installation it is. */
  site: string;
  isAlive: () => boolean;
}

/** An event as the account tells of it. */
export interface AccountEvent {
  id: string;
  type: string;
  /** Its JSON, as Stripe delivers it. */
  body: string;
  createdAt: number;
  /** Something levy did itself, or something the outside world did. */
  ours: boolean;
}

/** The one Stripe account of a seed: the sandbox in this process, on the seed's time and chance. */
export interface StripeAccount {
  world: World;
  books: StripeBooks;
  random: Random;
  outage: StripeOutage;
  /** The `stripe` library, for one caller. */
  client(caller: Caller): Stripe;
}

/** Opens an account. `deliver` is told of every event. */
export function createStripeAccount(args: {
  timeline: Timeline;
  random: Random;
  faults: Faults;
  note: (line: string) => void;
  deliver: (event: AccountEvent) => void;
}): StripeAccount {
  const { timeline, random, faults, note, deliver } = args;
  const { now } = timeline;
  const outage: StripeOutage = { awayUntil: 0, busyUntil: 0 };
  const chance = random.fork('http');
  const store = createStore();
  const books = createBooks(store);
  let ids = 0;
  let calling: Caller | null = null;
  let isSettling = false;

  const asker = (): Asker =>
    calling
      ? { by: 'levy', key: sandbox.world.cause.idempotency_key, ...callerOf(calling) }
      : { by: 'outside', key: null, decidedAt: now(), site: null };

  const sandbox = createSandbox({
    ...{ store, clock: now },
    newId: (prefix) => `${prefix}${prefix.endsWith('_') ? '' : '_'}sim${(ids += 1)}`,
    issuers: createIssuers({ ...{ random, now, asker, note }, books: () => books }),
    keepEvents: Infinity,
    faults: { take: (endpoint) => drawFault({ faults, random: chance, outage }, endpoint, now()) },
    report: complain,
    planned: (task) =>
      timeline.at(task.due, () => {
        isSettling = task.kind === 'finish_processing';
        sandbox.run(task);
        isSettling = false;
      }),
    happened({ id, type, body }, object) {
      noteEvent(books, now(), { type, object });
      deliver({ ...{ id, type, body }, createdAt: now(), ours: calling !== null || isSettling });
    },
    carriedOut: (call) => noteNotice(books, sandbox.world, call),
    listeners: () => 1,
    waitingFor: () => 0,
    url: () => 'https://checkout.example',
  });

  /** One call after the other: there is no other caller before one has its answer. */
  async function answered(caller: Caller, call: Call): Promise<Answer | null> {
    if (now() < outage.awayUntil) return null;
    if (calling && calling !== caller) complain(new Error('Bug! two callers at once'));
    calling = caller;
    try {
      return await sandbox.api(call);
    } finally {
      calling = null;
    }
  }

  return {
    ...{ world: sandbox.world, books, random, outage },
    client: (caller) =>
      whenAsked(
        () =>
          new Stripe('sk_test_simulator', {
            apiVersion: API_VERSION,
            maxNetworkRetries: 0,
            telemetry: false,
            httpClient: createHttpClient({
              api: (call) => answered(caller, call),
              random: chance,
              isAlive: caller.isAlive,
            }),
          }),
      ),
  };
}

/** Nobody waits for this error, so that it counts as a bug of the simulation. */
function complain(error: unknown): void {
  void Promise.reject(error instanceof Error ? error : new Error(String(error)));
}

function callerOf({ decidedAt, site }: Caller) {
  return { decidedAt, site };
}

/** The library's client, made when something is asked of it first: most jobs never do. */
function whenAsked(make: () => Stripe): Stripe {
  let made: Stripe | undefined;
  return new Proxy({} as Stripe, {
    get: (_, name): unknown => (made ??= make())[name as keyof Stripe],
  });
}
