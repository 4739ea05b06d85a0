import { readdir, readFile } from 'node:fs/promises';
import type pg from 'pg';

const MIGRATIONS = new URL('./migrations/', import.meta.url);
/** Any number, the same for every process: only one migrates at a time. */
const LOCK = 2_026_0115;

/**
 * Brings the ledger's schema up to date: numbered plain SQL, forward only, each in a transaction.
 * Throws on any failure and when the database is ahead of this program, and so stops the start.
 */
export async function migrate(pool: pg.Pool): Promise<void> {
  const files = (await readdir(MIGRATIONS)).filter((name) => name.endsWith('.sql')).sort();
  const client = await pool.connect();
  try {
    await client.query('select pg_advisory_lock($1)', [LOCK]);
    await client.query(
      `create table if not exists migrations (
        number integer primary key, name text not null,
        applied_at timestamptz not null default now())`,
    );
    const { rows } = await client.query<{ number: number }>('select number from migrations');
    const applied = new Set(rows.map((row) => row.number));
    const ahead = [...applied].filter((number) => number > files.length);
    if (ahead.length > 0)
      throw new Error(
        `the database has migration ${ahead.join(', ')} which this program does not know: ` +
          'run the newer version of levy',
      );
    for (const name of files) {
      const number = Number(name.slice(0, 4));
      if (!applied.has(number)) await apply(client, number, name);
    }
  } finally {
    await client.query('select pg_advisory_unlock($1)', [LOCK]).catch(() => undefined);
    client.release();
  }
}

async function apply(client: pg.PoolClient, number: number, name: string): Promise<void> {
  const sql = await readFile(new URL(name, MIGRATIONS), 'utf8');
  await client.query('begin');
  try {
    await client.query('insert into migrations (number, name) values ($1, $2)', [number, name]);
    await client.query(sql);
    await client.query('commit');
  } catch (error) {
    await client.query('rollback').catch(() => undefined);
    throw new Error(`migration ${name} failed`, { cause: error });
  }
}
