import type pg from 'pg';
import type { SimulatedDatabase } from './database.ts';
import type { Faults } from './faults.ts';
import type { ProcessLifecycle } from './process-lifecycle.ts';
import type { Random } from './random.ts';

/** Whether the database answers at all. */
export interface DatabaseOutage {
  awayUntil: number;
}

/**
 * The pool of one process: statements travel, arrive or not, and their answers arrive or not. A
 * transaction is one step: nobody else is served within, and a crash is before or after it.
 */
export function createPool(args: {
  database: SimulatedDatabase;
  lifecycle: ProcessLifecycle;
  faults: Faults;
  random: Random;
  outage: DatabaseOutage;
  now: () => number;
  /** A transaction is committed before such a statement, and another one begun: a bug. */
  splitBefore?: RegExp | undefined;
}): pg.Pool {
  const { database, lifecycle, faults, random, outage, now, splitBefore } = args;

  async function faulty(db: Pick<SimulatedDatabase, 'query'>, text: string, values?: unknown[]) {
    if (now() < outage.awayUntil) throw broken('57P01');
    if (faults.strikes('db_conflict')) throw broken(random.pick(['40P01', '40001']));
    const result = await db.query(text, values);
    if (faults.strikes('db_lost_answer')) throw broken('ECONNRESET');
    return result;
  }

  const way = () => random.int(4);
  const pool = {
    async query(text: string, values?: unknown[]) {
      await lifecycle.pass(way(), 'before a statement');
      try {
        return await faulty(database, text, values);
      } finally {
        await lifecycle.pass(way(), 'after a statement');
      }
    },
    async connect() {
      await lifecycle.pass(way(), 'before a transaction');
      const session = await database.connect();
      const release = () => {
        if (lifecycle.releases.delete(release)) session.release();
      };
      lifecycle.releases.add(release);
      return {
        // What a transaction can meet, it meets at its ends.
        async query(text: string, values?: unknown[]) {
          if (splitBefore?.test(text)) {
            await session.query('commit');
            await lifecycle.pass(way(), 'halfway through what was a transaction', 30);
            await session.query('begin');
          }
          return text === 'begin' || text === 'commit'
            ? faulty(session, text, values)
            : session.query(text, values);
        },
        release,
      };
    },
  };
  return pool as unknown as pg.Pool;
}

function broken(code: string): Error {
  return Object.assign(new Error(`The statement failed (${code}).`), { code });
}
