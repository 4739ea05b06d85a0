import { once } from 'node:events';
import { createServer } from 'node:net';
import { Redis } from 'ioredis';
import { describe, expect, inject, test } from 'vitest';
import { createTestDatabase } from './support/database.ts';
import { query } from './support/embedded-folders.ts';
import { watchHandles } from './support/handles.ts';
import { queueBackends } from './support/queues.ts';

describe('what the tests stand on', () => {
  test('gives each caller a migrated database of its own, gone once dropped', async () => {
    const [one, two] = await Promise.all([createTestDatabase(), createTestDatabase()]);
    await one.pool.query('CREATE TABLE mine (x int)');
    const tables = `SELECT tablename FROM pg_tables WHERE tablename IN ('mine', 'entries')`;
    expect((await one.pool.query(`${tables} ORDER BY 1`)).rows).toHaveLength(2);
    expect((await two.pool.query(tables)).rows).toEqual([{ tablename: 'entries' }]);
    await one.drop();
    const name = new URL(one.url).pathname.slice(1);
    const found = `SELECT FROM pg_database WHERE datname = '${name}'`;
    expect(await query(inject('postgresUrl'), found)).toEqual([]);
  });

  test('notices a server that is left open, and that it was closed', async () => {
    const leftOpen = watchHandles();
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    expect(leftOpen()).toEqual(['1 TCPServerWrap']);
    server.close();
    await once(server, 'close');
    await expect.poll(leftOpen).toEqual([]);
  });

  test('offers Postgres always, and Redis where there is one', () => {
    const redis = inject('redisUrl') === null ? [] : ['redis'];
    expect(queueBackends.map(({ name }) => name)).toEqual(['postgres', ...redis]);
  });

  test.skipIf(inject('redisUrl') === null)(
    'empties its own corner of Redis, not that of another (skipped without Redis)',
    async () => {
      const [mine, other] = [queueBackends[1]!.redis()!, queueBackends[1]!.redis()!];
      const client = new Redis(mine.url);
      await client.mset(`${mine.prefix}:a`, 1, `${other.prefix}:a`, 1);
      await mine.flush();
      expect(await client.mget(`${mine.prefix}:a`, `${other.prefix}:a`)).toEqual([null, '1']);
      await other.flush();
      await client.quit();
    },
  );
});
