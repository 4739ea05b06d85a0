/** The sandbox Stripe as a server on the loopback: Stripe's API, its card page, and the control. */
import http from 'node:http';
import { systemClock } from '../clock.ts';
import { drawUpBooks } from './engine/books.ts';
import type { Books } from './engine/books.ts';
import { createFaults } from './http/faults.ts';
import type { Limits } from './http/limits.ts';
import { createSandbox } from './sandbox.ts';
import { createScheduler } from './engine/scheduler.ts';
import { serve } from './http/serving.ts';
import type { House } from './http/serving.ts';
import { createStore } from './engine/store.ts';
import { createDeliveries } from './engine/webhooks.ts';
import type { Webhook } from './engine/webhooks.ts';
import type { Delays } from './engine/world.ts';

/** How a sandbox is started. Everything may be left out. */
export interface SandboxOptions {
  /** 0, the default, takes a free port. */
  port?: number;
  host?: string;
  /** Milliseconds since 1970; the machine's clock unless given. */
  clock?: () => number;
  /** A file that keeps the state across restarts and kills; without one, memory is all. */
  journal?: string;
  webhook?: Webhook;
  /** No limits unless given. */
  limits?: Limits;
  /** Milliseconds that every call takes at least. */
  latencyMs?: number;
  delays?: Partial<Delays>;
  /** How many events are kept (20,000): each is a copy of its object. */
  keepEvents?: number;
  /** Told of the sandbox's own errors; they go to standard error unless given. */
  report?: (error: unknown) => void;
}

/** A running sandbox. */
export interface SandboxStripe {
  /** e.g. `http://127.0.0.1:41234` */
  url: string;
  port: number;
  /** The books as they are now; `by` names the metadata that identifies what was paid for. */
  books(by?: string): Books;
  close(): Promise<void>;
}

/** Starts a sandbox Stripe. Rejects when the port is taken or the journal cannot be read. */
export async function startSandboxStripe(options: SandboxOptions = {}): Promise<SandboxStripe> {
  const house = furnish(options);
  const server = http.createServer((request, response) => void serve(house, request, response));
  // Longer than clients keep an idle connection, so that it is they who close it.
  server.keepAliveTimeout = 120_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, options.host ?? '127.0.0.1', resolve);
  });
  const { port } = server.address() as { port: number };
  house.url = `http://${options.host ?? '127.0.0.1'}:${port}`;
  for (const task of house.world.store.tasks.values()) house.scheduler.add(task);
  return {
    url: house.url,
    port,
    books: (by) => drawUpBooks(house.world, by),
    async close() {
      house.scheduler.stop();
      house.deliveries.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      house.world.store.close();
    },
  };
}

function reportToStderr(error: unknown): void {
  process.stderr.write(`sandbox stripe: ${error instanceof Error ? error.stack : String(error)}\n`);
}

function furnish(options: SandboxOptions): House {
  const clock = options.clock ?? systemClock;
  const report = options.report ?? reportToStderr;
  const store = createStore(options.journal);
  const faults = createFaults();
  const deliveries = createDeliveries({ world: () => world, clock, webhook: options.webhook });
  const { world, api, run } = createSandbox({
    ...{ store, clock, faults, report },
    delays: options.delays,
    limits: options.limits,
    latencyMs: options.latencyMs,
    keepEvents: options.keepEvents ?? 20_000,
    planned: (task) => scheduler.add(task),
    happened: (event) => deliveries.plan(event),
    listeners: deliveries.listeners,
    waitingFor: (id) => store.tasks.ids('target', id).length,
    url: () => house.url,
  });
  const scheduler = createScheduler(world.nowMs, (task) => {
    try {
      // A delivery stays planned until it was made, so that a restart in between sends it again.
      if (task.kind === 'deliver_event') deliveries.take(task);
      else run(task);
    } catch (error) {
      report(error);
    }
    store.commit();
  });
  const house: House = { world, faults, deliveries, scheduler, api, report, url: '' };
  return house;
}
