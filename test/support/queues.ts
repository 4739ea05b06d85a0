import { inject } from 'vitest';
import { type TestRedis, testRedis } from './redis.ts';

/**
 * A queue backend to run a test on: with `redis`, what `REDIS_URL` would choose; without, BullMQ's
 * Postgres backend in the test's own database.
 */
export interface QueueBackend {
  name: 'postgres' | 'redis';
  /** A fresh corner of the run's Redis, one per call; `undefined` on Postgres. */
  redis(): TestRedis | undefined;
}

/**
 * The backends of this machine, for `describe.each(queueBackends)('the pump on $name', ...)`.
 * Redis is missing where the machine has none; the run has then said so in its first line.
 */
export const queueBackends: QueueBackend[] = [
  { name: 'postgres', redis: () => undefined },
  ...(inject('redisUrl') === null ? [] : [{ name: 'redis' as const, redis: testRedis }]),
];
