import { Redis } from 'ioredis';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createQueues, type Queues } from '../../jobs/queues.ts';
import { queueBackends } from '../support/queues.ts';
import { startRedis } from '../support/redis-server.ts';

const fee = (n: number) => ({
  feeId: `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`,
  seq: 0,
});

describe.runIf(queueBackends.some(({ name }) => name === 'redis'))('without its Redis', () => {
  async function redisAt(port?: number) {
    const redis = await startRedis(port);
    if (!redis) throw new Error('there was a Redis a moment ago');
    onTestFinished(() => redis.stop());
    return redis;
  }
  async function queuesAt(redisUrl: string) {
    const queues = await createQueues({ redisUrl, databaseUrl: '', onError: () => undefined });
    onTestFinished(() => queues.close());
    return queues;
  }
  async function expectRefusals(queues: Queues) {
    await expect(queues.enqueue('charge', fee(2))).rejects.toThrow();
    await expect(queues.enqueueMany('charge', [fee(3)])).rejects.toThrow();
    await expect(queues.queued('charge')).rejects.toThrow();
    await expect(queues.schedule('annual', '0 9 15 1 *', 'UTC')).rejects.toThrow();
    await expect(queues.ping()).rejects.toThrow();
  }

  it.each([
    { state: 'full', command: ['CONFIG', 'SET', 'maxmemory', '1'], again: ['maxmemory', '0'] },
    { state: 'a replica that takes no writes', command: ['REPLICAOF', '127.0.0.1', '1'] },
  ])('a producer is told that it is $state, and goes on when it is not', async (fault) => {
    const redis = await redisAt();
    const queues = await queuesAt(redis.url);
    const admin = new Redis(redis.url);
    onTestFinished(() => admin.disconnect());
    const [command = '', ...words] = fault.command;
    await admin.call(command, ...words);
    await expect(queues.enqueue('charge', fee(1))).rejects.toThrow(/OOM|READONLY/);
    await expect(queues.enqueueMany('charge', [fee(2)])).rejects.toThrow(/OOM|READONLY/);
    if (fault.again) await admin.call('CONFIG', 'SET', ...fault.again);
    else await admin.call('REPLICAOF', 'NO', 'ONE');
    await queues.enqueueMany('charge', [fee(1), fee(2)]);
    expect(await queues.queued('charge')).toBe(2);
  });

  it('a producer is told at once, in the middle of its work', async () => {
    const redis = await redisAt();
    const queues = await queuesAt(redis.url);
    await queues.enqueue('charge', fee(1));
    await redis.stop();
    await expectRefusals(queues);
  });

  it('and from the start, and goes on by itself when Redis comes', async () => {
    const before = await redisAt();
    await before.stop();
    const queues = await queuesAt(before.url);
    await expectRefusals(queues);
    await redisAt(Number(new URL(before.url).port));
    const added = () =>
      queues.enqueue('charge', fee(1)).then(
        () => true,
        () => false,
      );
    while (!(await added())) await sleep(20);
    expect(await queues.queued('charge')).toBe(1);
  });
});
