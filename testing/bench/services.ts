import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { startEmbeddedPostgres } from '../../app/postgres/postgres.ts';
import { startRedis } from '../../test/support/redis-server.ts';

/** A Postgres with an installation's own settings, and a Redis where the machine has one. */
export interface BenchServices {
  redisUrl: string | null;
  /** A new, empty database, by its owner's address: who opens the ledger works as levy_app. */
  newDatabase(): Promise<string>;
  close(): Promise<void>;
}

export async function startServices(): Promise<BenchServices> {
  const dir = await mkdtemp(join(await realpath(tmpdir()), 'levy-bench-'));
  const postgres = await startEmbeddedPostgres({ dir });
  const redis = await startRedis();
  let databases = 0;
  return {
    redisUrl: redis?.url ?? null,
    async newDatabase() {
      const name = `bench_${(databases += 1)}`;
      const client = new pg.Client(postgres.url);
      await client.connect();
      await client.query(`create database ${name}`);
      await client.end();
      return postgres.url.replace(/levy$/, name);
    },
    async close() {
      await redis?.stop();
      await postgres.remove();
      await rm(dir, { recursive: true, force: true });
    },
  };
}
