import type { Config } from '../config/config.ts';
import { FREE_VENDORS } from '../config/rates.ts';
import type { Services } from '../config/services.ts';
import { createMail } from '../gateways/mail/mail.ts';
import { createPageLinks } from '../gateways/mail/page-links.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { WorkerDeps, WorkerLog } from '../workers/deps.ts';
import { runWorker } from '../workers/worker.ts';
import type { Connections } from './connect.ts';

/** The part of the configuration that a worker needs. */
export type WorkerConfig = Pick<
  Config,
  'mailFrom' | 'mailReplyTo' | 'practiceName' | 'publicUrl' | 'annual' | 'policy' | 'livemode'
>;
/** The part that says who writes the e-mails. */
type MailConfig = Pick<WorkerConfig, 'mailFrom' | 'mailReplyTo' | 'practiceName' | 'publicUrl'>;
type WorkerServices = Pick<Services, 'smtpUrl' | 'sessionSecret'>;
type WorkerConnections = Omit<Connections, 'close' | 'log'> & { log: WorkerLog };

/** Works on every queue over these connections, until closed. */
export async function startWorker(
  config: WorkerConfig,
  services: WorkerServices,
  connections: WorkerConnections,
): Promise<{ close(): Promise<void> }> {
  const { queues, elapsedMs } = connections;
  const deps = await createWorkerDeps(config, services, connections);
  const annual = { ...config.annual, policy: config.policy, livemode: config.livemode };
  const work = await runWorker({ deps, queues, annual, elapsedMs });
  return {
    async close() {
      await work.close();
      deps.mail.close();
    },
  };
}

/** What the processors work with. The caller closes the connection to the mail server. */
export async function createWorkerDeps(
  { mailFrom, mailReplyTo, practiceName, publicUrl }: MailConfig,
  { smtpUrl, sessionSecret }: WorkerServices,
  { ledger, payments, log, elapsedMs }: Omit<WorkerConnections, 'queues'>,
): Promise<WorkerDeps> {
  const now = await clockOf(ledger, elapsedMs);
  const links = createPageLinks({ publicUrl, secret: sessionSecret, now });
  return {
    ...{ ledger, payments, log },
    mail: createMail({ smtpUrl, from: mailFrom, replyTo: mailReplyTo }),
    practice: {
      name: practiceName,
      replyTo: mailReplyTo,
      freeVendors: FREE_VENDORS,
      pageLink: links.linkFor,
    },
  };
}

/** The database's clock: its time now plus the time that passes. */
async function clockOf({ fees }: Ledger, elapsedMs: () => number): Promise<() => Date> {
  const from = (await fees.now()).getTime() - elapsedMs();
  return () => new Date(from + elapsedMs());
}
