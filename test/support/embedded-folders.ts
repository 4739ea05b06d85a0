import { execFile } from 'node:child_process';
import { chmod, mkdtemp, readFile, realpath, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { expect, onTestFinished } from 'vitest';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../app/postgres/postgres.ts';
import { processIdentity } from '../../app/postgres/processes.ts';

/** An embedded Postgres of this test's own, its folder, and what a person would have been told. */
export interface Started {
  postgres: EmbeddedPostgres;
  dir: string;
  lines: string[];
}

/** A new folder that is gone after the test. Others may pass through it unless the mode says no. */
export async function newFolder(mode = 0o711): Promise<string> {
  const dir = await mkdtemp(join(await realpath(tmpdir()), 'levy-embedded-'));
  await chmod(dir, mode);
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

/** Starts in this folder; stopped and removed after the test. */
export async function start(dir: string, lines: string[] = []): Promise<EmbeddedPostgres> {
  const postgres = await startEmbeddedPostgres({ dir, log: (line) => lines.push(line) });
  onTestFinished(() => postgres.remove());
  return postgres;
}

/** Starts on a copy of one database folder made for the whole file: initdb takes a second. */
export async function startOnCopy(): Promise<Started> {
  const dir = await newFolder();
  await run('cp', ['-a', `${await (seed ??= makeSeed())}/.`, dir]);
  const lines: string[] = [];
  return { postgres: await start(dir, lines), dir, lines };
}

/** For afterAll of a file that calls startOnCopy. */
export async function removeSeed(): Promise<void> {
  if (seed !== undefined) await rm(await seed, { recursive: true });
}

/** The pid of the server that runs on this data folder. */
export async function serverPid(dataDir: string): Promise<number> {
  return Number.parseInt(await readFile(join(dataDir, 'postmaster.pid'), 'utf8'), 10);
}

/** Waits until no process has this pid any more. */
export async function gone(pid: number): Promise<void> {
  await expect.poll(() => processIdentity(pid), { timeout: 10_000 }).toBeUndefined();
}

/** One statement on a connection of its own. */
export async function query(url: string, statement: string): Promise<unknown[]> {
  const client = new pg.Client(url);
  client.on('error', () => undefined);
  try {
    await client.connect();
    return (await client.query(statement)).rows as unknown[];
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Whether there is something at this path. */
export async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

const run = promisify(execFile);
let seed: Promise<string> | undefined;

async function makeSeed(): Promise<string> {
  const dir = await mkdtemp(join(await realpath(tmpdir()), 'levy-embedded-'));
  await chmod(dir, 0o711);
  const postgres = await startEmbeddedPostgres({ dir });
  await postgres.stop();
  await rm(join(dir, 'postgres.json')); // Or every copy would first try the same port.
  return dir;
}
