/**
 * One call of Stripe's API, from its headers to its answer: key, version, limits, planned faults,
 * idempotency, parameters, the work itself, and the journal line that makes it last.
 */
import { setTimeout as wait } from 'node:timers/promises';
import {
  invalidRequest,
  internalError,
  keyInUse,
  lockTimeout,
  rateLimited,
  StripeFailure,
} from './errors.ts';
import { notAuthenticated } from './errors.ts';
import { expand, refuseExpand } from './expand.ts';
import type { Fault, Faults } from './faults.ts';
import { decodeForm } from './form.ts';
import { fingerprint } from './idempotency.ts';
import type { Keys } from './idempotency.ts';
import { readParams } from './params.ts';
import { findRoute } from './routes.ts';
import type { Route } from './routes.ts';
import { API_VERSION, byItself } from '../engine/world.ts';
import type { World } from '../engine/world.ts';

/** A call as it came in; header names in small letters. */
export interface Call {
  method: string;
  path: string;
  query: string;
  body: string;
  headers: Record<string, string | string[] | undefined>;
}

/** What to send back, and how badly. */
export interface Answer {
  status: number;
  body: string;
  headers: Record<string, string>;
  /** The caller gets a reset, half of the body, or nothing at all, instead of the answer. */
  mishap?: 'hang_up' | 'half' | 'silence';
}

/** What answering needs. */
export interface ApiParts {
  world: World;
  keys: Keys;
  faults: Pick<Faults, 'take'>;
  limit: (endpoint: string) => void;
  latencyMs: number;
  /** Told of errors that are the sandbox's own. */
  report(error: unknown): void;
  /** Told of every call that was carried out, whatever becomes of its answer; not of replays. */
  carriedOut?(call: { route: string; params: object; result: object }): void;
}

/** Gives the function that answers calls. It never throws: every failure is an answer. */
export function createApi(parts: ApiParts): (call: Call) => Promise<Answer> {
  return async (call) => {
    const requestId = parts.world.newId('req_', 14);
    try {
      checkKey(call.headers.authorization);
      const version = checkVersion(call.headers['stripe-version']);
      const { route, id } = routeOf(call);
      parts.limit(route.name);
      const fault = parts.faults.take(route.name);
      const answer = await answerCall(parts, { call, route, id, requestId, fault });
      answer.headers['stripe-version'] = version;
      return answer;
    } catch (error) {
      return failed(parts, error, requestId);
    }
  };
}

/** A call that has found its endpoint. */
interface Visit {
  call: Call;
  route: Route;
  id: string;
  requestId: string;
  fault: Fault | undefined;
}

async function answerCall(parts: ApiParts, visit: Visit): Promise<Answer> {
  const { call, fault, requestId } = visit;
  const key = call.method === 'POST' ? text(call.headers['idempotency-key']) : undefined;
  const early = await strikeBefore(fault, requestId, key);
  if (early) return early;
  if (key === undefined) return perform(parts, visit);
  const request = fingerprint(call.method, call.path, call.body);
  const earlier = parts.keys.begin(key, request);
  if (earlier) {
    return finish(fault, {
      status: earlier.status,
      body: earlier.body,
      headers: {
        'request-id': requestId,
        'original-request': earlier.requestId,
        'idempotency-key': key,
        'idempotent-replayed': 'true',
      },
    });
  }
  try {
    return await perform(parts, visit, { key, request });
  } finally {
    parts.keys.end(key);
  }
}

/** Faults that strike before any work: nothing is done and nothing is kept. */
async function strikeBefore(
  fault: Fault | undefined,
  requestId: string,
  key: string | undefined,
): Promise<Answer | undefined> {
  const kinds = ['drop_before', 'timeout', 'rate_limit', 'lock_timeout', 'key_in_use'];
  if (!fault || !kinds.includes(fault.kind)) return undefined;
  if (fault.kind === 'timeout') return lost('silence', requestId);
  if (fault.delayMs > 0) await wait(fault.delayMs);
  if (fault.kind === 'rate_limit') throw rateLimited('global-rate');
  if (fault.kind === 'lock_timeout') throw lockTimeout();
  if (fault.kind === 'key_in_use') throw keyInUse(key ?? '');
  return lost('hang_up', requestId);
}

