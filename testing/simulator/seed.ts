import { createHash } from 'node:crypto';
import type { Violation } from './check/check.ts';
import type { Fault } from './faults.ts';
import { planOf, type Cut } from './plan.ts';
import type { PlantedBug } from './plants/plant.ts';
import { liveYear, type Databases } from './year.ts';

/** What one seed came to, small enough to be handed from process to process. */
export interface SeedResult {
  seed: number;
  violations: Violation[];
  /** How often each fault struck. */
  faults: Partial<Record<Fault, number>>;
  /** Happenings on the timeline. */
  steps: number;
  people: number;
  happenings: number;
  /** SHA-256 of the log: two runs with the same digest were the same to the byte. */
  digest: string;
  log: string[];
}

/** Lives through one seed's year, with this planted in it and that cut out of it. */
export async function runSeed(
  databases: Databases,
  seed: number,
  plant: PlantedBug,
  cut: Cut = {},
): Promise<SeedResult> {
  const plan = planOf(seed, cut);
  const { violations, faults, steps, log } = await liveYear(databases, plan, plant);
  const digest = createHash('sha256').update(log.join('\n')).digest('hex');
  const [people, happenings] = [plan.people.length, plan.happenings.length];
  return { seed, violations, faults, steps, people, happenings, digest, log };
}
