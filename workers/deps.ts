import type { Mail } from '../gateways/mail/mail.ts';
import type { Payments } from '../gateways/payments.ts';
import type { Ledger } from '../ledger/ledger.ts';

/** What the processors work with: every service outside the process is passed in here. */
export interface WorkerDeps {
  ledger: Ledger;
  payments: Payments;
  mail: Mail;
  practice: Practice;
  log: WorkerLog;
}

/** The sender of the e-mails, and what the e-mails can offer a clinician. */
export interface Practice {
  name: string;
  replyTo: string;
  /** Names of vendors that do not levy the fee. */
  freeVendors: string[];
  /** The clinician's own page about a fee; null when there is none. */
  pageLink: (feeId: string) => string | null;
}

/** The part of a pino logger that workers use. */
export interface WorkerLog {
  info(fields: Record<string, unknown>, message: string): void;
  warn(fields: Record<string, unknown>, message: string): void;
  error(fields: Record<string, unknown>, message: string): void;
}

/** The actor written into entries made by the processors. */
export const WORKER = 'levy';
