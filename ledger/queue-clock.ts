import type pg from 'pg';

/** A lock lasts 30 s, and a check is noted when it is made: what lies further ahead is no time. */
const AHEAD_MS = 60_000;
const LOCK_MS = 30_000;

const NOW_MS = '(extract(epoch from clock_timestamp()) * 1000)::bigint';

/** The check is made anew by whoever comes next. */
const CHECKS = `
  delete from bullmq.meta
  where field = 'stalled-check' and value::bigint > ${NOW_MS} + ${AHEAD_MS}`;

/** Whoever still has the job renews its lock within that time. */
const LOCKS = `
  update bullmq.job set locked_until_ms = ${NOW_MS} + ${LOCK_MS}
  where state = 'active' and locked_until_ms > ${NOW_MS} + ${AHEAD_MS}`;

/**
 * The queue in this database, whose library writes down the time of each worker's own clock: after
 * a worker whose clock is a day ahead, nobody would look for stalled jobs until tomorrow, and those
 * it held when it died would stand in the way of the same jobs offered anew.
 */
export function createQueueClock(pool: pg.Pool) {
  return {
    /**
     * Sets right what is further ahead of the database's clock than it can be. Gives how many rows
     * it was. Only for a queue that lives here: it has no tables otherwise.
     */
    async setRight(): Promise<number> {
      const checks = await pool.query(CHECKS);
      const locks = await pool.query(LOCKS);
      return (checks.rowCount ?? 0) + (locks.rowCount ?? 0);
    },
  };
}
