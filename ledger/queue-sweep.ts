import type pg from 'pg';

/** A lock lasts 30 s, and a check is noted when it is made: what lies further ahead is no time. */
const AHEAD_MS = 60_000;
const LOCK_MS = 30_000;
/** Finished jobs kept for people to look at: so many completed ones, failed ones for a month. */
const KEPT_COMPLETED = 100;
const KEPT_FAILED_MS = 30 * 86_400_000;
/** Jobs swept away in one go. */
const AT_ONCE = 10_000;

const NOW_MS = '(extract(epoch from clock_timestamp()) * 1000)::bigint';

/** The check is made anew by whoever comes next. */
const CHECKS = `
  delete from bullmq.meta
  where field = 'stalled-check' and value::bigint > ${NOW_MS} + ${AHEAD_MS}`;

/** Whoever still has the job renews its lock within that time. */
const LOCKS = `
  update bullmq.job set locked_until_ms = ${NOW_MS} + ${LOCK_MS}
  where state = 'active' and locked_until_ms > ${NOW_MS} + ${AHEAD_MS}`;

const SWEEP = `
  with edges as (
    select queue, 'completed'::bullmq.job_state as state, (select finished_at_ms from bullmq.job k
      where k.queue = q.queue and k.state = 'completed'
      order by finished_at_ms desc offset ${KEPT_COMPLETED} limit 1) as at
    from unnest($1::text[]) as q (queue)
    union all
    select queue, 'failed', ${NOW_MS} - ${KEPT_FAILED_MS} from unnest($1::text[]) as q (queue)
  ), old as (
    select j.queue, j.id from edges join bullmq.job j using (queue, state)
    where j.finished_at_ms <= edges.at limit ${AT_ONCE} for update of j skip locked
  )
  delete from bullmq.job j using old where j.queue = old.queue and j.id = old.id`;

/**
 * Keeps the queue that lives in this database in order, where its library does not. Only for a
 * queue that is here: it has no tables otherwise.
 */
export function createQueueSweep(pool: pg.Pool) {
  return {
    /**
     * Sets right what is further ahead of the database's clock than it can be; gives how many rows
     * it was. The library writes down the time of each worker's own clock: after a worker whose
     * clock is a day ahead, nobody would look for stalled jobs until tomorrow, and those it held
     * when it died would stand in the way of the same jobs offered anew.
     */
    async setClockRight(): Promise<number> {
      const checks = await pool.query(CHECKS);
      const locks = await pool.query(LOCKS);
      return (checks.rowCount ?? 0) + (locks.rowCount ?? 0);
    },

    /**
     * Deletes finished jobs beyond those kept for people; gives how many. The library would do so
     * whenever a job ends, and jobs that end at the same time would delete the same rows, each in
     * an order of its own, and deadlock. Here whoever comes second passes over what is taken.
     */
    async sweep(queues: string[]): Promise<number> {
      return (await pool.query(SWEEP, [queues])).rowCount ?? 0;
    },
  };
}
