import type { Payments } from '../../../gateways/payments.ts';
import type { JobName } from '../../../jobs/jobs.ts';
import type { Processor } from '../../../jobs/queues.ts';
import type { Ledger } from '../../../ledger/ledger.ts';
import type { WorkerDeps } from '../../../workers/deps.ts';
import type { MailPort } from '../mailbox.ts';

/** A worker's processors, by job. */
export type Processors = { [Name in JobName]: Processor<Name> };

/**
 * A bug put in on purpose, to see it found: around the ports, in the place of a processor, or in
 * the simulation's own database. The production code knows nothing of it.
 */
export interface Mutation {
  name: string;
  /** What goes wrong, in a sentence. */
  story: string;
  /** SQL for the simulation's own database: what is replaced or dropped. */
  sql?: string;
  /** A statement of a transaction before which what was done so far is committed. */
  splitBefore?: RegExp;
  ledger?: (ledger: Ledger) => Ledger;
  payments?: (payments: Payments) => Payments;
  mail?: (mail: MailPort) => MailPort;
  processors?: (deps: WorkerDeps) => Partial<Processors>;
}

/** The production as it is. */
export const NO_MUTATION: Mutation = { name: 'none', story: 'nothing is changed' };
