import { randomBytes } from 'node:crypto';
import { Redis } from 'ioredis';
import { inject } from 'vitest';

/** A corner of the run's Redis that belongs to one test file. */
export interface TestRedis {
  url: string;
  /** Every key of the file starts with this; give it to BullMQ as `prefix`. */
  prefix: string;
  /** Deletes every key under the prefix: to the code under test, a FLUSHALL. */
  flush(): Promise<void>;
}

/**
 * A fresh prefix on the run's Redis, or `undefined` when there is none. A prefix, not a database
 * number: REDIS_URL may name a server that is used for other things too.
 */
export function testRedis(): TestRedis | undefined {
  const url = inject('redisUrl');
  if (url === null) return undefined;
  const prefix = `test-${randomBytes(6).toString('hex')}`;
  return { url, prefix, flush: () => deleteKeys(url, prefix) };
}

async function deleteKeys(url: string, prefix: string): Promise<void> {
  const client = new Redis(url);
  try {
    let cursor = '0';
    do {
      const [next, keys] = await client.scan(cursor, 'MATCH', `${prefix}:*`, 'COUNT', 1000);
      if (keys.length > 0) await client.unlink(...keys);
      cursor = next;
    } while (cursor !== '0');
  } finally {
    client.disconnect();
  }
}
