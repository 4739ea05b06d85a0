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
  /** Every key under the prefix with what it holds, as one text: to be searched. */
  dump(): Promise<string>;
}

/**
 * A fresh prefix on the run's Redis, or `undefined` when there is none. A prefix, not a database
 * number: REDIS_URL may name a server that is used for other things too.
 */
export function testRedis(): TestRedis | undefined {
  const url = inject('redisUrl');
  if (url === null) return undefined;
  const prefix = `test-${randomBytes(6).toString('hex')}`;
  return {
    ...{ url, prefix },
    flush: () => deleteKeys(url, prefix),
    dump: () => dumpKeys(url, prefix),
  };
}

async function deleteKeys(url: string, prefix: string): Promise<void> {
  await eachBatch(url, prefix, (client, keys) => client.unlink(...keys));
}

async function dumpKeys(url: string, prefix: string): Promise<string> {
  const found: string[] = [];
  await eachBatch(url, prefix, async (client, keys) => {
    for (const key of keys) {
      const read = READERS[await client.type(key)];
      if (!read) throw new Error(`${key} is of a type that is not read here`);
      found.push(`${key} ${JSON.stringify(await read(client, key))}`);
    }
  });
  return found.join('\n');
}

const READERS: Record<string, (client: Redis, key: string) => Promise<unknown>> = {
  string: (client, key) => client.get(key),
  hash: (client, key) => client.hgetall(key),
  list: (client, key) => client.lrange(key, '0', '-1'),
  set: (client, key) => client.smembers(key),
  zset: (client, key) => client.zrange(key, '0', '-1'),
  stream: (client, key) => client.xrange(key, '-', '+'),
  // It went between being listed and being read.
  none: () => Promise.resolve(null),
};

async function eachBatch(
  url: string,
  prefix: string,
  work: (client: Redis, keys: string[]) => Promise<unknown>,
): Promise<void> {
  const client = new Redis(url);
  try {
    let cursor = '0';
    do {
      const [next, keys] = await client.scan(cursor, 'MATCH', `${prefix}:*`, 'COUNT', 1000);
      if (keys.length > 0) await work(client, keys);
      cursor = next;
    } while (cursor !== '0');
  } finally {
    client.disconnect();
  }
}
