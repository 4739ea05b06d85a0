import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { freePort } from '../../app/postgres/postgres.ts';

/** A Redis that belongs to the tests. */
export interface RedisServer {
  url: string;
  stop(): Promise<void>;
}

const START_LIMIT_MS = 10_000;

/**
 * Starts a Redis of its own on a free port, with nothing on disk: one for the whole run, or one for
 * a test that wants to stop it. Gives `undefined` when the machine has neither redis-server nor
 * valkey-server. `port` brings one back where it was.
 */
export async function startRedis(port?: number): Promise<RedisServer | undefined> {
  const program = (await findProgram('redis-server')) ?? (await findProgram('valkey-server'));
  if (program === undefined) return undefined;
  for (let tries = 0; tries < 3; tries += 1) {
    const started = await launch(program, port ?? (await freePort()));
    if (started !== undefined) return started;
  }
  throw new Error(`${program} is on the PATH but did not start.`);
}

async function findProgram(name: string): Promise<string | undefined> {
  const child = spawn(name, ['--version'], { stdio: 'ignore' });
  const found = once(child, 'exit').then(
    () => name,
    () => undefined,
  );
  return found;
}

async function launch(program: string, port: number): Promise<RedisServer | undefined> {
  const flags = ['--port', String(port), '--bind', '127.0.0.1', '--dir', tmpdir(), '--save', ''];
  flags.push('--appendonly', 'no', '--maxmemory-policy', 'noeviction', '--loglevel', 'warning');
  // The shell ends Redis when its input closes: by stop(), or when the tests are killed.
  const script = '"$@" & server=$!; read -r _; kill -9 $server; wait';
  const child = spawn('/bin/sh', ['-c', script, 'sh', program, ...flags], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  const stop = () => end(child);
  if (await answers(port)) return { url: `redis://127.0.0.1:${port}`, stop };
  await stop();
  return undefined;
}

async function end(child: ChildProcess): Promise<void> {
  const exited = child.exitCode === null ? once(child, 'exit') : undefined;
  child.stdin?.end();
  await exited;
}

async function answers(port: number): Promise<boolean> {
  const client = new Redis({ port, lazyConnect: true, retryStrategy: null });
  client.on('error', () => undefined);
  const deadline = performance.now() + START_LIMIT_MS;
  try {
    while (performance.now() < deadline) {
      const pong = await client.connect().then(
        () => client.ping(),
        () => undefined,
      );
      if (pong === 'PONG') return true;
      await sleep(20);
    }
    return false;
  } finally {
    client.disconnect();
  }
}
