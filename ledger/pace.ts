import type pg from 'pg';
import { createBatch } from './batch.ts';

/** A turn at a limit: how many calls a second it allows. */
export interface Turn {
  name: string;
  perSecond: number;
}

/** A first pause when Stripe asks to slow down, and the longest one, in ms. */
const PAUSE_MS = 1_000;
const PAUSE_MAX_MS = 60_000;

const RESERVE = `
  insert into paces (name, next_at)
  select name, clock_timestamp() + make_interval(secs => wanted / per_second)
  from unnest($1::text[], $2::integer[], $3::double precision[]) as w (name, wanted, per_second)
  order by name
  on conflict (name) do update
    set next_at = greatest(paces.next_at, clock_timestamp())
      + (excluded.next_at - transaction_timestamp())
  returning name,
    extract(epoch from next_at - clock_timestamp())::double precision * 1000 as until_ms`;

const SLOW = `
  insert into paces (name, next_at, slowed_at, pause_ms)
  values ($1, clock_timestamp() + make_interval(secs => $2::integer / 1000.0),
    clock_timestamp(), $2)
  on conflict (name) do update
    set pause_ms = case
        when paces.slowed_at > clock_timestamp() - interval '1 second' then paces.pause_ms
        when paces.slowed_at > clock_timestamp() - interval '1 minute'
          then least(greatest(paces.pause_ms * 2, $2), $3)
        else $2 end,
      slowed_at = clock_timestamp(),
      next_at = greatest(paces.next_at, clock_timestamp() + make_interval(secs => (case
        when paces.slowed_at > clock_timestamp() - interval '1 second' then 0
        when paces.slowed_at > clock_timestamp() - interval '1 minute'
          then least(greatest(paces.pause_ms * 2, $2), $3)
        else $2 end) / 1000.0))`;

/**
 * A pace that all workers keep together: evenly spaced slots, reserved in the database, so that a
 * limit of n a second is kept however many processes there are. Real time, not `levy_now()`:
 * Stripe's seconds are real in a rehearsal too.
 */
export function createPace(pool: pg.Pool) {
  const reserveMany = async (turns: Turn[]): Promise<number[]> => {
    const wanted = new Map<string, { count: number; perSecond: number }>();
    for (const { name, perSecond } of turns)
      wanted.set(name, { count: (wanted.get(name)?.count ?? 0) + 1, perSecond });
    const { rows } = await pool.query<{ name: string; until_ms: number }>(RESERVE, [
      [...wanted.keys()],
      [...wanted.values()].map(({ count }) => count),
      [...wanted.values()].map(({ perSecond }) => perSecond),
    ]);
    // The row names the end of what was reserved; the slots lie before it, one after the other.
    const ends = new Map(rows.map(({ name, until_ms }) => [name, until_ms]));
    return turns.map(({ name, perSecond }) => {
      const limit = wanted.get(name) as { count: number };
      const waitMs = (ends.get(name) ?? 0) - (limit.count * 1000) / perSecond;
      limit.count -= 1;
      return Math.max(0, waitMs);
    });
  };
  return {
    /** Reserves the next slot of a limit; gives how long to wait for it, in ms. */
    reserve: createBatch(reserveMany, { items: 100, runs: 1 }),

    /**
     * Stripe asked to slow down: nobody gets a slot for a while, twice as long when it had to ask
     * again within a minute. Many calls told so at once count once.
     */
    async slow(name: string, atLeastMs: number | null): Promise<void> {
      const pauseMs = Math.min(Math.max(atLeastMs ?? 0, PAUSE_MS), PAUSE_MAX_MS);
      await pool.query(SLOW, [name, Math.ceil(pauseMs), PAUSE_MAX_MS]);
    },
  };
}

export type Pace = ReturnType<typeof createPace>;
