import type { SeedPool } from './seed-pool.ts';
import type { Fault } from './faults.ts';
import { planOf, type Cut } from './plan.ts';
import type { SeedResult } from './seed.ts';

/** The smallest year found that still breaks the same invariant. */
export interface Shrunk {
  cut: Cut;
  result: SeedResult;
  /** Runs it took to find it. */
  tries: number;
}

/**
 * Leaves out of a failing seed's year whatever it takes to fail without: first the end of the
 * year, then people, scheduled events and kinds of fault, in halves, quarters and so on. It runs
 * at most `mostTries` years for that.
 */
export async function shrink(
  seedPool: SeedPool,
  failed: SeedResult,
  mutation = 'none',
  mostTries = 150,
): Promise<Shrunk> {
  const { seed } = failed;
  const [first] = failed.violations;
  let best: Shrunk = { cut: {}, result: failed, tries: 0 };

  async function fails(cut: Cut): Promise<boolean> {
    if (best.tries >= mostTries) return false;
    best.tries += 1;
    const result = await seedPool.run({ seed, mutation, cut });
    if (!result.violations.some(({ invariant }) => invariant === first?.invariant)) return false;
    best = { ...best, cut, result };
    return true;
  }

  for (const days of [30, 60, 120, 240]) if (await fails({ days })) break;
  const whole = planOf(seed);
  const people = whole.people.map(({ index }) => index);
  await fewer(people, (kept) => fails({ ...best.cut, people: kept }));
  const scheduledEvents = planOf(seed, best.cut).scheduledEvents.map(({ index }) => index);
  await fewer(scheduledEvents, (kept) => fails({ ...best.cut, scheduledEvents: kept }));
  const faults = Object.keys(whole.rates) as Fault[];
  await fewer(faults, (kept) => fails({ ...best.cut, faults: kept }));
  return best;
}

/** Delta debugging: drops pieces of a list, ever smaller ones, as long as `stays` holds. */
async function fewer<T>(all: T[], stays: (kept: T[]) => Promise<boolean>): Promise<void> {
  let kept = all;
  if (await stays([])) return;
  for (let size = Math.ceil(kept.length / 2); size >= 1; size = Math.floor(size / 2)) {
    for (let start = 0; start < kept.length;) {
      const rest = [...kept.slice(0, start), ...kept.slice(start + size)];
      if (rest.length > 0 && (await stays(rest))) kept = rest;
      else start += size;
    }
  }
}
