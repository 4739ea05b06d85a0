import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Harness } from '../harness.ts';
import type { Fault } from './fault.ts';

/** What the queue and the ledger stand on: lost, killed, cut off. */
export const STORE_FAULTS: Fault[] = [
  {
    name: 'queue flushed',
    on: 'redis',
    weight: 2,
    async strike(harness) {
      if (await loseQueue(harness)) harness.counter('Redis: FLUSHALL');
    },
  },
  {
    name: 'Redis killed',
    on: 'redis',
    weight: 2,
    async strike(harness) {
      harness.counter('Redis: killed with nothing kept, back empty');
      await harness.services.redis?.killFor(harness.random.between(200, 2_500));
    },
  },
  {
    name: 'Redis connections killed',
    on: 'redis',
    weight: 2,
    async strike(harness) {
      harness.counter('Redis: a storm of CLIENT KILL');
      for (let n = 0; n < 15; n += 1) {
        await harness.services.redis?.command('CLIENT', 'KILL', 'TYPE', 'normal');
        await sleep(60);
      }
    },
  },
  {
    name: 'queue emptied',
    on: 'postgres',
    weight: 3,
    async strike(harness) {
      if (await loseQueue(harness)) harness.counter('Postgres: the queue’s tables emptied');
    },
  },
  {
    name: 'Postgres restarted at once',
    weight: 2,
    async strike(harness) {
      harness.counter('Postgres: restarted, immediate');
      await harness.services.postgres.restartImmediate();
    },
  },
  {
    name: 'Postgres restarted',
    weight: 1,
    async strike(harness) {
      const file = join(harness.services.postgres.dataDir, 'postmaster.pid');
      const pid = Number.parseInt(await readFile(file, 'utf8'), 10);
      // What `pg_ctl stop -m fast` sends; whoever watches over the server starts it again.
      process.kill(pid, 'SIGINT');
      harness.counter('Postgres: restarted, fast');
    },
  },
  {
    name: 'Postgres connections ended',
    weight: 2,
    async strike(harness) {
      for (let n = 0; n < 8; n += 1) {
        await endConnections(harness).catch(() => undefined);
        await sleep(120);
      }
      harness.counter('Postgres: a storm of pg_terminate_backend');
    },
  },
];

/** Everything but the library's own note of its schema's version. */
const EMPTY_QUEUE = `
  do $$ declare name text; begin
    for name in select table_name from information_schema.tables
      where table_schema = 'bullmq' and table_name <> 'migration'
    loop execute format('delete from bullmq.%I', name); end loop;
  end $$`;

/** Everything that waits, is in hand, or comes by the clock is gone. False: it was not there. */
export async function loseQueue({ queue, services, pool }: Harness): Promise<boolean> {
  if (queue === 'redis') return (await services.redis?.command('FLUSHALL')) === 'OK';
  return pool.query(EMPTY_QUEUE).then(
    () => true,
    () => false,
  );
}

async function endConnections({ pool }: Harness): Promise<void> {
  await pool.query(
    `select pg_terminate_backend(pid) from pg_stat_activity
     where datname = current_database() and pid <> pg_backend_pid()
       and backend_type = 'client backend'`,
  );
}
