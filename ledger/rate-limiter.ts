import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { ACCOUNT, createTokens, PAUSE_MS } from './tokens.ts';
import type { Ending, Reservation, Wanted } from './tokens.ts';

/** The permission to make one call now. */
export interface Lease {
  /**
   * To be called when the call is over or will not be made. Never throws: a lease that is not
   * released ends by itself.
   */
  release(ending: Ending): Promise<void>;
}

/** The longest pause when Stripe asks to slow down, in ms. */
const PAUSE_MAX_MS = 60_000;
/** A caller without a token asks again after so many ms, before one could become free. */
const ASK_AGAIN_MS = 60;
/** Wait in ms before asking again for a hold that another process has. */
const HELD_MS = 40;

const SLOW = `
  insert into holds (name, until, slowed_at, pause_ms)
  values ($1, clock_timestamp() + make_interval(secs => $2::integer / 1000.0),
    clock_timestamp(), $2)
  on conflict (name) do update
    set pause_ms = case
        when holds.slowed_at > clock_timestamp() - interval '1 second' then holds.pause_ms
        when holds.slowed_at > clock_timestamp() - interval '1 minute'
          then least(greatest(holds.pause_ms * 2, $2), $3)
        else $2 end,
      slowed_at = clock_timestamp(),
      until = greatest(holds.until, clock_timestamp() + make_interval(secs => (case
        when holds.slowed_at > clock_timestamp() - interval '1 second' then 0
        when holds.slowed_at > clock_timestamp() - interval '1 minute'
          then least(greatest(holds.pause_ms * 2, $2), $3)
        else $2 end) / 1000.0))`;

/** A hold ends by itself, because its process may have ended. */
const HOLD = `
  insert into holds (name, until) values ($1, clock_timestamp() + make_interval(secs => $2))
  on conflict (name) do update set until = excluded.until
    where holds.until <= clock_timestamp()
  returning until::text`;

/**
 * The rate limiter that all workers share. There are as many tokens as calls are allowed in a
 * second. Each call needs its tokens, and they are free again a second after its answer. A delay in
 * a process, the network or Stripe only makes the rate lower. It uses real time, not `levy_now()`,
 * because Stripe's seconds are real in a rehearsal too.
 */
export function createRateLimiter(pool: pg.Pool) {
  const tokens = createTokens(pool);
  let arrivals = 0;
  /** How many callers wait for a token, by endpoint; later callers queue behind them. */
  const waiting = new Map<string, number>();
  let nextAsking: Promise<void> | null = null;

  /** All waiting callers ask at the same moment, in one statement. */
  function untilNextAsking(): Promise<void> {
    nextAsking ??= sleep(ASK_AGAIN_MS).then(() => {
      nextAsking = null;
    });
    return nextAsking;
  }

  async function reserve(wanted: Wanted): Promise<Reservation> {
    const { route } = wanted;
    const asked = { ...wanted, place: (arrivals += 1) };
    const atOnce = waiting.has(route) ? null : await tokens.reserve(asked);
    if (atOnce) return atOnce;
    waiting.set(route, (waiting.get(route) ?? 0) + 1);
    try {
      for (;;) {
        await untilNextAsking();
        const reservation = await tokens.reserve(asked);
        if (reservation) return reservation;
      }
    } finally {
      const others = (waiting.get(route) ?? 1) - 1;
      if (others > 0) waiting.set(route, others);
      else waiting.delete(route);
    }
  }

  return {
    /** Waits for a lease; its call must then be made at once. */
    async take(wanted: Wanted): Promise<Lease> {
      for (;;) {
        const reservation = await reserve(wanted);
        const release = (ending: Ending) =>
          tokens
            .release({ reservation, ending, endedAt: performance.now() })
            .catch(() => undefined);
        await until(reservation.from);
        if (performance.now() < reservation.before) return { release };
        // The process was suspended for so long that the lease could end during the call.
        await release('unsent');
      }
    },

    /** Until when Stripe has asked for no call, and when it asked last; null for never. */
    async standing(): Promise<{ pausedUntil: Date | null; slowedAt: Date | null }> {
      const { rows } = await pool.query<{ pausedUntil: Date | null; slowedAt: Date | null }>(
        `select case when until > clock_timestamp() then until end as "pausedUntil",
           slowed_at as "slowedAt" from holds where name = $1`,
        [ACCOUNT],
      );
      return rows[0] ?? { pausedUntil: null, slowedAt: null };
    },

    /**
     * Stripe asked to slow down: no lease is given for a while, twice as long when Stripe asked
     * again within a minute, and tokens rest longer afterwards. Many such answers within a second
     * count once. `atLeastMs`: the wait Stripe asked for.
     */
    async slow(atLeastMs: number | null): Promise<void> {
      const pauseMs = Math.min(Math.max(atLeastMs ?? 0, PAUSE_MS), PAUSE_MAX_MS);
      await pool.query(SLOW, [ACCOUNT, Math.ceil(pauseMs), PAUSE_MAX_MS]);
    },

    /**
     * Runs work that only one process may do at a time, for at most `holdMs`. Gives null without
     * running it when other processes have held the name for `patienceMs`.
     */
    async alone<Result>(
      name: string,
      { holdMs, patienceMs }: { holdMs: number; patienceMs: number },
      work: () => Promise<Result>,
    ): Promise<{ result: Result } | null> {
      const deadline = performance.now() + patienceMs;
      const hold = async () => {
        const { rows } = await pool.query<{ until: string }>(HOLD, [name, holdMs / 1000]);
        return rows[0]?.until;
      };
      let heldUntil = await hold();
      while (heldUntil === undefined) {
        if (performance.now() > deadline) return null;
        await sleep(HELD_MS);
        heldUntil = await hold();
      }
      try {
        return { result: await work() };
      } finally {
        // If this fails, the hold ends by itself.
        await pool
          .query('delete from holds where name = $1 and until = $2::timestamptz', [name, heldUntil])
          .catch(() => undefined);
      }
    },
  };
}

export type RateLimiter = ReturnType<typeof createRateLimiter>;

/** Waits until a moment of `performance.now()`; a timer alone may end a fraction of a ms early. */
async function until(moment: number): Promise<void> {
  for (;;) {
    const waitMs = moment - performance.now();
    if (waitMs <= 0) return;
    await sleep(Math.ceil(waitMs));
  }
}
