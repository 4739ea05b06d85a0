/**
 * Delivery of events to the webhook: signed as Stripe signs, some at a time, tried again on a
 * schedule, and, when asked, in the ways that go wrong: late, twice, out of order, never.
 */
import { createHmac } from 'node:crypto';
import http from 'node:http';
import https from 'node:https';
import type { EventRecord, Task } from '../resources/objects.ts';
import type { World } from './world.ts';

/** Where events go, and with which secrets they are signed (two while a secret is rotated). */
export interface Webhook {
  url: string;
  secrets: string[];
}

/** How deliveries behave. */
export interface Manners {
  /** `hold`: keep them back until `send`; `lose`: they are never sent at all. */
  mode: 'send' | 'hold' | 'lose';
  /** How often each event is sent. */
  copies: number;
  /** The order in which held events go out. */
  order: 'kept' | 'reversed';
}

/** The waits before each further try, in milliseconds; after the last one the event is given up. */
const RETRY_AFTER_MS = [1000, 5000, 30_000, 300_000, 3_600_000, 10_800_000];
const AT_A_TIME = 8;
const TIMEOUT_MS = 10_000;

/** What delivering needs. */
export interface DeliveryParts {
  world: () => World;
  /** The machine's clock: receivers compare the signature's time with theirs. */
  clock: () => number;
  webhook: Webhook | undefined;
}

/** The deliveries of one sandbox. */
export type Deliveries = ReturnType<typeof createDeliveries>;

/** Starts without anything to deliver; unsent tasks of an earlier run come in through `take`. */
export function createDeliveries(parts: DeliveryParts) {
  let webhook = parts.webhook;
  let manners: Manners = { mode: 'send', copies: 1, order: 'kept' };
  let queue: Task[] = [];
  let active = 0;
  let closed = false;
  const post = createPost(parts.clock);

  function pump(): void {
    while (!closed && manners.mode === 'send' && active < AT_A_TIME) {
      const task = queue.shift();
      if (!task) return;
      active += 1;
      void deliver(task).finally(() => {
        active -= 1;
        pump();
      });
    }
  }

  async function deliver(task: Task): Promise<void> {
    const world = parts.world();
    const event = world.store.events.get(task.target);
    const accepted = !event || !webhook || (await post.send(webhook, event));
    if (closed) return;
    world.store.tasks.remove(task.id);
    const tries = task.tries ?? 0;
    const next = RETRY_AFTER_MS[tries];
    if (!accepted && next !== undefined) {
      world.later('deliver_event', task.target, next, tries + 1);
    }
    world.store.commit();
  }

  return {
    /** Plans the delivery of an event, where there is a webhook. */
    plan(event: EventRecord): void {
      if (!webhook || manners.mode === 'lose') return;
      for (let copy = 0; copy < manners.copies; copy += 1) {
        parts.world().later('deliver_event', event.id, 0);
      }
    },
    /** Takes a planned delivery whose time has come. */
    take(task: Task): void {
      queue.push(task);
      pump();
    },
    /** Sends an event once more, whatever became of it. */
    resend(eventId: string): void {
      parts.world().later('deliver_event', eventId, 0);
    },
    listeners: (): number => (webhook ? 1 : 0),
    webhook: (): Webhook | undefined => webhook,
    manners: (): Manners => manners,
    /** Changes where events go and how; what was held goes out when the mode is `send` again. */
    set(change: Partial<Manners> & { webhook?: Webhook }): void {
      const { webhook: elsewhere, ...ways } = change;
      if (elsewhere) webhook = elsewhere;
      manners = { ...manners, ...ways };
      if (manners.order === 'reversed') queue = queue.reverse();
      pump();
    },
    close(): void {
      closed = true;
      post.close();
    },
  };
}

/** Carries one event to the webhook: true when it was accepted, which any 2xx says. */
function createPost(clock: () => number) {
  const agents = {
    'http:': new http.Agent({ keepAlive: true }),
    'https:': new https.Agent({ keepAlive: true }),
  };
  return {
    send(to: Webhook, event: EventRecord): Promise<boolean> {
      const url = new URL(to.url);
      // Laid out as Stripe lays it out, so that who parses before verifying is found out.
      const body = JSON.stringify(JSON.parse(event.body), null, 2);
      const options: http.RequestOptions = {
        method: 'POST',
        agent: agents[url.protocol as keyof typeof agents],
        timeout: TIMEOUT_MS,
        headers: {
          'content-type': 'application/json; charset=utf-8',
          'content-length': Buffer.byteLength(body),
          'stripe-signature': signature(body, Math.floor(clock() / 1000), to.secrets),
          'user-agent': 'Stripe/1.0 (levy sandbox)',
        },
      };
      return new Promise((resolve) => {
        const request = (url.protocol === 'https:' ? https : http).request(url, options);
        request.on('response', (response) => {
          response.resume();
          response.on('close', () => resolve(Math.floor((response.statusCode ?? 500) / 100) === 2));
        });
        request.on('timeout', () => request.destroy());
        request.on('error', () => resolve(false));
        request.end(body);
      });
    },
    close(): void {
      for (const agent of Object.values(agents)) agent.destroy();
    },
  };
}

/** `t=<seconds>,v1=<HMAC-SHA256 of "t.body">`, one v1 for each secret. */
function signature(body: string, moment: number, secrets: string[]): string {
  const marks = secrets.map(
    (secret) => `v1=${createHmac('sha256', secret).update(`${moment}.${body}`).digest('hex')}`,
  );
  return [`t=${moment}`, ...marks].join(',');
}
