import type pg from 'pg';

/** A lock lasts 30 s and a check is dated when made: a date further ahead is wrong. In ms. */
const AHEAD_MS = 60_000;
const LOCK_MS = 30_000;
/** Finished jobs kept for people: the latest 100 completed ones, and failed ones for 30 days. */
const KEPT_COMPLETED = 100;
const KEPT_FAILED_MS = 30 * 86_400_000;
/** Most jobs deleted in one statement. */
const AT_ONCE = 10_000;

const NOW_MS = '(extract(epoch from clock_timestamp()) * 1000)::bigint';

/** The next worker then makes the check again. */
const CHECKS = `
  delete from bullmq.meta
  where field = 'stalled-check' and value::bigint > ${NOW_MS} + ${AHEAD_MS}`;

/** A worker that still has the job renews its lock within that time. */
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
 * Keeps a queue in this database in order, where its library does not. Only for a queue on
 * Postgres: otherwise its tables do not exist.
 */
export function createQueueSweep(pool: pg.Pool) {
  return {
    /**
     * Corrects times that lie too far ahead of the database's clock; gives the number of rows. The
     * library writes the time of each worker's own clock. After a worker whose clock is a day
     * ahead, no worker would look for stalled jobs until the next day, and the jobs it held when it
     * died would block new jobs with the same ids.
     */
    async setClockRight(): Promise<number> {
      const checks = await pool.query(CHECKS);
      const locks = await pool.query(LOCKS);
      return (checks.rowCount ?? 0) + (locks.rowCount ?? 0);
    },

    /**
     * Deletes finished jobs beyond those kept for people; gives how many. The library would do so
     * whenever a job ends; jobs that end at the same time would then delete the same rows in
     * different orders, and deadlock. This statement skips rows that another one has locked.
     */
    async sweep(queues: string[]): Promise<number> {
      return (await pool.query(SWEEP, [queues])).rowCount ?? 0;
    },
  };
}
