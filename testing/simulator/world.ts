import type { Faults } from './faults.ts';
import type { Mailbox } from './mailbox.ts';
import type { Plan } from './plan.ts';
import type { PlantedBug } from './plants/plant.ts';
import type { Random } from './random.ts';
import type { Scene } from './scene.ts';
import type { Event } from './stripe/books.ts';
import type { createStripeDouble, Weather } from './stripe/client.ts';
import type { outside } from './stripe/outside.ts';
import type { StripeWorld } from './stripe/world.ts';
import type { Timeline } from './timeline.ts';

/** What all installations of levy in a seed have in common. */
export interface World {
  plan: Plan;
  plant: PlantedBug;
  timeline: Timeline;
  random: Random;
  faults: Faults;
  mailbox: Mailbox;
  stripe: StripeWorld;
  outside: ReturnType<typeof outside>;
  stripeWeather: Weather;
  /** One client for all: Stripe remembers an idempotency key whoever sends it. */
  stripeClient: ReturnType<typeof createStripeDouble>;
  /** A line in the log of events. */
  note: (line: string) => void;
  /** The installations, the practice's own first. */
  scenes: Scene[];
  /** Whose each fee is, by the practice's reference, whichever ledger named it. */
  fees: Map<string, string>;
  /** Sets up the second installation; null in seeds without one. */
  second: (() => Scene) | null;
  /** Webhook addresses to which Stripe delivers its events. */
  listeners: ((event: Event) => void)[];
}
