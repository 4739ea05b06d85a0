import { expect, it } from 'vitest';
import type { RunningWorker } from '../../jobs/queues.ts';
import { createQueueHouse } from '../support/queue-house.ts';
import { queueBackends } from '../support/queues.ts';

const DAY_MS = 86_400_000;
const FEE = { feeId: '00000000-0000-4000-8000-000000000001', seq: 0 };

it('what a worker a day ahead has written holds nobody up until tomorrow', async () => {
  const house = await createQueueHouse(queueBackends[0]!);
  const { pool } = house.db;
  const { queueClock } = house.ledger;
  await house.queues.enqueue('charge', FEE);
  let worker: RunningWorker | undefined;
  const finish = await new Promise<() => void>((taken) => {
    worker = house.queues.work(
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
  expect(await queueClock.setRight()).toBe(0);
  expect((await check()).rowCount).toBe(1);
  expect(await lock()).toBeLessThanOrEqual(honest);

  await note(DAY_MS);
  await pool.query(`update bullmq.job set locked_until_ms = locked_until_ms + $1`, [DAY_MS]);
  expect(await lock()).toBeGreaterThan(DAY_MS - 60_000);
  expect(await queueClock.setRight()).toBe(2);
  expect((await check()).rowCount).toBe(0);
  expect(await lock()).toBeLessThanOrEqual(30_000);
  finish();
  await worker?.close();
});
