import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { startLevy, type RunningLevy } from '../../app/levy.ts';
import { createClient } from '../../cli/client.ts';
import { demoConfig, sampleYear } from '../../cli/demo.ts';
import type { Screen } from './browser.ts';

/** A running levy with a folder of its own. */
export interface Sample {
  levy: RunningLevy;
  /** The operator's access token. */
  token: string;
  close(): Promise<void>;
}

/** Starts an empty levy whose days last a quarter of a second, as the demo's do. */
export async function startEmpty(env: NodeJS.ProcessEnv = {}): Promise<Sample> {
  const home = await mkdtemp(join(tmpdir(), 'levy-pages-'));
  // Postgres' own user must pass through when root runs it.
  await chmod(home, 0o711);
  const remove = () => rm(home, { recursive: true, force: true });
  try {
    const levy = await startLevy(await demoConfig(home, env), () => undefined);
    const token = levy.firstToken ?? '';
    return { levy, token, close: () => levy.close().finally(remove) };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** The same with the demo's sample year, lived to its end. */
export async function startSampleYear(env: NodeJS.ProcessEnv = {}): Promise<Sample> {
  const sample = await startEmpty(env);
  const { levy, token } = sample;
  const client = createClient(levy.url, token);
  const say = () => undefined;
  await sampleYear({ levy, client, say, startedAt: performance.now() });
  return sample;
}

/** A signed-in page of the console on this screen. */
export async function signIn(
  browser: Browser,
  { levy, token }: Sample,
  { width, height, colorScheme }: Omit<Screen, 'name'>,
  javaScriptEnabled = true,
): Promise<Page> {
  const viewport = { width, height };
  const context = await browser.newContext({ viewport, colorScheme, javaScriptEnabled });
  const page = await context.newPage();
  await page.goto(`${levy.url}/console/sign-in`);
  await page.getByLabel('Access token').fill(token);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.waitForURL(`${levy.url}/console`);
  return page;
}
