import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseConfig, type Config } from '../config/config.ts';
import { parsePlace } from '../config/databases.ts';
import { namedServices, type Services } from '../config/services.ts';
import { databaseFolder, makeHome, needFreeHome, needHome } from './home.ts';
import { openInstallation } from './installation.ts';
import { startEmbeddedPostgres } from './postgres/postgres.ts';

/** The file in which a running levy records its services; private, because it holds passwords. */
const FILE = 'running.json';

/** Records this process's services for other commands in the same folder. Gives the undo. */
export async function announce(home: string, services: Services): Promise<() => Promise<void>> {
  const file = join(home, FILE);
  const { databaseUrl, redisUrl, stripe } = services;
  const said = JSON.stringify({ pid: process.pid, databaseUrl, redisUrl, stripe });
  await writeFile(file, said, { mode: 0o600 });
  return () => rm(file, { force: true });
}

/** The services a command needs: the database and the Stripe of one installation. */
export type Place = Pick<Services, 'databaseUrl' | 'stripe'>;

/**
 * Runs a command's work on the installation its environment names: the named services, else a levy
 * that runs in the same folder, else the folder's data, started for the work.
 */
export async function withPlace<Result>(
  { env, stderr }: { env: NodeJS.ProcessEnv; stderr: NodeJS.WritableStream },
  work: (place: Place) => Promise<Result>,
): Promise<Result> {
  const config = parseConfig(env);
  if (config.databaseUrl) return work(namedServices(config));
  const running = await readRunning(config);
  if (running) return work(running);
  const say = (line: string) => void stderr.write(`${line}\n`);
  await needHome(config.home);
  await needFreeHome(config.home);
  const installation = await openInstallation(config, say);
  try {
    return await work(installation.services);
  } finally {
    await installation.close();
  }
}

/** The same for work that needs the database alone, whatever else the environment lacks. */
export async function withDatabase<Result>(
  { env, stderr }: { env: NodeJS.ProcessEnv; stderr: NodeJS.WritableStream },
  work: (databaseUrl: string) => Promise<Result>,
): Promise<Result> {
  const { databaseUrl, home } = parsePlace(env);
  if (databaseUrl) return work(databaseUrl);
  const running = await readRunning({ home });
  if (running) return work(running.databaseUrl);
  await needHome(home);
  await needFreeHome(home);
  await makeHome(home);
  const log = (line: string) => void stderr.write(`${line}\n`);
  const postgres = await startEmbeddedPostgres({ dir: databaseFolder(home), log });
  try {
    return await work(postgres.appUrl);
  } finally {
    await postgres.stop();
  }
}

async function readRunning({ home }: Pick<Config, 'home'>): Promise<Place | null> {
  const text = await readFile(join(home, FILE), 'utf8').catch(() => null);
  if (text === null) return null;
  const said = JSON.parse(text) as Place & { pid: number };
  return isAlive(said.pid) ? said : null;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as { code?: string }).code === 'EPERM';
  }
}
