import { setTimeout as sleep } from 'node:timers/promises';
import type { CallOptions } from './stripe-calls.ts';
import { PaymentsUnavailable, SLOW_DOWN } from './stripe-faults.ts';

/** Stripe's limits for an account, in calls a second. */
export interface RateLimits {
  perSecond: number;
  perEndpoint: number;
}

interface Turn extends RateLimits {
  route: string;
}

/** Where the turns come from: shared by every process that talks to the same account. */
export interface SharedPace {
  queue(turn: Turn): Promise<number>;
  slot(turn: Turn, notBefore: number): Promise<number>;
  slow(atLeastMs: number | null): Promise<void>;
  alone<Result>(
    name: string,
    limits: { holdMs: number; patienceMs: number },
    work: () => Promise<Result>,
  ): Promise<{ result: Result } | null>;
}

/** Calls bunch up a little on their way; this much of a limit is left free for that. */
const HEADROOM = 0.96;
/** A slot is reserved so many ms ahead: the database may be busy, the call must not be late. */
const AHEAD_MS = 150;
/** A call later than this, in ms, would meet those after it: it takes another slot instead. */
const LATE_MS = 20;
/** A process that is always late goes on all the same after so many slots. */
const SLOTS = 8;
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
export function createRateGate(pace: SharedPace, limits: RateLimits) {
  async function turn(route: string): Promise<void> {
    const mine = {
      route,
      perEndpoint: limits.perEndpoint * HEADROOM,
      perSecond: limits.perSecond * HEADROOM,
    };
    // First the queue of the endpoint, so that a crowd there keeps no other endpoint waiting.
    let at = await pace.queue(mine);
    await until(at - AHEAD_MS);
    for (let slots = 0; slots < SLOTS; slots += 1) {
      at = await pace.slot(mine, at);
      await until(at);
      if (performance.now() - at <= LATE_MS) return;
      at = performance.now() + AHEAD_MS;
    }
  }

  async function inTurn<T>(route: string, call: () => Promise<T>): Promise<T> {
    for (let tries = 1; ; tries += 1) {
      await turn(route);
      try {
        return await call();
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
    if (!customer) return inTurn(route, call);
    const done = await pace.alone(`customer ${customer}`, OF_ONE_CUSTOMER, () =>
      inTurn(route, call),
    );
    // Not sent: as Stripe would have said it of two calls at once, and with the same consequences.
    if (!done) throw new PaymentsUnavailable('lock_timeout', null, false);
    return done.result;
  };
}

/** `createPayments`'s options for an account with these limits; none for one without. */
export function gateFor(pace: SharedPace, limits: RateLimits | null): Pick<CallOptions, 'gate'> {
  return limits ? { gate: createRateGate(pace, limits) } : {};
}

async function until(moment: number): Promise<void> {
  const waitMs = moment - performance.now();
  if (waitMs > 0) await sleep(waitMs);
}

function isTooFast(error: unknown): error is PaymentsUnavailable {
  return error instanceof PaymentsUnavailable && SLOW_DOWN.has(error.why);
}
