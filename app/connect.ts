import type { Logger } from 'pino';
import type { Config } from '../config/config.ts';
import { RATES, VENDORS } from '../config/rates.ts';
import type { Services } from '../config/services.ts';
import { errorFacts } from '../core/error-facts.ts';
import type { Payments } from '../gateways/payments.ts';
import { gateFor } from '../gateways/stripe/rate-gate.ts';
import { createPayments, createStripe } from '../gateways/stripe/client.ts';
import { createQueues, type JobFailure, type Queues } from '../jobs/queues.ts';
import { retryUntilAvailable } from '../ledger/connect-retry.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { openLedger } from '../ledger/open.ts';

/** The connections that API and workers both need: the ledger, the queues and Stripe. */
export interface Connections {
  ledger: Ledger;
  queues: Queues;
  payments: Payments;
  log: Logger;
  elapsedMs: () => number;
  close(): Promise<void>;
}

/**
 * Connects to the services, and waits for those that are unavailable. One Stripe account has one
 * limit of calls, so every process that connects shares the rate limiter.
 * @param connections  most connections to Postgres for the ledger
 */
export async function connect(args: {
  config: Pick<Config, 'stripeLimits'>;
  services: Services;
  connections: number;
  log: Logger;
}): Promise<Connections> {
  const { config, services, connections, log } = args;
  const elapsedMs = () => performance.now();
  const opened = await openLedger({
    databaseUrl: services.databaseUrl,
    ownerUrl: services.databaseOwnerUrl,
    vendors: VENDORS,
    rates: RATES,
    ...{ connections, elapsedMs, log },
  });
  try {
    const { ledger, databaseUrl } = opened;
    const onError = (error: Error) => log.warn(errorFacts(error), 'trouble with the queue');
    const onFailure = (failure: JobFailure) => reportFailure(ledger, log, failure);
    const queues = await retryUntilAvailable(
      () => createQueues({ ...services, databaseUrl, onError, onFailure }),
      log,
    );
    const gate = gateFor(ledger.rateLimiter, config.stripeLimits);
    const payments = createPayments(createStripe(services.stripe), gate);
    const close = async () => {
      await queues.close();
      await opened.close();
    };
    return { ledger, queues, payments, log, elapsedMs, close };
  } catch (error) {
    await opened.close();
    throw error;
  }
}

/** A service that is unavailable or busy, or a conflict: the job is tried again. */
const EXPECTED = /^(PaymentsUnavailable|MailUnavailable|ConflictError)$/;

/** Logs the error of a job's processor, with its frames, and counts it for the metrics. */
function reportFailure(ledger: Ledger, log: Logger, failure: JobFailure): void {
  const { error, ...which } = failure;
  const facts = errorFacts(error);
  const type =
    typeof facts.type === 'string' && /^\w{1,60}$/.test(facts.type) ? facts.type : 'Error';
  const level = EXPECTED.test(type) ? 'warn' : 'error';
  log[level]({ ...which, ...facts }, 'a job failed');
  // If the database is unavailable the count is lost, which is not worth another error.
  void ledger.jobErrors.count(which.job, type).catch(() => undefined);
}
