import { readdir, readFile } from 'node:fs/promises';
import type pg from 'pg';
import { grantRoles } from './roles.ts';

const MIGRATIONS = new URL('./migrations/', import.meta.url);
/** Key of the lock under which one process at a time migrates; any number will do. */
const LOCK = 2_026_0115;

/**
 * Migrates the ledger's schema as its owner: numbered plain SQL, forward only, each in a
 * transaction; then grants the roles their rights. `roles` is false when there are no roles and
 * this owner may not create them. Throws on any failure, and when the database is newer than this
 * program, so that the program does not start.
 */
export async function migrate(pool: pg.Pool): Promise<{ roles: boolean }> {
  const files = await migrations();
  const client = await pool.connect();
  try {
    await client.query('select pg_advisory_lock($1)', [LOCK]);
    await client.query(
      `create table if not exists migrations (
        number integer primary key, name text not null,
        applied_at timestamptz not null default now())`,
    );
    const applied = await numbersIn(client, files.length);
    for (const name of files) {
      const number = Number(name.slice(0, 4));
      if (!applied.has(number)) await apply(client, number, name);
    }
    return { roles: await whole(client, () => grantRoles(client)) };
  } finally {
    await client.query('select pg_advisory_unlock($1)', [LOCK]).catch(() => undefined);
    client.release();
  }
}

/** Why a program that does not own the schema cannot use it yet. */
export type Lacking = 'no ledger' | 'no rights' | 'older than this program';

/** Without to_regclass, which fails when this login may not use the schema. */
const SEEN = `
  select has_schema_privilege(n.oid, 'USAGE') and has_table_privilege(c.oid, 'SELECT') as "mayLook"
  from pg_class c join pg_namespace n on n.oid = relnamespace
  where nspname = 'public' and relname = 'migrations'`;

/**
 * Why this login cannot use the ledger; null when it can. Throws when the database is newer than
 * this program.
 */
export async function lacking(pool: pg.Pool): Promise<Lacking | null> {
  const { rows } = await pool.query<{ mayLook: boolean }>(SEEN);
  if (!rows[0]) return 'no ledger';
  if (!rows[0].mayLook) return 'no rights';
  const files = await migrations();
  const applied = await numbersIn(pool, files.length);
  return applied.size < files.length ? 'older than this program' : null;
}

async function migrations(): Promise<string[]> {
  return (await readdir(MIGRATIONS)).filter((name) => name.endsWith('.sql')).sort();
}

/** The numbers of the migrations applied so far. Throws when one is unknown to this program. */
async function numbersIn(db: pg.Pool | pg.PoolClient, known: number): Promise<Set<number>> {
  const { rows } = await db.query<{ number: number }>('select number from public.migrations');
  const applied = rows.map(({ number }) => number);
  const ahead = applied.filter((number) => number > known);
  if (ahead.length > 0)
    throw new Error(
      `the database has migration ${ahead.join(', ')} which this program does not know: ` +
        'run the newer version of levy',
    );
  return new Set(applied);
}

async function apply(client: pg.PoolClient, number: number, name: string): Promise<void> {
  const sql = await readFile(new URL(name, MIGRATIONS), 'utf8');
  try {
    await whole(client, async () => {
      await client.query('insert into migrations (number, name) values ($1, $2)', [number, name]);
      await client.query(sql);
    });
  } catch (error) {
    throw new Error(`migration ${name} failed`, { cause: error });
  }
}

/** Runs the work in one transaction of this client. */
async function whole<Result>(client: pg.PoolClient, work: () => Promise<Result>): Promise<Result> {
  await client.query('begin');
  try {
    const result = await work();
    await client.query('commit');
    return result;
  } catch (error) {
    await client.query('rollback').catch(() => undefined);
    throw error;
  }
}
