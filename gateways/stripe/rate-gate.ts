import type { CallOptions } from './calls.ts';
import { PaymentsRefused, PaymentsUnavailable } from '../payments.ts';
import { SLOW_DOWN, TOO_LATE } from './errors.ts';

/** Stripe's limits for an account, in calls a second. */
export interface RateLimits {
  perSecond: number;
  perEndpoint: number;
}

/** What is known of a call: `unanswered` when nobody can say whether and when Stripe counts it. */
type Ending = 'counted' | 'unanswered' | 'unsent';

/** Where the turns come from: shared by every process that talks to the same account. */
export interface SharedRateLimiter {
  /** Waits until a call may be made, at once; its turn is given back when it has ended. */
  take(wanted: RateLimits & { route: string }): Promise<{ release(ending: Ending): Promise<void> }>;
  slow(atLeastMs: number | null): Promise<void>;
  alone<Result>(
    name: string,
    limits: { holdMs: number; patienceMs: number },
    work: () => Promise<Result>,
  ): Promise<{ result: Result } | null>;
}

/**
 * Stripe counts a call when it arrives: so long after it was sent, in ms, it has been, whatever the
 * answer still takes. A bank's second would otherwise be the next call's to wait.
 */
const COUNTED_WITHIN_MS = 400;
/** Tries of one call that Stripe turned away before acting on it. */
const TRIES = 4;
/** One customer's calls follow each other: none takes longer, and none waits longer, in ms. */
const OF_ONE_CUSTOMER = { holdMs: 90_000, patienceMs: 30_000 };

/**
 * Makes every call wait for its turn at its endpoint's limit and at the account's. Calls that lock
 * the same customer at Stripe are made one after the other. A call that Stripe turned away for
 * being too fast slows everybody down and is made again, under its own key: that costs no attempt.
 * Fits `createPayments`'s `gate`.
 */
export function createRateGate(pace: SharedRateLimiter, limits: RateLimits) {
  /** Nobody waits for the giving back, which happens once: it is for those who come next. */
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
    // Not sent: as Stripe would have said it of two calls at once, and with the same consequences.
    if (!done) throw new PaymentsUnavailable('lock_timeout', null, false);
    return done.result;
  };
}

/** `createPayments`'s options for an account with these limits; none for one without. */
export function gateFor(
  pace: SharedRateLimiter,
  limits: RateLimits | null,
): Pick<CallOptions, 'gate'> {
  return limits ? { gate: createRateGate(pace, limits) } : {};
}

/** What is not known to have been answered has not been. */
function endingOf(error: unknown): Ending {
  if (error instanceof PaymentsRefused) return 'counted';
  if (!(error instanceof PaymentsUnavailable)) return 'unanswered';
  if (error.why === TOO_LATE) return 'unsent';
  return error.why === 'timeout' || error.why === 'connection' ? 'unanswered' : 'counted';
}

function isTooFast(error: unknown): error is PaymentsUnavailable {
  return error instanceof PaymentsUnavailable && SLOW_DOWN.has(error.why);
}
