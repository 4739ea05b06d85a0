import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { createBatch } from './batch.ts';

/** A call that waits for its turn, and the limits that hold for it, in calls a second. */
export interface Turn {
  route: string;
  perEndpoint: number;
  perSecond: number;
}

/** A first pause when Stripe asks to slow down, and the longest one, in ms. */
const PAUSE_MS = 1_000;
const PAUSE_MAX_MS = 60_000;
/** Whoever waits for something that is another's asks again after so many ms. */
const ASK_AGAIN_MS = 40;

/** The row all calls share; an endpoint has two of its own. */
const ACCOUNT = 'account';

/**
 * How much wider apart calls are than the limits ask for: twice as far when Stripe had to ask a
 * second time within a minute, more each time, and back to normal within a minute of peace. One
 * call turned away is chance, and is paid for with the pause alone.
 */
const WIDER = `(select coalesce(max(1 + (pause_ms / ${PAUSE_MS}.0 - 1)
  * greatest(0, 1 - extract(epoch from clock_timestamp() - slowed_at) / 60)), 1)
  from paces where name = '${ACCOUNT}' and slowed_at is not null)::double precision`;

/** Moments as the database's clock has them, in ms. */
const MOMENTS = (at: string) => `
  extract(epoch from ${at})::double precision * 1000 as "atMs",
  extract(epoch from clock_timestamp())::double precision * 1000 as "nowMs"`;

/** The end of what is reserved; the turns lie before it, one after the other. */
const QUEUE = `
  insert into paces (name, next_at)
  values ($1, clock_timestamp() + make_interval(secs => $2::double precision * ${WIDER}))
  on conflict (name) do update set next_at = greatest(paces.next_at, clock_timestamp())
    + make_interval(secs => $2::double precision * ${WIDER})
  returning ${MOMENTS('next_at')}`;

/**
 * Rows are locked in one order by everybody. A call that its endpoint holds back takes its share of
 * the account all the same, and keeps no other endpoint waiting.
 */
const SLOT = `
  with held as (select name, next_at from paces where name in ($1, '${ACCOUNT}')
    order by name for update),
  free as (select greatest(to_timestamp($2::double precision / 1000), clock_timestamp(),
      max(next_at)) as at,
    greatest(max(next_at) filter (where name = '${ACCOUNT}'), clock_timestamp()) as account_at,
    count(*) as rows from held)
  update paces p
  set next_at = case when p.name = $1
    then free.at + make_interval(secs => $3::double precision * ${WIDER})
    else free.account_at + make_interval(secs => $4::double precision * ${WIDER}) end
  from free where p.name in ($1, '${ACCOUNT}') and free.rows = 2
  returning ${MOMENTS('free.at')}`;

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

/** A hold ends by itself: whoever has it may be gone. */
const HOLD = `
  insert into paces (name, next_at) values ($1, clock_timestamp() + make_interval(secs => $2))
  on conflict (name) do update set next_at = excluded.next_at
    where paces.next_at <= clock_timestamp()
  returning next_at::text as until`;

/**
 * A pace that all workers keep together: slots reserved in the database, so that limits of so many
 * calls a second are kept however many processes there are. Real time, not `levy_now()`: Stripe's
 * seconds are real in a rehearsal too. Moments are given on this process' `performance.now()`.
 */
export function createPace(pool: pg.Pool) {
  const here = createClock();

  const ask = async (statement: string, values: unknown[]): Promise<number | null> => {
    const askedAt = performance.now();
    const { rows } = await pool.query<{ atMs: number; nowMs: number }>(statement, values);
    const row = rows[0];
    if (!row) return null;
    here.heard(askedAt, performance.now(), row.nowMs);
    return here.local(row.atMs);
  };
  const queueMany = async (turns: Turn[]): Promise<number[]> => {
    const places: number[] = [];
    const routes = new Map<string, Turn[]>();
    for (const turn of turns) routes.set(turn.route, [...(routes.get(turn.route) ?? []), turn]);
    for (const [route, same] of routes) {
      const gapMs = 1000 / (same[0] as Turn).perEndpoint;
      const seconds = (gapMs * same.length) / 1000;
      const end = (await ask(QUEUE, [`queue ${route}`, seconds])) as number;
      for (const [n, turn] of same.entries())
        places[turns.indexOf(turn)] = end - (same.length - n) * gapMs;
    }
    return places;
  };

  return {
    /** Takes the next place in the queue of an endpoint; gives its moment. */
    queue: createBatch(queueMany, { items: 100, runs: 1 }),

    /** Reserves the moment of one call, no sooner than `notBefore`, at both limits. */
    async slot({ route, perEndpoint, perSecond }: Turn, notBefore: number): Promise<number> {
      const values = [`call ${route}`, here.remote(notBefore), 1 / perEndpoint, 1 / perSecond];
      for (;;) {
        const at = await ask(SLOT, values);
        if (at !== null) return at;
        // The first call of this endpoint, or the first after the database was killed.
        await pool.query(
          `insert into paces (name, next_at) select unnest($1::text[]), clock_timestamp()
           on conflict do nothing`,
          [[values[0], ACCOUNT]],
        );
      }
    },

    /**
     * Stripe asked to slow down: nobody gets a slot for a while, twice as long when it had to ask
     * again within a minute, and slots are wider apart afterwards. Many calls told so at once count
     * once.
     */
    async slow(atLeastMs: number | null): Promise<void> {
      const pauseMs = Math.min(Math.max(atLeastMs ?? 0, PAUSE_MS), PAUSE_MAX_MS);
      await pool.query(SLOW, [ACCOUNT, Math.ceil(pauseMs), PAUSE_MAX_MS]);
    },

    /**
     * Does something that only one process may do at a time, as long as it takes, at most `holdMs`.
     * Gives null, and does nothing, when others have been at it for `patienceMs`.
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
      let until = await hold();
      while (until === undefined) {
        if (performance.now() > deadline) return null;
        await sleep(ASK_AGAIN_MS);
        until = await hold();
      }
      try {
        return { result: await work() };
      } finally {
        // Should this fail, the hold ends by itself.
        await pool
          .query('delete from paces where name = $1 and next_at = $2::timestamptz', [name, until])
          .catch(() => undefined);
      }
    },
  };
}

export type Pace = ReturnType<typeof createPace>;

/**
 * The database's clock on this process' own: learned from the quickest answers, since only those
 * say well when the clock was read.
 */
function createClock() {
  let offsetMs = 0;
  let tripMs = Infinity;
  return {
    heard(askedAt: number, answeredAt: number, remoteMs: number): void {
      const trip = answeredAt - askedAt;
      // What was learned ages a little with every answer, so that a clock set anew is followed.
      tripMs = trip <= tripMs * 1.2 ? trip : tripMs * 1.02;
      if (tripMs === trip) offsetMs = remoteMs - (askedAt + answeredAt) / 2;
    },
    local: (remoteMs: number): number => remoteMs - offsetMs,
    remote: (localMs: number): number => localMs + offsetMs,
  };
}
