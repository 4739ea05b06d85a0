import { createHash } from 'node:crypto';
import { chmod, mkdtemp, readdir, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import type { TestProject } from 'vitest/node';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../app/postgres/postgres.ts';
import { lockHolder } from '../../app/postgres/lock.ts';
import { type RedisServer, startRedis } from './redis-server.ts';
import { UNSAFE_AND_FAST } from './unsafe-and-fast.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The test server's own database, from which test databases are made. */
    postgresUrl: string;
    /** The same, for the application's role. */
    postgresAppUrl: string;
    /** The migrated database that every test database is a clone of. */
    templateName: string;
    /** Null when no Redis is to be had on this machine. */
    redisUrl: string | null;
  }
}

/**
 * Starts, once per run, what all test files share: a Postgres with a migrated template, and a Redis
 * where there is one. Gives the function that puts them away.
 */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const redis = await redisForTests();
  project.provide('redisUrl', redis?.url ?? null);
  await removeOld();
  const dir = await mkdtemp(join(await realpath(tmpdir()), PREFIX));
  await chmod(dir, 0o711); // Postgres' own user must pass through when the tests run as root.
  const postgres = await startEmbeddedPostgres({ dir, settings: UNSAFE_AND_FAST, log: say });
  project.provide('postgresUrl', postgres.url);
  project.provide('postgresAppUrl', postgres.appUrl);
  project.provide('templateName', TEMPLATE);
  try {
    await createTemplate(postgres.url);
  } catch (error) {
    await postgres.remove();
    await redis?.stop();
    throw error;
  }
  return async () => {
    await redis?.stop();
    await putAway(postgres, dir);
  };
}

const TEMPLATE = 'levy_template';

/** Kept folders are told apart by checkout, so that one checkout never deletes another's. */
const CHECKOUT = createHash('sha256')
  .update(import.meta.dirname)
  .digest('hex')
  .slice(0, 8);
const PREFIX = `levy-test-${CHECKOUT}-`;
const LOCK = 'levy.lock';

function say(line: string): void {
  console.log(line);
}

async function redisForTests(): Promise<RedisServer | undefined> {
  const given = process.env['REDIS_URL'];
  if (given) return { url: given, stop: () => Promise.resolve() };
  const redis = await startRedis();
  if (redis !== undefined) return redis;
  const skipped = 'Redis half skipped: no redis-server or valkey-server on the PATH, no REDIS_URL.';
  if (process.env['CI'] === 'true') throw new Error(`${skipped} In CI it must run: install one.`);
  say(skipped);
  return undefined;
}

async function createTemplate(url: string): Promise<void> {
  const admin = new pg.Client(url);
  await admin.connect();
  await admin.query(`CREATE DATABASE ${TEMPLATE}`);
  await admin.end();
  const { migrate } = await import('../../ledger/migrate.ts');
  const pool = new pg.Pool({ connectionString: url.replace(/levy$/, TEMPLATE), max: 2 });
  try {
    await migrate(pool);
  } finally {
    await pool.end();
  }
}

/** Deletes the server, or, when a failed test kept its database, says how to look at it. */
async function putAway(postgres: EmbeddedPostgres, dir: string): Promise<void> {
  const admin = new pg.Client(postgres.url);
  await admin.connect();
  const kept = await admin.query<{ datname: string }>(
    `SELECT datname FROM pg_database WHERE datname LIKE 'test\\_%' ORDER BY 1`,
  );
  await admin.end();
  if (kept.rows.length === 0) {
    await postgres.remove();
    await rm(dir, { recursive: true, force: true });
    return;
  }
  await postgres.stop();
  await writeFile(join(dir, 'kept'), '');
  say(`Kept until the next run: ${kept.rows.map(({ datname }) => datname).join(', ')}`);
  say(`To look at them: npx tsx test/support/open-kept.ts ${dir}`);
}

/**
 * Deletes what earlier runs of this checkout kept, so that at most the newest takes room, and what
 * runs that were killed left behind.
 */
async function removeOld(): Promise<void> {
  const parent = await realpath(tmpdir());
  for (const name of await readdir(parent)) {
    if (!name.startsWith(PREFIX)) continue;
    const path = join(parent, name);
    const names = await readdir(path).catch((): string[] => []);
    const killed = names.includes(LOCK) && (await lockHolder(join(path, LOCK))) === undefined;
    if (killed || names.includes('kept')) await rm(path, { recursive: true, force: true });
  }
}