/** Waits, reads the parameters, does the work, keeps the answer, writes the journal. */
async function perform(
  parts: ApiParts,
  visit: Visit,
  held?: { key: string; request: string },
): Promise<Answer> {
  const { call, fault, requestId, route } = visit;
  const delay = parts.latencyMs + (fault?.delayMs ?? 0);
  if (delay > 0) await wait(delay);
  const form = decodeForm(call.method === 'POST' ? call.body : call.query);
  const params = readParams(route.params, form) as { expand?: string[] };
  refuseExpand(params.expand);
  const answer = work(parts, visit, params, held?.key ?? null);
  if (held) {
    const { key: id, request } = held;
    const { status, body } = answer;
    parts.keys.save({ id, request, requestId, status, body, at: parts.world.nowMs() });
    answer.headers['idempotency-key'] = id;
    answer.headers['original-request'] = requestId;
  }
  parts.world.store.commit();
  return finish(fault, answer);
}

function work(
  parts: ApiParts,
  visit: Visit,
  params: { expand?: string[] },
  key: string | null,
): Answer {
  const { world } = parts;
  const { fault, id, requestId, route } = visit;
  if (fault?.kind === 'status_500') return failed(parts, internalError(), requestId);
  world.cause = { id: requestId, idempotency_key: key };
  try {
    const done = route.run(world, params as never, id);
    parts.carriedOut?.({ route: route.name, params, result: done });
    const result = expand(world, done, params.expand);
    if (fault?.kind === 'status_500_after_commit') throw internalError();
    return { status: 200, body: JSON.stringify(result), headers: { 'request-id': requestId } };
  } catch (error) {
    return failed(parts, error, requestId);
  } finally {
    world.cause = byItself();
  }
}

/** Faults that strike once the work is done. */
function finish(fault: Fault | undefined, answer: Answer): Answer {
  switch (fault?.kind) {
    case 'drop_after_commit':
      return { ...answer, mishap: 'hang_up' };
    case 'timeout_after_commit':
      return { ...answer, mishap: 'silence' };
    case 'truncate':
      return { ...answer, mishap: 'half' };
    default:
      return answer;
  }
}

function failed(parts: ApiParts, error: unknown, requestId: string): Answer {
  if (!(error instanceof StripeFailure)) parts.report(error);
  const failure = error instanceof StripeFailure ? error : internalError();
  const headers: Record<string, string> = { 'request-id': requestId, ...failure.headers };
  // Stripe keeps a 500 under its key, so it tells libraries that trying again is no use.
  if (failure.status >= 500) headers['stripe-should-retry'] = 'false';
  return { status: failure.status, body: JSON.stringify({ error: failure.body }), headers };
}

function lost(mishap: Answer['mishap'], requestId: string): Answer {
  return { status: 200, body: '', headers: { 'request-id': requestId }, mishap };
}

function routeOf(call: Call): { route: Route; id: string } {
  const found = findRoute(call.method, call.path);
  if (found) return found;
  throw new StripeFailure(404, {
    type: 'invalid_request_error',
    message:
      `Unrecognized request URL (${call.method}: ${call.path}). If Stripe has it, the sandbox ` +
      'does not simulate it.',
  });
}

/** A test key, as bearer token or as the user name of basic authentication. */
function checkKey(header: string | string[] | undefined): void {
  const [scheme = '', given = ''] = (text(header) ?? '').split(' ');
  const basic = scheme.toLowerCase() === 'basic';
  const key = basic ? Buffer.from(given, 'base64').toString().split(':')[0] : given;
  if (!key) {
    throw notAuthenticated(
      'You did not provide an API key. Send it in the Authorization header, as a bearer token.',
    );
  }
  if (!/^(sk|rk)_test_\w+$/.test(key)) {
    const shown = `${key.slice(0, 8)}...`;
    throw notAuthenticated(`Invalid API Key provided: ${shown} (the sandbox takes sk_test_ keys).`);
  }
}

/** The version named, or the sandbox's own; any that looks like one is taken. */
function checkVersion(header: string | string[] | undefined): string {
  const version = text(header);
  if (version === undefined) return API_VERSION;
  if (/^\d{4}-\d{2}-\d{2}(\.\w+)?$/.test(version)) return version;
  throw invalidRequest(`Invalid Stripe API version: ${version}`);
}

function text(header: string | string[] | undefined): string | undefined {
  const value = Array.isArray(header) ? header[0] : header;
  return value === '' ? undefined : value;
}
