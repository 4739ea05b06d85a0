import { createServer } from 'node:net';
import { Queue } from 'bullmq';
import { describe, expect, test } from 'vitest';
import { createTestDatabase } from '../support/database.ts';
import { queueBackends } from '../support/queues.ts';
test('db', async () => {
  const t = performance.now();
  const db = await createTestDatabase();
  console.log('clone', performance.now() - t, (await db.pool.query(`select count(*) from pg_tables where schemaname not in ('pg_catalog','information_schema')`)).rows);
  const [a,b] = await Promise.all([createTestDatabase(), createTestDatabase()]);
  expect(a!.url).not.toBe(b!.url);
  if (process.env.FAIL) expect(1).toBe(2);
});
test('leak', async () => { if (process.env.LEAK) createServer().listen(0); });
describe.each(queueBackends)('backend $name', (backend) => {
  test('redis', async () => {
    const r = backend.redis();
    if (!r) return;
    const q = new Queue('x', { connection: { url: r.url }, prefix: r.prefix });
    await q.add('a', {}, { jobId: 'a' });
    expect(await q.getWaitingCount()).toBe(1);
    await r.flush();
    expect(await q.getWaitingCount()).toBe(0);
    await q.close();
  });
});
