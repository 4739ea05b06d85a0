import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { startEmbeddedPostgres } from '../../app/postgres/postgres.ts';
import { migrate } from '../../ledger/migrate.ts';
import { UNSAFE_AND_FAST } from '../../test/support/unsafe-and-fast.ts';

/** A Postgres of the simulator's own, whose databases are copies of a migrated one. */
export interface SimulatorServer {
  /** Makes a migrated, empty database. Gives its URL. */
  newDatabase(): Promise<string>;
  /** Stops the server and deletes everything it kept. */
  close(): Promise<void>;
}

/** The socket lies among its data: the way over a port would take longer. */
const SETTINGS = {
  ...UNSAFE_AND_FAST,
  autovacuum: 'off',
  jit: 'off',
  unix_socket_directories: '.',
};

/** Starts it in a temporary folder, in about a second. */
export async function startServer(): Promise<SimulatorServer> {
  const dir = await mkdtemp(join(await realpath(tmpdir()), 'levy-simulator-'));
  const postgres = await startEmbeddedPostgres({ dir, settings: SETTINGS });
  const { username, password, port } = new URL(postgres.url);
  const socket = new URLSearchParams({ host: postgres.dataDir, port }).toString();
  const named = (name: string) => `postgres://${username}:${password}@/${name}?${socket}`;
  let databases = 0;

  async function asAdmin(statement: string): Promise<void> {
    const client = new pg.Client(postgres.url);
    await client.connect();
    await client.query(statement).finally(() => client.end());
  }

  return {
    async newDatabase() {
      const name = `simulated_${(databases += 1)}`;
      await asAdmin(`create database ${name}`);
      const pool = new pg.Pool({ connectionString: named(name), max: 1 });
      await migrate(pool).finally(() => pool.end());
      return named(name);
    },
    async close() {
      await postgres.remove();
      await rm(dir, { recursive: true, force: true });
    },
  };
}
