import { createHash } from 'node:crypto';
import type { Violation } from './check/violation.ts';
import type { Fault } from './faults.ts';
import type { Lived } from './lived.ts';
import { planOf, type Cut } from './plan.ts';
import type { Mutation } from './mutations/mutation.ts';
import { runYear, type Databases } from './year.ts';

/** What one seed came to, small enough to be handed from process to process. */
export interface SeedResult {
  seed: number;
  violations: Violation[];
  /** How often each fault struck. */
  faults: Partial<Record<Fault, number>>;
  /** Entries of the timeline that were run. */
  steps: number;
  lived: Lived;
  people: number;
  scheduledEvents: number;
  /** SHA-256 of the log: two runs with the same digest were the same to the byte. */
  digest: string;
  log: string[];
}

/** Runs one seed's year, with this mutation in it and that cut out of it. */
export async function runSeed(
  databases: Databases,
  seed: number,
  mutation: Mutation,
  cut: Cut = {},
): Promise<SeedResult> {
  const plan = planOf(seed, cut);
  const { violations, faults, steps, lived, log } = await runYear(databases, plan, mutation);
  const digest = createHash('sha256').update(log.join('\n')).digest('hex');
  const [people, scheduledEvents] = [plan.people.length, plan.scheduledEvents.length];
  return { seed, violations, faults, steps, lived, people, scheduledEvents, digest, log };
}
