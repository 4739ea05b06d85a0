import type { Config } from '../config/config.ts';
import { FREE_VENDORS } from '../config/rates.ts';
import type { Services } from '../config/services.ts';
import { createMail, type Mail } from '../gateways/mail/mail.ts';
import { createCardLinks } from '../gateways/stripe/card-links.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Practice } from '../workers/deps.ts';
import { runWorker } from '../workers/worker.ts';
import type { Connections } from './connect.ts';

/** The part of the configuration that a worker needs. */
export type WorkerConfig = Pick<
  Config,
  'mailFrom' | 'mailReplyTo' | 'practiceName' | 'publicUrl' | 'annual' | 'policy' | 'livemode'
>;
type WorkerServices = Pick<Services, 'smtpUrl' | 'sessionSecret'>;
type WorkerConnections = Omit<Connections, 'close'>;

/** Works on every queue over these connections, until closed. */
export async function startWorker(
  config: WorkerConfig,
  services: WorkerServices,
  connections: WorkerConnections,
): Promise<{ close(): Promise<void> }> {
  const { ledger, queues, payments, log, elapsedMs } = connections;
  const { mail, practice } = await createOutside(config, services, connections);
  const deps = { ledger, payments, mail, practice, log };
  const annual = { ...config.annual, policy: config.policy, livemode: config.livemode };
  const work = await runWorker({ deps, queues, annual, elapsedMs });
  return {
    async close() {
      await work.close();
      mail.close();
    },
  };
}

/** The mail server, and the practice's data for e-mails. */
async function createOutside(
  { mailFrom, mailReplyTo, practiceName, publicUrl }: WorkerConfig,
  { smtpUrl, sessionSecret }: WorkerServices,
  { ledger, elapsedMs }: WorkerConnections,
): Promise<{ mail: Mail; practice: Practice }> {
  const now = await clockOf(ledger, elapsedMs);
  const links = createCardLinks({ publicUrl, secret: sessionSecret, now });
  return {
    mail: createMail({ smtpUrl, from: mailFrom, replyTo: mailReplyTo }),
    practice: {
      name: practiceName,
      replyTo: mailReplyTo,
      freeVendors: FREE_VENDORS,
      cardLink: links.linkFor,
    },
  };
}

/** The database's clock: its time now plus the time that passes. */
async function clockOf({ fees }: Ledger, elapsedMs: () => number): Promise<() => Date> {
  const from = (await fees.now()).getTime() - elapsedMs();
  return () => new Date(from + elapsedMs());
}
