import { openDatabase, type SimulatedDatabase } from './database.ts';
import type { Cut } from './plan.ts';
import { plantOf } from './plants/plants.ts';
import { runSeed, type SeedResult } from './seed.ts';

/** A process that lives through seeds, one after the other, for `crowd.ts`. */

/** What it is asked for; the database is its own, and that plant's when the plant changes it. */
export interface Task {
  url: string;
  seed: number;
  plant: string;
  cut: Cut;
  wantsLog: boolean;
}

export type Answer = { result: SeedResult } | { error: string };

const databases = new Map<string, SimulatedDatabase>();
/** What went wrong in the simulator itself, or where nobody waits for an answer. */
let strays: unknown[] = [];
process.on('unhandledRejection', (error) => strays.push(error));

// In the simulator only virtual time passes: the production's own patience of seconds would make
// a slow machine see another year than a quick one.
const setRealTimeout = globalThis.setTimeout;
const NEVER_MS = 2 ** 31 - 1;
globalThis.setTimeout = (() =>
  setRealTimeout(() => undefined, NEVER_MS).unref()) as unknown as typeof setTimeout;

process.on('message', (task: Task) => {
  void live(task).then((answer) => process.send?.(answer));
});
process.on('disconnect', () => process.exit(0));

async function live({ url, seed, plant, cut, wantsLog }: Task): Promise<Answer> {
  try {
    strays = [];
    const planted = plantOf(plant);
    let database = databases.get(url);
    if (!database) {
      database = await openDatabase(url);
      if (planted.sql) await database.query(planted.sql);
      databases.set(url, database);
    }
    const result = await runSeed(database, seed, planted, cut);
    for (const error of strays)
      result.violations.push({ invariant: 'bug', feeId: null, what: String(error) });
    return { result: wantsLog ? result : { ...result, log: [] } };
  } catch (error) {
    return { error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}
