import type { Payments } from '../../../gateways/stripe/payments.ts';
import type { Ledger } from '../../../ledger/ledger.ts';
import type { WorkerDeps } from '../../../workers/deps.ts';
import type { MailPort } from '../mailbox.ts';
import type { Processors } from '../process.ts';
import type { Setting } from '../setting.ts';

/**
 * A bug put in on purpose, to see it found: around the ports, in the place of a processor, or in
 * the simulation's own database. The production code knows nothing of it.
 */
export interface PlantedBug {
  name: string;
  /** What goes wrong, in a sentence. */
  story: string;
  /** SQL for the simulation's own database: what is replaced or dropped. */
  sql?: string;
  ledger?: (ledger: Ledger, setting: Setting) => Ledger;
  payments?: (payments: Payments, setting: Setting) => Payments;
  mail?: (mail: MailPort, setting: Setting) => MailPort;
  processors?: (deps: WorkerDeps, setting: Setting) => Partial<Processors>;
}

/** The production as it is. */
export const NO_PLANT: PlantedBug = { name: 'none', story: 'nothing is planted' };
