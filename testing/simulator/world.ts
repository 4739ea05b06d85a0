import type { Faults } from './faults.ts';
import type { Mailbox } from './mailbox.ts';
import type { Plan } from './plan.ts';
import type { Mutation } from './mutations/mutation.ts';
import type { Random } from './random.ts';
import type { Scenario } from './scenario.ts';
import type { AccountEvent, StripeAccount } from './account/account.ts';
import type { Outside } from './account/outside.ts';
import type { Timeline } from './timeline.ts';

/** What all installations of levy in a seed have in common. */
export interface World {
  plan: Plan;
  mutation: Mutation;
  timeline: Timeline;
  random: Random;
  faults: Faults;
  mailbox: Mailbox;
  /** One account for all: Stripe remembers an idempotency key whoever sends it. */
  stripe: StripeAccount;
  outside: Outside;
  /** A line in the log of events. */
  note: (line: string) => void;
  /** The installations, the practice's own first. */
  scenarios: Scenario[];
  /** Whose each fee is, by the practice's reference, whichever ledger named it. */
  fees: Map<string, string>;
  /** Sets up the second installation; null in seeds without one. */
  second: (() => Scenario) | null;
  /** Webhook addresses to which Stripe delivers its events. */
  listeners: ((event: AccountEvent) => void)[];
}
