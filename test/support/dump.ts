import type { TestDatabase } from './database.ts';
import type { TestRedis } from './redis.ts';

/** Every table of a schema with everything that stands in it, a row a line. */
export async function dumpTables(db: TestDatabase, schema: string): Promise<Map<string, string>> {
  const { rows: tables } = await db.pool.query<{ name: string }>(
    `select table_name as name from information_schema.tables
     where table_schema = $1 and table_type = 'BASE TABLE' order by 1`,
    [schema],
  );
  const found = new Map<string, string>();
  for (const { name } of tables) {
    const all = await db.pool.query<{ row: string }>(
      `select t::text as row from ${schema}.${name} t`,
    );
    found.set(name, all.rows.map(({ row }) => row).join('\n'));
  }
  return found;
}

/** Everything the queue has stored, keys, payloads, reasons, traces and events, as one text. */
export async function dumpQueue(db: TestDatabase, redis?: TestRedis): Promise<string> {
  if (redis) return redis.dump();
  return [...(await dumpTables(db, 'bullmq')).values()].join('\n');
}
