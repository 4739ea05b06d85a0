import { pino } from 'pino';
import { parseConfig } from '../config/config.ts';
import { FREE_VENDORS, RATES, VENDORS } from '../config/rates.ts';
import { namedServices } from '../config/services.ts';
import { createPayments, createStripe, gateFor } from '../gateways/stripe/payments.ts';
import { createQueues } from '../jobs/queues.ts';
import { retryUntilAvailable } from '../ledger/connect-retry.ts';
import { openLedger } from '../ledger/open.ts';
import { startWorkerFrom } from '../app/worker.ts';

/** A worker process: any number of them may run beside each other. */
async function main(): Promise<void> {
  const config = parseConfig(process.env);
  const services = namedServices(config);
  const log = pino({ level: config.logLevel });
  const elapsedMs = () => performance.now();
  const { ledger, databaseUrl, close } = await openLedger({
    databaseUrl: services.databaseUrl,
    ownerUrl: services.databaseOwnerUrl,
    connections: 8,
    vendors: VENDORS,
    rates: RATES,
    elapsedMs,
    log,
  });
  const onError = (error: Error & { code?: string }) =>
    log.warn({ code: error.code }, 'queue trouble');
  const queues = await retryUntilAvailable(
    () => createQueues({ ...services, databaseUrl, onError }),
    log,
  );
  const payments = createPayments(
    createStripe(services.stripe),
    gateFor(ledger.rateLimiter, config.stripeLimits),
  );
  const settings = {
    ...config,
    ...services,
    freeVendors: FREE_VENDORS,
    annual: { ...config.annual, policy: config.policy, livemode: config.livemode },
  };
  const work = await startWorkerFrom(settings, { ledger, queues, payments, log }, elapsedMs);
  log.info({ queue: queues.backend }, 'working');

  const stop = async (signal: string): Promise<void> => {
    log.info({ signal }, 'finishing the jobs in hand');
    await work.close();
    await queues.close();
    await close();
  };
  for (const signal of ['SIGTERM', 'SIGINT'])
    process.once(signal, (name: string) => void stop(name));
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
