import { expect, it, onTestFinished } from 'vitest';
import { createQueues } from '../../jobs/queues.ts';
import { createTestDatabase } from '../support/database.ts';

const fee = (n: number) => ({
  feeId: `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`,
  seq: 0,
});

it('a worker whose connections the server ends goes on working', async () => {
  const db = await createTestDatabase();
  const troubles: unknown[] = [];
  const queues = await createQueues({
    redisUrl: null,
    databaseUrl: db.url,
    onError: (error) => void troubles.push(error),
  });
  onTestFinished(() => queues.close());
  const done: string[] = [];
  const worker = queues.work('charge', async ({ feeId }) => {
    done.push(feeId);
    return { done: 'charged' };
  });
  onTestFinished(() => worker.close());
  for (let n = 1; n <= 3; n += 1) {
    await queues.enqueue('charge', fee(n));
    await expect.poll(() => done, { timeout: 15_000 }).toContain(fee(n).feeId);
    await db.pool.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where datname = current_database() and pid <> pg_backend_pid()`,
    );
    await expect.poll(() => queues.ping().then(String, () => null)).not.toBeNull();
  }
  expect(troubles).not.toEqual([]);
}, 60_000);
