import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseConfig, type Config } from '../config/config.ts';
import { namedServices, type Services } from '../config/services.ts';
import { openInstallation } from './installation.ts';

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
  const installation = await openInstallation(config, say);
  try {
    return await work(installation.services);
  } finally {
    await installation.close();
  }
}

async function readRunning({ home }: Config): Promise<Place | null> {
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
