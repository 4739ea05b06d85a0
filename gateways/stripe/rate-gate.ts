import type { CallOptions } from './calls.ts';
import { PaymentsRefused, PaymentsUnavailable } from '../payments.ts';
import { SLOW_DOWN, TOO_LATE } from './errors.ts';

/** Stripe's limits for an account, in calls a second. */
export interface RateLimits {
  perSecond: number;
  perEndpoint: number;
}

/** What is known of a call; `unanswered`: nobody knows whether and when Stripe counts it. */
type Ending = 'counted' | 'unanswered' | 'unsent';

/** The rate limiter, shared by every process that uses the same Stripe account. */
export interface SharedRateLimiter {
  /** Waits for a lease. The call must be made at once, and the lease released when it has ended. */
  take(wanted: RateLimits & { route: string }): Promise<{ release(ending: Ending): Promise<void> }>;
  slow(atLeastMs: number | null): Promise<void>;
  alone<Result>(
    name: string,
    limits: { holdMs: number; patienceMs: number },
    work: () => Promise<Result>,
  ): Promise<{ result: Result } | null>;
}

/**
 * Stripe counts a call when it arrives. So many ms after sending, it has been counted, even if the
 * answer takes longer: a slow bank must not delay the next call.
 */
const COUNTED_WITHIN_MS = 400;
/** Most tries of one call that Stripe refused as too fast before acting on it. */
const TRIES = 4;
/** One customer's calls are made one by one: the longest call and the longest wait, in ms. */
const OF_ONE_CUSTOMER = { holdMs: 90_000, patienceMs: 30_000 };

/**
 * Creates the `gate` for `createPayments`. Every call waits for a lease within the limits of its
 * endpoint and of the account. Calls that lock the same customer at Stripe are made one after the
 * other. A call that Stripe refused as too fast slows all calls down, and is made again under its
 * own key; that is no further attempt.
 */
export function createRateGate(pace: SharedRateLimiter, limits: RateLimits) {
  /** The release is not awaited, and happens once: it only matters to later calls. */
  async function inTurn<T>(route: string, call: () => Promise<T>): Promise<T> {
    const turn = await pace.take({ route, ...limits });
    const counted = setTimeout(() => void turn.release('counted'), COUNTED_WITHIN_MS);
    try {
      const answer = await call();
      void turn.release('counted');
      return answer;
    } catch (error) {
      void turn.release(endingOf(error));
      throw error;
    } finally {
      clearTimeout(counted);
    }
  }

  async function untilTaken<T>(route: string, call: () => Promise<T>): Promise<T> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await inTurn(route, call);
      } catch (error) {
        if (!isTooFast(error)) throw error;
        await pace.slow(error.afterMs);
        if (tries === TRIES) throw error;
      }
    }
  }

  return async function gate<T>(
    route: string,
    call: () => Promise<T>,
    customer?: string | null,
  ): Promise<T> {
    if (!customer) return untilTaken(route, call);
    const done = await pace.alone(`customer ${customer}`, OF_ONE_CUSTOMER, () =>
      untilTaken(route, call),
    );
    // Not sent. Stripe answers `lock_timeout` to two calls at once, with the same consequences.
    if (!done) throw new PaymentsUnavailable('lock_timeout', null, false);
    return done.result;
  };
}

/** The options of `createPayments` for an account with these limits; none when null. */
export function gateFor(
  pace: SharedRateLimiter,
  limits: RateLimits | null,
): Pick<CallOptions, 'gate'> {
  return limits ? { gate: createRateGate(pace, limits) } : {};
}

/** A call that is not known to be answered counts as unanswered. */
function endingOf(error: unknown): Ending {
  if (error instanceof PaymentsRefused) return 'counted';
  if (!(error instanceof PaymentsUnavailable)) return 'unanswered';
  if (error.why === TOO_LATE) return 'unsent';
  return error.why === 'timeout' || error.why === 'connection' ? 'unanswered' : 'counted';
}

function isTooFast(error: unknown): error is PaymentsUnavailable {
  return error instanceof PaymentsUnavailable && SLOW_DOWN.has(error.why);
}
