import type Stripe from 'stripe';
import { PaymentsUnavailable } from '../payments.ts';
import { statusOf, errorOf } from './errors.ts';

/** The outcome of one HTTP call, for metrics; `status` is null when there was no answer. */
export interface CallReport {
  /** Method and path with `:id` for ids, e.g. `POST /v1/payment_intents/:id/confirm`. */
  route: string;
  ms: number;
  status: number | null;
}

export interface CallOptions {
  onCall?: (report: CallReport) => void;
  /**
   * Every HTTP call goes through `gate`, which may delay it. It sees the translated errors, so that
   * a rate limiter can slow down on `PaymentsUnavailable`; its own errors are passed on unchanged.
   * `customer`: the customer whose objects the call locks at Stripe, where that is known.
   */
  gate?: <T>(route: string, call: () => Promise<T>, customer?: string | null) => Promise<T>;
  /**
   * The longest one call may take, in ms; 60,000 unless given. The library's own timeout counts
   * only silence, which an answer that trickles in never is, and it retries after a closed
   * connection.
   */
  deadlineMs?: number;
}

/** Makes one HTTP call through the gate: measures its time and translates its errors. */
export type Call = <T>(
  route: string,
  send: () => Promise<T>,
  customer?: string | null,
) => Promise<T>;

/** Creates the function that makes every call. It throws the errors of the gateway. */
export function createCall({ onCall, gate, deadlineMs = 60_000 }: CallOptions): Call {
  async function timed<T>(route: string, send: () => Promise<T>): Promise<T> {
    const started = performance.now();
    let status: number | null = 200;
    try {
      return await within(deadlineMs, withoutTrace(send));
    } catch (error) {
      status = statusOf(error);
      throw errorOf(error);
    } finally {
      onCall?.({ route, ms: performance.now() - started, status });
    }
  }
  return (route, send, customer) =>
    gate ? gate(route, () => timed(route, send), customer) : timed(route, send);
}

/** Gives everything a list endpoint holds, newest first, 100 objects per call. */
export async function* pages<T extends { id: string }>(
  call: Call,
  route: string,
  list: (page: { limit: number; starting_after?: string }) => Promise<Stripe.ApiList<T>>,
): AsyncGenerator<T> {
  let after: string | undefined;
  for (;;) {
    const from = after ? { starting_after: after } : {};
    const page = await call(route, () => list({ limit: 100, ...from }));
    yield* page.data;
    after = page.data.at(-1)?.id;
    if (!page.has_more || after === undefined) return;
  }
}

/** True when Stripe repeated a stored answer for a key: it shows the state of then, not of now. */
export function isReplay(answer: { lastResponse: { headers: Record<string, string> } }): boolean {
  return answer.lastResponse.headers['idempotent-replayed'] === 'true';
}

/**
 * The library records a stack trace for every call, failed or not. That is 4 % of the cost of a
 * whole fee, and we show only the codes of its errors; so the trace is switched off.
 */
function withoutTrace<T>(send: () => T): T {
  const usual = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  try {
    return send();
  } finally {
    Error.stackTraceLimit = usual;
  }
}

async function within<T>(ms: number, answer: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new PaymentsUnavailable('timeout', null, true)), ms);
  });
  try {
    return await Promise.race([answer, tooLate]);
  } finally {
    clearTimeout(timer);
  }
}
