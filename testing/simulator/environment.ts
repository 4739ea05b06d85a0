import type Stripe from 'stripe';
import type { NewEntry } from '../../core/fee/fee.ts';
import type { FeeRecord } from '../../ledger/fees.ts';
import type { SimulatedDatabase } from './database.ts';
import type { Wave } from './expected-bulk-act.ts';
import type { Faults } from './faults.ts';
import type { Mailbox } from './mailbox.ts';
import type { Plan } from './plan.ts';
import type { Mutation } from './mutations/mutation.ts';
import type { AdversarialQueue } from './queue.ts';
import type { Random } from './random.ts';
import type { DatabaseOutage } from './sql.ts';
import type { Caller } from './account/account.ts';
import type { Timeline } from './timeline.ts';

/** What every process of levy stands in: one seed's world, without levy. */
export interface Environment {
  /** The name of the installation. */
  site: string;
  plan: Plan;
  mutation: Mutation;
  timeline: Timeline;
  random: Random;
  faults: Faults;
  database: SimulatedDatabase;
  databaseOutage: DatabaseOutage;
  queue: AdversarialQueue;
  stripe: (caller: Caller) => Stripe;
  mailbox: Mailbox;
  /** A line in the log of events. */
  note: (line: string) => void;
  /** What levy's own logger is given; it is searched for personal data. */
  say: (fields: Record<string, unknown>, message: string) => void;
  /** Told of every wave of an act on many fees that a worker begins. */
  beganWave: (bulkId: string, wave: Wave) => void;
  /** Told of every entry a processor wrote. */
  wrote: (feeRecord: FeeRecord, entries: NewEntry[]) => void;
}
