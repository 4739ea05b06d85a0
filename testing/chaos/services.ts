import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import {
  freePort,
  startEmbeddedPostgres,
  type EmbeddedPostgres,
} from '../../app/postgres/postgres.ts';
import { startMailbox, type Mailbox } from '../../sandbox/mailbox/mailbox.ts';
import { startSandboxStripe, type SandboxStripe } from '../../sandbox/stripe/server.ts';
import { startRedis, type RedisServer } from '../../test/support/redis-server.ts';

/** A Redis that can be killed and brought back, empty, where it was. */
export interface FragileRedis {
  url: string;
  /** Runs a command; what cannot be reached is let be. */
  command(...words: [string, ...string[]]): Promise<unknown>;
  /** kill -9; nothing was kept. Back after so long. */
  killFor(ms: number): Promise<void>;
  stop(): Promise<void>;
}

/** What a levy runs on, all of it real and all of it started here. */
export interface Services {
  folder: string;
  postgres: EmbeddedPostgres;
  redis: FragileRedis | null;
  sandbox: SandboxStripe;
  mailbox: Mailbox;
  apiPort: number;
  webhookSecrets: string[];
  /** Stops everything; `keep` leaves the programs' logs in the folder. */
  close(keep: boolean): Promise<void>;
}

export async function startServices(queue: 'redis' | 'postgres'): Promise<Services> {
  const folder = await mkdtemp(join(await realpath(tmpdir()), 'levy-chaos-'));
  const closers: (() => Promise<unknown>)[] = [];
  const close = async (keep: boolean) => {
    for (const end of closers.reverse()) await end();
    if (!keep) await rm(folder, { recursive: true, force: true });
  };
  try {
    const postgres = await startEmbeddedPostgres({ dir: join(folder, 'postgres') });
    closers.push(() => postgres.remove());
    const redis = queue === 'redis' ? await fragileRedis() : null;
    if (redis) closers.push(() => redis.stop());
    const apiPort = await freePort();
    // Two of them, as while one is being replaced.
    const webhookSecrets = ['whsec_chaos_of_old', 'whsec_chaos_of_new'];
    const sandbox = await startSandboxStripe({ journal: join(folder, 'stripe.journal') });
    closers.push(() => sandbox.close());
    const mailbox = await startMailbox({ keep: 100_000, slowMs: 500 });
    closers.push(() => mailbox.close());
    return { folder, postgres, redis, sandbox, mailbox, apiPort, webhookSecrets, close };
  } catch (error) {
    await close(false);
    throw error;
  }
}

async function fragileRedis(): Promise<FragileRedis> {
  let server: RedisServer | undefined = await startRedis();
  if (!server) throw new Error('This run needs redis-server or valkey-server on the PATH.');
  const { url } = server;
  const port = Number(new URL(url).port);
  let coming: Promise<void> = Promise.resolve();
  let stopped = false;
  return {
    url,
    async command(...words) {
      await coming;
      const client = new Redis(url, { lazyConnect: true, retryStrategy: null });
      client.on('error', () => undefined);
      try {
        await client.connect();
        return await client.call(...words);
      } catch {
        return null;
      } finally {
        client.disconnect();
      }
    },
    killFor(ms) {
      coming = coming.then(async () => {
        if (stopped) return;
        await server?.stop();
        await sleep(ms);
        if (!stopped) server = await startRedis(port);
      });
      return coming;
    },
    async stop() {
      stopped = true;
      await coming;
      await server?.stop();
    },
  };
}
