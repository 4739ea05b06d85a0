import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { startSeedPool, type SeedPool } from './seed-pool.ts';
import type { Cut } from './plan.ts';
import { mutationOf, MUTATIONS } from './mutations/mutations.ts';
import { tellFailure, tellHunt, tellRuns, tellShrunk } from './report.ts';
import { hunt, runMany, type Hunt } from './runs.ts';
import { startServer } from './server.ts';
import { shrink } from './shrink.ts';

/** `npm run simulate`: see the README of this folder. */
const { values } = parseArgs({
  options: {
    seeds: { type: 'string' },
    seed: { type: 'string' },
    mutation: { type: 'string' },
    cut: { type: 'string' },
    log: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});

/** Most seeds for a mutation to stay hidden. */
const HUNT_SEEDS = 300;
/** Failing seeds that are shrunk; of more the number will do. */
const SHRUNK = 3;

const write = (text: string) => void process.stdout.write(`${text}\n`);
const say = (text: string) =>
  void (values.json ? process.stderr : process.stdout).write(`${text}\n`);

const first = Number(values.seed ?? 1);
const count = Number(values.seeds ?? (values.mutation ? HUNT_SEEDS : values.seed ? 1 : 200));
const server = await startServer();
const seedPool = startSeedPool(
  Math.min(availableParallelism(), Math.max(1, count)),
  server.newDatabase,
);
let isFine = false;
try {
  if (values.log || values.cut) isFine = await one(seedPool);
  else if (values.mutation) isFine = await mutations(seedPool, values.mutation);
  else isFine = await many(seedPool);
} finally {
  await seedPool.close();
  await server.close();
}
process.exit(isFine ? 0 : 1);

/** One seed with its whole log. */
async function one(seedPool: SeedPool): Promise<boolean> {
  const cut = JSON.parse(values.cut ?? '{}') as Cut;
  const mutation = values.mutation ?? 'none';
  const result = await seedPool.run({ seed: first, mutation, cut, wantsLog: true });
  if (values.json) write(JSON.stringify(result));
  else {
    if (values.log) write(result.log.join('\n'));
    for (const { invariant, feeId, what } of result.violations)
      write(`[${invariant}] ${feeId ?? ''} ${what}`);
    write(`seed ${first}: ${result.violations.length} violations, digest ${result.digest}`);
  }
  return result.violations.length === 0;
}

async function many(seedPool: SeedPool): Promise<boolean> {
  const runs = await runMany(seedPool, first, count, (done, { seed, violations }) => {
    if (violations.length > 0) process.stderr.write(`seed ${seed} breaks something\n`);
    if (done % 100 === 0) process.stderr.write(`${done} seeds\n`);
  });
  say(tellRuns(runs));
  for (const failed of runs.failed.slice(0, SHRUNK)) {
    const again = await seedPool.run({ seed: failed.seed });
    say(tellFailure(failed, again.digest === failed.digest));
    say(tellShrunk(await shrink(seedPool, failed), 'none'));
  }
  for (const { seed } of runs.failed.slice(SHRUNK)) say(`seed ${seed} fails, too`);
  if (values.json) {
    const { seeds, seconds, faults, failed } = runs;
    const bound = failed.length > 0 ? null : 3 / seeds;
    const violations = failed.map((each) => ({ seed: each.seed, violations: each.violations }));
    write(
      JSON.stringify({ seeds, seconds, perSecond: seeds / seconds, faults, violations, bound }),
    );
  }
  return runs.failed.length === 0;
}

/** Hunts for one mutation, or for all of them. */
async function mutations(seedPool: SeedPool, wanted: string): Promise<boolean> {
  const names = wanted === 'all' ? MUTATIONS.map(({ name }) => name) : [mutationOf(wanted).name];
  const hunts: Hunt[] = await Promise.all(
    names.map(async (name) => {
      const found = await hunt(seedPool, name, first, count, names.length > 1 ? 1 : seedPool.size);
      say(tellHunt(found));
      return found;
    }),
  );
  if (values.json) write(JSON.stringify({ mutations: hunts }));
  return hunts.every(({ seeds }) => seeds !== null);
}
