import type { SeedPool } from './seed-pool.ts';
import type { Fault } from './faults.ts';
import { addLived, type Lived } from './lived.ts';
import type { SeedResult } from './seed.ts';

/** What many seeds came to. */
export interface Runs {
  seeds: number;
  failed: SeedResult[];
  /** How often each fault struck, over all seeds. */
  faults: Partial<Record<Fault, number>>;
  steps: number;
  /** What the people of all seeds lived to see; null before the first. */
  lived: Lived | null;
  seconds: number;
  /** Digest of every seed's log. */
  digests: Map<number, string>;
}

/** Runs so many seeds, beginning with `first`. */
export async function runMany(
  seedPool: SeedPool,
  first: number,
  count: number,
  say: (done: number, result: SeedResult) => void = () => undefined,
): Promise<Runs> {
  const started = performance.now();
  const runs: Runs = {
    seeds: 0,
    failed: [],
    faults: {},
    steps: 0,
    lived: null,
    seconds: 0,
    digests: new Map(),
  };
  let next = first;
  const hand = async () => {
    while (next < first + count) {
      const seed = (next += 1) - 1;
      const result = await seedPool.run({ seed });
      runs.seeds += 1;
      runs.steps += result.steps;
      runs.lived = addLived(runs.lived, result.lived);
      runs.digests.set(seed, result.digest);
      for (const [fault, times] of Object.entries(result.faults) as [Fault, number][])
        runs.faults[fault] = (runs.faults[fault] ?? 0) + times;
      if (result.violations.length > 0) runs.failed.push(result);
      say(runs.seeds, result);
    }
  };
  await Promise.all(Array.from({ length: seedPool.size }, hand));
  runs.failed.sort((a, b) => a.seed - b.seed);
  runs.seconds = (performance.now() - started) / 1_000;
  return runs;
}

/** Whether a mutation was caught. */
export interface Hunt {
  mutation: string;
  /** How many seeds it took to catch it; null when it was not caught. */
  seeds: number | null;
  /** What gave it away. */
  invariants: string[];
}

/** Runs seeds with a mutation, some at once, until one shows it or `most` have not. */
export async function hunt(
  seedPool: SeedPool,
  mutation: string,
  first: number,
  most: number,
  hands = seedPool.size,
): Promise<Hunt> {
  let next = first;
  const caught: SeedResult[] = [];
  const hand = async () => {
    while (caught.length === 0 && next < first + most) {
      const result = await seedPool.run({ seed: (next += 1) - 1, mutation });
      if (result.violations.length > 0) caught.push(result);
    }
  };
  await Promise.all(Array.from({ length: hands }, hand));
  // A seed that was under way when another caught it may have been the earlier one.
  const [found] = caught.sort((a, b) => a.seed - b.seed);
  if (!found) return { mutation, seeds: null, invariants: [] };
  const invariants = [...new Set(found.violations.map(({ invariant }) => invariant))];
  return { mutation, seeds: found.seed - first + 1, invariants };
}
