import { pino, type Logger } from 'pino';
import { buildApi } from '../api/app.ts';
import { REQUEST_LIMITS } from '../api/deps.ts';
import { firstToken } from '../api/http/access-key.ts';
import type { Config } from '../config/config.ts';
import { FREE_VENDORS, RATES, VENDORS } from '../config/rates.ts';
import { createPayments, createStripe, gateFor } from '../gateways/stripe/payments.ts';
import { createQueues } from '../jobs/queues.ts';
import { retryUntilAvailable } from '../ledger/connect-retry.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { openLedger } from '../ledger/open.ts';
import { startWorkerFrom } from './worker.ts';
import { openInstallation, type Installation } from './installation.ts';
import { announce } from './running.ts';

/** A whole levy in one process: what it runs on, the API and a worker. */
export interface RunningLevy {
  url: string;
  ledger: Ledger;
  queue: 'redis' | 'postgres';
  sandbox: Installation['sandbox'];
  /** The operator's token, at the very first start. */
  firstToken: string | null;
  stripeBase: { secretKey: string; apiBase: string | null };
  /** Waits for the jobs in hand, then stops everything in order. */
  close(): Promise<void>;
}

/**
 * Starts everything the configuration asks for, and brings along what it does not name.
 *
 * @param say  told in one line each what a person should know
 */
export async function startLevy(
  config: Config,
  say: (line: string) => void,
  log: Logger = pino({ level: config.logLevel }),
): Promise<RunningLevy> {
  const installation = await openInstallation(config, say);
  const { services, sandbox } = installation;
  const closers: (() => Promise<void>)[] = [() => installation.close()];
  const close = async () => {
    for (const end of closers.reverse()) await end();
  };
  try {
    const elapsedMs = () => performance.now();
    const opened = await openLedger({
      databaseUrl: services.databaseUrl,
      ownerUrl: services.databaseOwnerUrl,
      connections: 12,
      vendors: VENDORS,
      rates: RATES,
      elapsedMs,
      log,
    });
    closers.push(opened.close);
    const { ledger, databaseUrl } = opened;
    const onError = (error: Error & { code?: string }) =>
      log.warn({ error: error.name, code: error.code }, 'a job or its queue had trouble');
    const queues = await retryUntilAvailable(
      () => createQueues({ ...services, databaseUrl, onError }),
      log,
    );
    closers.push(queues.close);
    const payments = createPayments(
      createStripe(services.stripe),
      gateFor(ledger.rateLimiter, config.stripeLimits),
    );
    const parts = { ledger, queues, payments, log };
    const api = await buildApi({
      ...config,
      ...parts,
      webhookSecrets: services.webhookSecrets,
      sessionSecret: services.sessionSecret,
      limits: REQUEST_LIMITS,
      checks: {},
    });
    closers.push(() => api.close());
    await api.listen({ host: config.host, port: config.port });
    const annual = { ...config.annual, policy: config.policy, livemode: config.livemode };
    const settings = { ...config, ...services, freeVendors: FREE_VENDORS, annual };
    const work = await startWorkerFrom(settings, parts, elapsedMs);
    closers.push(work.close);
    closers.push(await announce(config.home, services));
    return {
      url: config.publicUrl,
      ledger,
      queue: queues.backend,
      sandbox,
      // Last: made by a start that then failed, nobody would ever see it.
      firstToken: await firstToken(ledger, log),
      stripeBase: services.stripe,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
