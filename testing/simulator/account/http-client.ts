import Stripe from 'stripe';
import type { Answer, Call } from '../../../sandbox/stripe/http/api.ts';
import type { Fault as PlannedFault, FaultKind } from '../../../sandbox/stripe/http/faults.ts';
import type { Faults } from '../faults.ts';
import type { Random } from '../random.ts';

type HttpClient = NonNullable<Stripe.StripeConfig['httpClient']>;

/** A stretch of time in which Stripe is away or wants everybody to slow down. */
export interface StripeOutage {
  awayUntil: number;
  busyUntil: number;
}

/**
 * Draws the fault that strikes the next call, for the sandbox to carry out. A connection that ends
 * is either closed, after which the library tries once more by itself, or never answers.
 */
export function drawFault(
  { faults, random, outage }: { faults: Faults; random: Random; outage: StripeOutage },
  endpoint: string,
  now: number,
): PlannedFault | undefined {
  const kind = kindOf();
  return kind && { route: endpoint, kind, times: 1, skip: 0, delayMs: 0, struck: 1 };

  function kindOf(): FaultKind | undefined {
    if (now < outage.busyUntil || faults.strikes('stripe_429')) return 'rate_limit';
    if (faults.strikes('stripe_lost_request'))
      return random.chance(CLOSED) ? 'drop_before' : 'timeout';
    if (faults.strikes('stripe_in_use'))
      return isReading(endpoint) || random.chance(0.5) ? 'lock_timeout' : 'key_in_use';
    if (faults.strikes('stripe_500'))
      return random.chance(0.5) ? 'status_500' : 'status_500_after_commit';
    if (faults.strikes('stripe_lost_answer'))
      return random.chance(CLOSED) ? 'drop_after_commit' : 'timeout_after_commit';
    return faults.strikes('stripe_cut_answer') ? 'truncate' : undefined;
  }
}

/** How often a lost call is a connection that was closed. */
const CLOSED = 0.4;

function isReading(endpoint: string): boolean {
  return /\.(retrieve|list|payment_methods)$/.test(endpoint);
}

/**
 * The transport of the `stripe` library, without a network: a call goes to the sandbox in the same
 * process, and its answer, or what is left of it, to the library.
 *
 * @param api  answers a call; null when nobody listens
 * @param isAlive  whether the process that calls is alive: a dead one sends and hears nothing
 */
export function createHttpClient(args: {
  api: (call: Call) => Promise<Answer | null>;
  random: Random;
  isAlive: () => boolean;
}): HttpClient {
  const { api, random, isAlive } = args;
  return {
    getClientName: () => 'simulator',
    async makeRequest(_host, _port, path, method, headers, body) {
      if (!isAlive()) await never();
      const answer = await api(callOf(method, path, headers, body));
      if (!answer) throw broken('ECONNREFUSED');
      if (answer.mishap === 'hang_up') throw broken('ECONNRESET');
      if (answer.mishap === 'silence') throw Stripe.HttpClient.makeTimeoutError();
      const read = answer.mishap === 'half' ? () => halfOf(answer.body, random) : undefined;
      return responseOf(answer, read);
    },
  };
}

function callOf(method: string, path: string, headers: object, body: string): Call {
  const [at = '', query = ''] = path.split('?', 2);
  const small = Object.entries(headers).map(([name, value]: [string, unknown]) => [
    name.toLowerCase(),
    value,
  ]);
  return {
    ...{ method, query, body: body ?? '', path: at },
    headers: Object.fromEntries(small) as Call['headers'],
  };
}

function responseOf(
  { status, headers, body }: Answer,
  read: () => unknown = () => JSON.parse(body),
): Awaited<ReturnType<HttpClient['makeRequest']>> {
  return {
    getStatusCode: () => status,
    getHeaders: () => headers,
    getRawResponse: () => ({ statusCode: status, headers }),
    toStream: () => {
      throw new Error('Bug! nothing here is read as a stream');
    },
    toJSON: async () => read(),
  };
}

/** Half of an answer: the connection breaks under it, or it just ends and no parser reads it. */
function halfOf(body: string, random: Random): unknown {
  if (random.chance(0.5)) throw Stripe.HttpClient.makeResponseBodyError(broken('ECONNRESET'));
  return JSON.parse(body.slice(0, Math.floor(body.length / 2)));
}

function broken(code: string): Error {
  return Object.assign(new Error(code), { code });
}

function never(): Promise<never> {
  return new Promise(() => undefined);
}
