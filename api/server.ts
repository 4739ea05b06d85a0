import { pino } from 'pino';
import { parseConfig } from '../config/config.ts';
import { RATES, VENDORS } from '../config/rates.ts';
import { namedServices } from '../config/services.ts';
import { createPayments, createStripe, gateFor } from '../gateways/stripe/payments.ts';
import { createQueues } from '../jobs/queues.ts';
import { retryUntilAvailable } from '../ledger/connect-retry.ts';
import { openLedger } from '../ledger/open.ts';
import { buildApi } from './app.ts';
import { REQUEST_LIMITS } from './deps.ts';
import { factsOf } from './http/errors.ts';
import { firstToken } from './http/access-key.ts';
import { reachable } from './http/reachable.ts';
import { answerNotReady } from './http/not-ready.ts';

const STRIPE = 'https://api.stripe.com';

/** An API process: any number of them may run beside each other. */
async function main(): Promise<void> {
  const config = parseConfig(process.env);
  const services = namedServices(config);
  const log = pino({ level: config.logLevel });
  const freePort = await answerNotReady(config);
  const { ledger, databaseUrl, close } = await openLedger({
    databaseUrl: services.databaseUrl,
    ownerUrl: services.databaseOwnerUrl,
    connections: 12,
    vendors: VENDORS,
    rates: RATES,
    elapsedMs: () => performance.now(),
    log,
  });
  const onError = (error: Error) => log.warn(factsOf(error), 'queue trouble');
  const queues = await retryUntilAvailable(
    () => createQueues({ ...services, databaseUrl, onError }),
    log,
  );
  const app = await buildApi({
    ...config,
    ...services,
    ledger,
    queues,
    // One account, one budget: a roster that is checked must not take the workers' turns.
    payments: createPayments(
      createStripe(services.stripe),
      gateFor(ledger.rateLimiter, config.stripeLimits),
    ),
    limits: REQUEST_LIMITS,
    checks: { stripe: reachable(services.stripe.apiBase ?? STRIPE) },
    log,
  });
  const token = await firstToken(ledger, log);
  if (token) console.log(`\nYour access token, shown this once: ${token}\n`);
  await freePort();
  await app.listen({ host: config.host, port: config.port });
  log.info({ host: config.host, port: config.port, queue: queues.backend }, 'listening');

  const stop = async (signal: string): Promise<void> => {
    log.info({ signal }, 'finishing the requests in hand');
    await app.close();
    await queues.close();
    await close();
  };
  for (const signal of ['SIGTERM', 'SIGINT'])
    process.once(signal, (name: string) => void stop(name));
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
  // Whatever was opened before the failure must not keep a process alive that serves nobody.
  setTimeout(() => process.exit(), 1_000).unref();
});
