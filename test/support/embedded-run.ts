import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'vitest';
import { findPackage, usableBinaries } from '../../app/postgres/binaries.ts';

/** A levy process with an embedded Postgres in it. */
export interface EmbeddedChild {
  url: string;
  dataDir: string;
  /** What a person would have been told. */
  lines: string[];
  /** kill -9: nothing of it runs to its end. */
  kill(): Promise<void>;
  /** Stops and removes the database. */
  end(): Promise<void>;
}

/** Where and as whom the child runs. */
export interface ChildOptions {
  /** The checkout, or a copy of it, whose app/postgres/postgres.ts to run. */
  root?: string;
  uid?: number;
  gid?: number;
}

/** Starts a process that starts an embedded Postgres in `dir`. Throws what the child said. */
export async function startChild(dir: string, options: ChildOptions = {}): Promise<EmbeddedChild> {
  const { root = ROOT, ...account } = options;
  const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
  const script = join(ROOT, 'test/support/embedded-child.ts');
  const module = join(root, 'app/postgres/postgres.ts');
  const child = spawn(process.execPath, ['--import', tsx, script, module, dir], {
    ...account,
    cwd: '/',
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const exited = once(child, 'exit');
  const line = await firstLine(child);
  const told = JSON.parse(line) as Pick<EmbeddedChild, 'url' | 'dataDir' | 'lines'>;
  return {
    ...told,
    kill: async () => {
      child.kill('SIGKILL');
      await exited;
    },
    end: async () => {
      child.stdin.end();
      await exited;
    },
  };
}

/** Starts a server on a data folder as no levy would: nobody watches it. Gives its pid. */
export async function startUnwatched(dataDir: string): Promise<number> {
  const { uid, gid } = await stat(dataDir);
  const account = process.getuid?.() === 0 ? { uid, gid } : undefined;
  // In a checkout that is private to root, those that were copied beside the data.
  const pack = await findPackage();
  const { postgres } = await usableBinaries(pack, dirname(dataDir), account, () => undefined);
  const { port, free } = await occupyPort(0);
  await free();
  const flags = ['-D', dataDir, '-p', String(port), '-h', '127.0.0.1', '-k', ''];
  const child = spawn(postgres, flags, {
    ...account,
    cwd: '/',
    detached: true,
    stdio: 'ignore',
  });
  child.unref();
  const pid = child.pid!;
  const file = join(dataDir, 'postmaster.pid');
  await expect
    .poll(() => readFile(file, 'utf8').catch(() => ''), { timeout: 10_000 })
    .toMatch(new RegExp(`^${pid}\\n[^]*ready`));
  return pid;
}

/** Listens on a port of 127.0.0.1 (0: any). Gives the port, and what frees it. */
export async function occupyPort(port: number): Promise<{ port: number; free(): Promise<void> }> {
  const server = createServer().listen(port, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const free = async () => {
    server.close();
    await once(server, 'close');
  };
  return { port: typeof address === 'object' && address !== null ? address.port : 0, free };
}

const ROOT = dirname(dirname(import.meta.dirname));

async function firstLine(child: ChildProcess): Promise<string> {
  let output = '';
  let errors = '';
  child.stderr?.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  return new Promise((resolve, reject) => {
    child.stdout?.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      if (output.includes('\n')) resolve(output);
    });
    child.once('close', () => reject(new Error(errors)));
    child.once('error', reject);
  });
}
