import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { open, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Account, plainEnvironment } from './account.ts';
import { isPostgresOf } from './processes.ts';

/** What a server needs to run. */
export interface ServerOptions {
  program: string;
  dataDir: string;
  account: Account;
  logFile: string;
  settings: Record<string, string>;
  log: (line: string) => void;
}

/** A running server. */
export interface Server {
  /** Settles when the process has ended, for whatever reason. */
  ended: Promise<void>;
  /** `fast` rolls back what is open and shuts down cleanly; `immediate` is like a power cut. */
  stop(mode: 'fast' | 'immediate'): Promise<void>;
}

/** The start failed as another program listens on the port. */
export class PortTaken extends Error {}

const POLL_MS = 25;
/** Replaying the journal after a crash takes minutes at worst; longer than this is a fault. */
const START_LIMIT_MS = 10 * 60_000;
const STOP_LIMIT_MS = 30_000;
/** Servers orphaned by a killed postmaster notice its death at once; give them this long to go. */
const ORPHAN_LIMIT_MS = 10_000;
/** Postgres' fast shutdown, its immediate one (made good from the journal), and the last resort. */
const STOP_SIGNALS = ['SIGINT', 'SIGQUIT', 'SIGKILL'] as const;
const LOG_LIMIT_BYTES = 10 * 1024 * 1024;

/**
 * Starts a server on 127.0.0.1 and this port, once nothing is left over of an earlier one, and
 * waits until it accepts connections. Throws PortTaken, or an Error with the end of the log.
 */
export async function startServer(options: ServerOptions, port: number): Promise<Server> {
  await stopLeftover(options);
  const deadline = performance.now() + ORPHAN_LIMIT_MS;
  for (;;) {
    const attempt = await launch(options, port);
    if ('server' in attempt) return attempt.server;
    if (/Address already in use|could not bind/.test(attempt.failure)) throw new PortTaken();
    const orphans = attempt.failure.includes('pre-existing shared memory block');
    if (!orphans || performance.now() > deadline) {
      throw new Error(`Postgres did not start. The end of ${options.logFile}:\n${attempt.failure}`);
    }
    await sleep(POLL_MS * 10);
  }
}

/**
 * Clears the way: a live server of this data folder, left over from a killed parent, is shut down;
 * a pid file whose pid meanwhile belongs to some other program is made harmless.
 */
async function stopLeftover({ dataDir, log }: ServerOptions): Promise<void> {
  const file = join(dataDir, 'postmaster.pid');
  const text = await readFile(file, 'utf8').catch(() => '');
  const pid = Number.parseInt(text, 10);
  if (!(pid > 0)) return;
  if (await isPostgresOf(pid, dataDir)) {
    log(`A Postgres of ${dataDir} is left over from a levy that was killed: stopping it first.`);
    await endProcess(
      (signal) => process.kill(pid, signal),
      async () => !(await isPostgresOf(pid, dataDir)),
    );
    return;
  }
  // Postgres refuses to start while any process has the pid in this file, except its own parent.
  // So put ours in. Deleting the file would also lose its note of the old server's shared memory,
  // by which Postgres refuses to start beside orphans that may still write.
  await writeFile(file, text.replace(/^\d+/, String(process.pid)));
}

async function launch(
  options: ServerOptions,
  port: number,
): Promise<{ server: Server } | { failure: string }> {
  const { dataDir, account, logFile } = options;
  const settings = { ...options.settings, listen_addresses: '127.0.0.1', port: String(port) };
  const flags = Object.entries(settings).flatMap(([key, value]) => ['-c', `${key}=${value}`]);
  const start = await rotate(logFile);
  const output = await open(logFile, 'a', 0o600);
  // Detached: Ctrl-C must not reach Postgres by itself, while levy still finishes its work.
  const child = spawn(options.program, ['-D', dataDir, ...flags], {
    ...account,
    cwd: '/',
    env: plainEnvironment,
    detached: true,
    stdio: ['ignore', output.fd, output.fd],
  });
  child.unref();
  let spawnError: Error | undefined;
  const ended = once(child, 'exit').then(
    () => undefined,
    (error: Error) => void (spawnError = error),
  );
  const server = serverOf(child, ended);
  try {
    if (await becomesReady(child, dataDir)) return { server };
  } catch (error) {
    await server.stop('fast');
    throw error;
  } finally {
    await output.close();
  }
  const written = (await readFile(logFile)).subarray(start).toString().trim();
  return { failure: spawnError?.message ?? written.slice(-2000) };
}

/** Ready once the server says so in its pid file (as pg_ctl does it); false once it has ended. */
async function becomesReady(child: ChildProcess, dataDir: string): Promise<boolean> {
  const deadline = performance.now() + START_LIMIT_MS;
  while (child.pid !== undefined && child.exitCode === null && child.signalCode === null) {
    const text = await readFile(join(dataDir, 'postmaster.pid'), 'utf8').catch(() => '');
    const lines = text.split('\n');
    if (lines[0] === String(child.pid) && lines[7]?.trim() === 'ready') return true;
    if (performance.now() > deadline) throw new Error('Postgres did not get ready in 10 minutes.');
    await sleep(POLL_MS);
  }
  return false;
}

function serverOf(child: ChildProcess, ended: Promise<void>): Server {
  let running = true;
  const watch = watchOver(child);
  const interrupt = () => void child.kill('SIGINT');
  // At process.exit the server gets a signal, and then stops by itself.
  process.once('exit', interrupt);
  void ended.then(() => {
    running = false;
    process.off('exit', interrupt);
    watch.release();
  });
  return {
    ended,
    stop: (mode) =>
      endProcess(
        (signal) => child.kill(signal),
        () => Promise.resolve(!running),
        mode === 'fast' ? STOP_SIGNALS : STOP_SIGNALS.slice(1),
      ),
  };
}

/**
 * A shell that waits on a pipe from us. When we die by whatever means, the system closes the pipe,
 * and the shell asks Postgres to stop: a killed test or demo leaves no server behind.
 */
function watchOver(child: ChildProcess): { release: () => void } {
  if (child.pid === undefined) return { release: () => undefined };
  const script = 'read -r word; [ "$word" = ended ] || kill -INT "$0"';
  const guard = spawn('/bin/sh', ['-c', script, String(child.pid)], {
    cwd: '/',
    env: plainEnvironment,
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  guard.on('error', () => undefined);
  guard.stdin.on('error', () => undefined);
  guard.unref();
  (guard.stdin as unknown as { unref(): void }).unref();
  return { release: () => void guard.stdin.end('ended\n') };
}

/** Sends the stop signals one after the other, until the process has ended. */
async function endProcess(
  kill: (signal: NodeJS.Signals) => unknown,
  gone: () => Promise<boolean>,
  signals: readonly NodeJS.Signals[] = STOP_SIGNALS,
): Promise<void> {
  for (const signal of signals) {
    try {
      kill(signal);
    } catch {
      // The process ended between the check and the signal.
    }
    const deadline = performance.now() + STOP_LIMIT_MS;
    while (performance.now() < deadline) {
      if (await gone()) return;
      await sleep(POLL_MS);
    }
  }
}

/** Starts a new log file when the old one has grown; gives the length of what it already holds. */
async function rotate(logFile: string): Promise<number> {
  const bytes = await stat(logFile).then(
    ({ size }) => size,
    () => 0,
  );
  if (bytes < LOG_LIMIT_BYTES) return bytes;
  await rename(logFile, `${logFile}.old`);
  return 0;
}
