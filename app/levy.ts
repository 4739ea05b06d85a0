import { pino, type Logger } from 'pino';
import { firstToken } from '../api/http/access-key.ts';
import type { Config } from '../config/config.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { createApi } from './api.ts';
import { connect } from './connect.ts';
import { needFreeHome } from './home.ts';
import { openInstallation, type Installation } from './installation.ts';
import { listenError, needFreePort } from './listen.ts';
import { announce } from './running.ts';
import { startWorker } from './worker.ts';

/** A whole levy in one process: its services, the API and a worker. */
export interface RunningLevy {
  url: string;
  ledger: Ledger;
  queue: 'redis' | 'postgres';
  sandbox: Installation['sandbox'];
  /** The operator's token, at the very first start. */
  firstToken: string | null;
  stripeBase: { secretKey: string; apiBase: string | null };
  /** Waits for the running jobs, then stops everything in order. */
  close(): Promise<void>;
}

/**
 * Starts everything the configuration asks for, and built-in services for what it does not name.
 * @param say  called with each line a person should know
 */
export async function startLevy(
  config: Config,
  say: (line: string) => void,
  log: Logger = pino({ level: config.logLevel }),
): Promise<RunningLevy> {
  if (!config.databaseUrl) await needFreeHome(config.home);
  await needFreePort(config);
  const installation = await openInstallation(config, say);
  const { services, sandbox } = installation;
  const closers: (() => Promise<unknown>)[] = [() => installation.close()];
  const close = async () => {
    for (const end of closers.reverse()) await end();
  };
  try {
    const connections = await connect({ config, services, connections: 12, log });
    closers.push(connections.close);
    const api = await createApi(config, services, connections);
    closers.push(() => api.close());
    await api.listen({ host: config.host, port: config.port }).catch((error: unknown) => {
      throw listenError(error, config);
    });
    const worker = await startWorker(config, services, connections);
    closers.push(worker.close);
    closers.push(await announce(config.home, services));
    return {
      url: config.publicUrl,
      ledger: connections.ledger,
      queue: connections.queues.backend,
      sandbox,
      // Last: if the start failed after it, nobody would ever see the token.
      firstToken: await firstToken(connections.ledger, log),
      stripeBase: services.stripe,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
