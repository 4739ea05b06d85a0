import { setTimeout as sleep } from 'node:timers/promises';
import { PaymentsUnavailable, SLOW_DOWN } from './stripe-faults.ts';

/** Stripe's limits for an account, in calls a second. */
export interface RateLimits {
  perSecond: number;
  perEndpoint: number;
}

/** Where the slots come from: shared by every process that talks to the same account. */
export interface SharedPace {
  reserve(turn: { name: string; perSecond: number }): Promise<number>;
  slow(name: string, atLeastMs: number | null): Promise<void>;
}

/** Calls bunch up a little on their way; this much of a limit is left free for that. */
const HEADROOM = 0.97;
/** Tries of one call that Stripe turned away before acting on it. */
const TRIES = 4;

/**
 * Makes every call wait for its turn, first at its endpoint's limit, then at the account's. A call
 * that Stripe turned away for being too fast slows everybody down and is made again, under its own
 * key: that costs no attempt. Fits `createPayments`'s `gate`.
 */
export function createRateGate(pace: SharedPace, limits: RateLimits) {
  const turn = async (name: string, perSecond: number): Promise<void> => {
    const waitMs = await pace.reserve({ name, perSecond: perSecond * HEADROOM });
    if (waitMs > 0) await sleep(waitMs);
  };
  return async function gate<T>(route: string, call: () => Promise<T>): Promise<T> {
    for (let tries = 1; ; tries += 1) {
      await turn(route, limits.perEndpoint);
      await turn('account', limits.perSecond);
      try {
        return await call();
      } catch (error) {
        if (!isTooFast(error)) throw error;
        await pace.slow('account', error.afterMs);
        if (tries === TRIES) throw error;
      }
    }
  };
}

function isTooFast(error: unknown): error is PaymentsUnavailable {
  return error instanceof PaymentsUnavailable && SLOW_DOWN.has(error.why);
}
