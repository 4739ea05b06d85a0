import { createCardLinks } from '../gateways/stripe/card-links.ts';
import { createMail } from '../gateways/mail/mail.ts';
import type { Payments } from '../gateways/stripe/payments.ts';
import type { Queues } from '../jobs/queues.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Annual } from '../workers/maintenance/annual.ts';
import type { WorkerLog } from '../workers/deps.ts';
import { startWorker } from '../workers/worker.ts';

/** What of the configuration the workers need. */
export interface WorkerSettings {
  smtpUrl: string;
  mailFrom: string;
  mailReplyTo: string;
  practiceName: string;
  publicUrl: string;
  sessionSecret: string;
  /** Names of vendors that do not levy the fee, for the notice. */
  freeVendors: string[];
  annual: Annual;
}

/** Builds the workers' outside world from settings and starts to work, until closed. */
export async function startWorkerFrom(
  settings: WorkerSettings,
  parts: { ledger: Ledger; queues: Queues; payments: Payments; log: WorkerLog },
  elapsedMs: () => number,
): Promise<{ close(): Promise<void> }> {
  const { smtpUrl, mailFrom, mailReplyTo, publicUrl, sessionSecret } = settings;
  const mail = createMail({ smtpUrl, from: mailFrom, replyTo: mailReplyTo });
  const now = await clockOf(parts.ledger, elapsedMs);
  const links = createCardLinks({ publicUrl, secret: sessionSecret, now });
  const practice = {
    name: settings.practiceName,
    replyTo: mailReplyTo,
    freeVendors: settings.freeVendors,
    cardLink: links.linkFor,
  };
  const { queues, ...rest } = parts;
  const deps = { ...rest, mail, practice };
  const work = await startWorker({ deps, queues, annual: settings.annual, elapsedMs });
  return {
    async close() {
      await work.close();
      mail.close();
    },
  };
}

/** The database's clock, running on from here. */
async function clockOf({ fees }: Ledger, elapsedMs: () => number): Promise<() => Date> {
  const from = (await fees.now()).getTime() - elapsedMs();
  return () => new Date(from + elapsedMs());
}
