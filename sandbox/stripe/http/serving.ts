/** What the sandbox's one port serves: Stripe's API, the card page, the control, the front page. */
import type http from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import type { Answer, Call } from './api.ts';
import { checkoutPage, checkoutPolicy, successUrl } from '../resources/checkout-page.ts';
import { completeSession, retrieveSession } from '../resources/checkout.ts';
import { control } from './control.ts';
import { DASHBOARD_POLICY, dashboardPage } from './dashboard.ts';
import { internalError, StripeFailure } from './errors.ts';
import type { Faults } from './faults.ts';
import { decodeForm } from './form.ts';
import type { Scheduler } from '../engine/scheduler.ts';
import type { Deliveries } from '../engine/webhooks.ts';
import type { World } from '../engine/world.ts';

/** Everything a running sandbox is made of. */
export interface House {
  world: World;
  faults: Faults;
  deliveries: Deliveries;
  scheduler: Scheduler;
  api: (call: Call) => Promise<Answer>;
  report: (error: unknown) => void;
  url: string;
}

const LARGEST_BODY_BYTES = 1 << 20;

/** Answers one HTTP request, whatever it is for. */
export async function serve(
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
    } else if (path === '/') {
      sendPage(response, dashboardPage(house.world), DASHBOARD_POLICY);
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

function sendPage(response: http.ServerResponse, page: string, policy: string): void {
  response.writeHead(200, {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': policy,
    'x-content-type-options': 'nosniff',
  });
  response.end(page);
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
    sendPage(response, checkoutPage(session), checkoutPolicy(session));
  } catch (error) {
    const status = error instanceof StripeFailure ? error.status : 500;
    response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' });
    response.end(`${(error as Error).message}\n`);
  }
}
