import { mkdir, realpath, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findPackage, removeCopies, usableBinaries } from './binaries.ts';
import { ensureCluster, ensureDatabase, passwordsOf } from './cluster.ts';
import { findHome, type Home, recall, remember } from './home.ts';
import { acquireLock } from './lock.ts';
import { PortTaken, type Server, type ServerOptions, startServer } from './server.ts';

/** How to start; only `dir` is needed. */
export interface EmbeddedOptions {
  /** levy's own folder: its data, password, log and lock are kept here. Made when missing. */
  dir: string;
  /** The port on 127.0.0.1. Default: that of the last start if it is free, else any free one. */
  port?: number;
  /** Called with each line a person should know. Default: nothing is logged. */
  log?: (line: string) => void;
  /** Server parameters to add to, or put in place of, those for a small machine. */
  settings?: Record<string, string>;
}

/** A running database server that belongs to this process. */
export interface EmbeddedPostgres {
  /** The owner's address with its password; for this start only, as the port may change. */
  url: string;
  /** The same URL for the application, which has only the rights that the program needs. */
  appUrl: string;
  port: number;
  dataDir: string;
  /** Shuts down cleanly and releases the folder. A second call does nothing. */
  stop(): Promise<void>;
  /** Stops as a power cut would and comes back on the same port: for tests of recovery. */
  restartImmediate(): Promise<void>;
  /** Stops, then deletes everything a start made: for tests and demonstrations. */
  remove(): Promise<void>;
}

/**
 * Starts levy's own Postgres on 127.0.0.1, making its database at the first start. Works as a
 * normal user and as root, heals what a kill or a power cut left behind, restarts the server when
 * it dies by itself, and lets one levy at a time use the folder. Throws with advice when the folder
 * is in use, its data is of another major version or unreachable, or the given port is taken.
 */
export async function startEmbeddedPostgres(options: EmbeddedOptions): Promise<EmbeddedPostgres> {
  if (process.platform === 'win32') {
    throw new Error('The embedded Postgres needs Linux or macOS. On Windows, set DATABASE_URL.');
  }
  // As root, others may pass through (not look): Postgres' own user must reach the data inside.
  const mode = process.getuid?.() === 0 ? 0o711 : 0o700;
  await mkdir(options.dir, { recursive: true, mode });
  const dir = await realpath(options.dir);
  const release = await acquireLock(join(dir, 'levy.lock'));
  try {
    return await startLocked({ log: () => undefined, ...options, dir }, release);
  } catch (error) {
    await release();
    throw error;
  }
}

/**
 * For a machine of 2 cores and 2 GiB. The last four keep people's data out of Postgres' log: no
 * statements, no row values, and errors only where they were raised, in levy's own log.
 */
const SETTINGS = {
  max_connections: '200',
  shared_buffers: '128MB',
  effective_cache_size: '512MB',
  maintenance_work_mem: '64MB',
  max_wal_size: '2GB',
  wal_compression: 'on',
  random_page_cost: '1.1',
  unix_socket_directories: '',
  log_checkpoints: 'off',
  log_min_messages: 'log',
  log_min_error_statement: 'panic',
  log_error_verbosity: 'terse',
  log_parameter_max_length_on_error: '0',
};

const RESTART_DELAY_MS = 500;
const RESTART_DELAY_LIMIT_MS = 30_000;

type Options = EmbeddedOptions & { log: (line: string) => void };

async function startLocked(
  options: Options,
  release: () => Promise<void>,
): Promise<EmbeddedPostgres> {
  const { dir, log } = options;
  const memory = await recall(dir);
  const home = await findHome(dir, memory, log);
  if (home.folder !== dir) await remember(dir, { ...memory, dir, home: home.folder });
  const pack = await findPackage();
  const binaries = await usableBinaries(pack, home.folder, home.account, log);
  const passwords = await passwordsOf(dir, home.dataDir);
  await ensureCluster({ ...home, binaries, pack }, passwords.owner);
  const serverOptions = {
    ...home,
    program: binaries.postgres,
    logFile: join(dir, 'postgres.log'),
    settings: { ...SETTINGS, ...options.settings },
    log,
  };
  const { server, port } = await startOnSomePort(serverOptions, options.port, memory.port);
  try {
    const addresses = await ensureDatabase(port, passwords);
    await remember(dir, {
      ...memory,
      dir,
      home: home.folder === dir ? undefined : home.folder,
      port,
    });
    const supervised = supervise(server, serverOptions, port);
    const stop = once(() => supervised.stop().finally(release));
    const remove = () => stop().then(() => removeAll(dir, home));
    const { restartImmediate } = supervised;
    return { ...addresses, port, dataDir: home.dataDir, stop, restartImmediate, remove };
  } catch (error) {
    await server.stop('fast');
    throw error;
  }
}

async function startOnSomePort(
  options: ServerOptions,
  asked: number | undefined,
  last: number | undefined,
): Promise<{ server: Server; port: number }> {
  const candidates = asked === undefined ? [last, 0, 0, 0, 0] : [asked];
  for (const candidate of candidates) {
    if (candidate === undefined) continue;
    const port = candidate === 0 ? await freePort() : candidate;
    try {
      return { server: await startServer(options, port), port };
    } catch (error) {
      if (!(error instanceof PortTaken)) throw error;
    }
  }
  throw new Error(
    asked === undefined
      ? 'No free port on 127.0.0.1 was found for the embedded Postgres.'
      : `Port ${asked} on 127.0.0.1 is taken. Stop what listens there, or choose another port.`,
  );
}

/** Restarts the server on its port whenever it ends, until it is stopped. */
function supervise(first: Server, options: ServerOptions, port: number) {
  let server = first;
  let stopping = false;
  let starting: Promise<void> | undefined;

  const watch = () => void server.ended.then(() => (stopping ? undefined : (starting = revive())));
  const revive = async () => {
    options.log('Postgres ended unexpectedly: starting it again.');
    for (
      let delay = RESTART_DELAY_MS;
      !stopping;
      delay = Math.min(delay * 2, RESTART_DELAY_LIMIT_MS)
    ) {
      try {
        server = await startServer(options, port);
        return watch();
      } catch (error) {
        options.log(`Postgres could not be started again: ${(error as Error).message}`);
        await sleep(delay);
      }
    }
  };
  watch();

  return {
    async stop() {
      stopping = true;
      await starting;
      await server.stop('fast');
    },
    async restartImmediate() {
      await server.stop('immediate');
      await starting;
    },
  };
}

function once(action: () => Promise<void>): () => Promise<void> {
  let result: Promise<void> | undefined;
  return () => (result ??= action());
}

/** A port of 127.0.0.1 on which nothing listens at the moment. */
export async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve, reject) => {
    probe.once('error', reject).listen(0, '127.0.0.1', resolve);
  });
  const address = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

async function removeAll(dir: string, home: Home): Promise<void> {
  await removeCopies(home.folder);
  const passwords = ['postgres-password', 'postgres-app-password'];
  const gone = ['postgres.json', ...passwords, 'postgres.log', 'postgres.log.old'];
  const paths = [home.dataDir, ...gone.map((name) => join(dir, name))];
  if (home.folder !== dir) paths.push(home.folder);
  for (const path of paths) await rm(path, { recursive: true, force: true });
}
