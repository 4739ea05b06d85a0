import { expect, it } from 'vitest';
import { JOB_NAMES, jobId } from '../../jobs/jobs.ts';
import type { RunningWorker } from '../../jobs/queues.ts';
import { createQueueTestApp, workOff } from '../support/queue-test-app.ts';
import { queueBackends } from '../support/queues.ts';

const DAY_MS = 86_400_000;
const FEE = { feeId: '00000000-0000-4000-8000-000000000001', seq: 0 };

it('what a worker a day ahead has written holds nobody up until tomorrow', async () => {
  const testApp = await createQueueTestApp(queueBackends[0]!);
  const { pool } = testApp.db;
  const { queueSweep } = testApp.ledger;
  await testApp.queues.enqueue('charge', FEE);
  let worker: RunningWorker | undefined;
  const finish = await new Promise<() => void>((taken) => {
    worker = testApp.queues.work(
      'charge',
      () => new Promise((end) => taken(() => end({ done: 'held' }))),
    );
  });
  const lock = async () => {
    const { rows } = await pool.query<{ ms: number }>(
      `select (locked_until_ms - extract(epoch from clock_timestamp()) * 1000)::float8 as ms
       from bullmq.job where state = 'active'`,
    );
    return rows[0]?.ms as number;
  };
  const check = () =>
    pool.query(`select from bullmq.meta where field = 'stalled-check' and queue = 'charge'`);
  const note = (ms: number) =>
    pool.query(
      `insert into bullmq.meta (queue, field, value) values ('charge', 'stalled-check',
        (extract(epoch from clock_timestamp()) * 1000 + $1)::bigint::text)
       on conflict (queue, field) do update set value = excluded.value`,
      [ms],
    );

  // What is of this minute stays as it is.
  await note(1_000);
  const honest = await lock();
  expect(await queueSweep.setClockRight()).toBe(0);
  expect((await check()).rowCount).toBe(1);
  expect(await lock()).toBeLessThanOrEqual(honest);

  await note(DAY_MS);
  await pool.query(`update bullmq.job set locked_until_ms = locked_until_ms + $1`, [DAY_MS]);
  expect(await lock()).toBeGreaterThan(DAY_MS - 60_000);
  expect(await queueSweep.setClockRight()).toBe(2);
  expect((await check()).rowCount).toBe(0);
  expect(await lock()).toBeLessThanOrEqual(30_000);
  finish();
  await worker?.close();
});

it('of finished jobs a queue keeps the last hundred, and failed ones for a month', async () => {
  const testApp = await createQueueTestApp(queueBackends[0]!);
  const { pool } = testApp.db;
  const done = Array.from({ length: 130 }, (_, seq) => ({ ...FEE, seq }));
  await testApp.queues.enqueueMany('detect', done);
  await workOff(testApp, 'detect', done.length, () => ({ done: 'usage_checked' }));
  await testApp.queues.enqueueMany('charge', done.slice(0, 3));
  await workOff(testApp, 'charge', 3, () => ({ failed: 'declined' }));
  await testApp.queues.enqueue('notice', FEE);
  await pool.query(
    `update bullmq.job set finished_at_ms = finished_at_ms - 31 * $1::bigint
     where queue = 'charge' and id = $2`,
    [DAY_MS, jobId('charge', FEE)],
  );
  expect(await testApp.ledger.queueSweep.sweep(JOB_NAMES)).toBeGreaterThanOrEqual(31);
  const { rows } = await pool.query<{ queue: string; count: number }>(
    'select queue, count(*)::integer from bullmq.job group by queue order by queue',
  );
  const left = Object.fromEntries(rows.map(({ queue, count }) => [queue, count]));
  expect(left).toMatchObject({ charge: 2, notice: 1 });
  expect(left['detect']).toBeLessThanOrEqual(100);
  expect(left['detect']).toBeGreaterThan(60);
  expect(await testApp.ledger.queueSweep.sweep(JOB_NAMES)).toBe(0);
});
