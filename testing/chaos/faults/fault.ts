import type { Harness } from '../harness.ts';

/** Something that goes wrong, or that somebody does, at a moment of the schedule. */
export interface Fault {
  name: string;
  /** Only with the queue there. */
  on?: 'redis' | 'postgres';
  /** How many cards it has in the deck from which the schedule is dealt. */
  weight: number;
  /** Strikes, or sets a trap that will; over when what it began is over. */
  strike(harness: Harness): Promise<void>;
}
