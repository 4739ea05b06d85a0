/** The sandbox Stripe as a server on the loopback: Stripe's API, its card page, and the control. */
import http from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { systemClock } from '../clock.ts';
import { createApi } from './api.ts';
import type { Answer, Call } from './api.ts';
import { drawUpBooks } from './books.ts';
import type { Books } from './books.ts';
import { settleCharge } from './charges.ts';
import { checkoutPage, checkoutPolicy, successUrl } from './checkout-page.ts';
import { completeSession, expireSession, retrieveSession } from './checkout.ts';
import { control } from './control.ts';
import { openDispute } from './disputes.ts';
import { internalError, StripeFailure } from './errors.ts';
import { createFaults } from './faults.ts';
import type { Faults } from './faults.ts';
import { decodeForm } from './form.ts';
import { createKeys } from './idempotency.ts';
import { createLimiter } from './limits.ts';
import type { Limits } from './limits.ts';
import { finishProcessing } from './network.ts';
import type { Task } from './objects.ts';
import { finishRefund } from './refunds.ts';
import { createScheduler } from './scheduler.ts';
import type { Scheduler } from './scheduler.ts';
import { createStore } from './store.ts';
import { createDeliveries } from './webhooks.ts';
import type { Deliveries, Webhook } from './webhooks.ts';
import { createWorld } from './world.ts';
import type { Delays, World } from './world.ts';

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

interface House {
  world: World;
  faults: Faults;
  deliveries: Deliveries;
  scheduler: Scheduler;
  api: (call: Call) => Promise<Answer>;
  report: (error: unknown) => void;
  url: string;
}

function furnish(options: SandboxOptions): House {
  const clock = options.clock ?? systemClock;
  const report = options.report ?? reportToStderr;
  const store = createStore(options.journal);
  const deliveries = createDeliveries({ world: () => world, clock, webhook: options.webhook });
  const world: World = createWorld({
    store,
    clock,
    delays: options.delays,
    keepEvents: options.keepEvents ?? 20_000,
    planned: (task) => scheduler.add(task),
    happened: (event) => deliveries.plan(event),
    listeners: deliveries.listeners,
    waitingFor: (id) => store.tasks.ids('target', id).length,
    url: () => house.url,
  });
  const scheduler = createScheduler(world.nowMs, (task) => {
    try {
      runTask(world, deliveries, task);
    } catch (error) {
      report(error);
    }
    store.commit();
  });
  const faults = createFaults();
  const api = createApi({
    world,
    keys: createKeys(store, world.nowMs),
    faults,
    limit: createLimiter(options.limits, world.nowMs),
    latencyMs: options.latencyMs ?? 0,
    report,
  });
  const house: House = { world, faults, deliveries, scheduler, api, report, url: '' };
  return house;
}

function runTask(world: World, deliveries: Deliveries, task: Task): void {
  if (task.kind === 'deliver_event') {
    // It stays planned until it was delivered, so that a restart in between sends it again.
    deliveries.take(task);
    return;
  }
  world.store.tasks.remove(task.id);
  if (task.kind === 'settle_charge') settleCharge(world, task.target);
  if (task.kind === 'finish_processing') finishProcessing(world, task.target);
  if (task.kind === 'open_dispute') openDispute(world, task.target);
  if (task.kind === 'finish_refund') finishRefund(world, task.target);
  if (task.kind === 'expire_session') {
    if (world.store.sessions.get(task.target)?.status === 'open') {
      expireSession(world, undefined, task.target);
    }
  }
}

const LARGEST_BODY_BYTES = 1 << 20;

async function serve(
  house: House,
  request: http.IncomingMessage,
  response: http.ServerResponse,
): Promise<void> {
  try {
    const body = await readBody(request);
    const [path = '', query = ''] = (request.url ?? '').split('?', 2) as [string, string?];
    house.scheduler.runDue();
    if (path.startsWith('/_sandbox/')) {
      serveControl(house, request, response, { path: path.slice(10), query, body });
    } else if (path.startsWith('/c/pay/')) {
      serveCheckout(house, request, response, path.slice(7), body);
    } else {
      const { headers, method = 'GET' } = request;
      send(response, await house.api({ method, path, query, body, headers }));
    }
  } catch (error) {
    if (!request.destroyed) house.report(error);
    response.destroy();
  }
}

/** The body as text; a body over a megabyte is no form of Stripe's, and the connection ends. */
function readBody(request: http.IncomingMessage): Promise<string> {
  if (request.method === 'GET' || request.method === 'HEAD') return Promise.resolve('');
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > LARGEST_BODY_BYTES) request.destroy();
      else chunks.push(chunk);
    });
    request.on('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
    request.on('close', () => reject(new Error('The request ended before its body did.')));
    request.on('error', reject);
  });
}

function send(response: http.ServerResponse, answer: Answer): void {
  if (answer.mishap === 'silence') return;
  if (answer.mishap === 'hang_up') {
    response.destroy();
    return;
  }
  response.writeHead(answer.status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(answer.body),
    ...answer.headers,
  });
  if (answer.mishap === 'half') {
    const half = answer.body.slice(0, Math.floor(answer.body.length / 2));
    // The pause lets the first half arrive before the connection ends under it.
    response.write(half, () => void wait(20).then(() => response.destroy()));
    return;
  }
  // As text: headers and body then leave in one write, which is the dearest part of a call.
  response.end(answer.body);
}

function serveControl(
  house: House,
  request: http.IncomingMessage,
  response: http.ServerResponse,
  call: { path: string; query: string; body: string },
): void {
  const answer = (status: number, content: unknown) =>
    send(response, { status, body: JSON.stringify(content), headers: {} });
  if (!/^(::ffff:)?127\.|^::1$/.test(request.socket.remoteAddress ?? '')) {
    answer(403, { error: { message: 'The control endpoint answers on the loopback only.' } });
    return;
  }
  const runDue = () => house.scheduler.runDue();
  try {
    const body = (call.body === '' ? {} : JSON.parse(call.body)) as Record<string, unknown>;
    const query = new URLSearchParams(call.query);
    const done = control({ ...house, runDue }, request.method ?? 'GET', call.path, query, body);
    house.world.store.commit();
    answer(200, done);
  } catch (error) {
    const known = error instanceof StripeFailure || error instanceof SyntaxError;
    if (!known) house.report(error);
    const failure = error instanceof StripeFailure ? error : internalError();
    const status = error instanceof SyntaxError ? 400 : failure.status;
    answer(status, { error: { ...failure.body, message: (error as Error).message } });
  }
}

function serveCheckout(
  house: House,
  request: http.IncomingMessage,
  response: http.ServerResponse,
  id: string,
  body: string,
): void {
  try {
    const session = retrieveSession(house.world, undefined, id);
    if (request.method === 'POST') {
      const choice = decodeForm(body).payment_method;
      completeSession(house.world, id, typeof choice === 'string' ? choice : '');
      house.world.store.commit();
      response.writeHead(303, { location: successUrl(session) }).end();
      return;
    }
    const headers = {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': checkoutPolicy(session),
    };
    response.writeHead(200, headers).end(checkoutPage(session));
  } catch (error) {
    const status = error instanceof StripeFailure ? error.status : 500;
    response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' });
    response.end(`${(error as Error).message}\n`);
  }
}
