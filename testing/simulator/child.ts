import { openDatabase, type SimulatedDatabase } from './database.ts';
import type { Cut } from './plan.ts';
import { plantOf } from './plants/plants.ts';
import { runSeed, type SeedResult } from './seed.ts';

/** A process that lives through seeds, one after the other, for `crowd.ts`. */

/** What it is asked for; the database is its own, and that plant's when the plant changes it. */
export interface Task {
  url: string;
  /** Of a second installation, in seeds that have one. */
  secondUrl: string | null;
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

async function live({ url, secondUrl, seed, plant, cut, wantsLog }: Task): Promise<Answer> {
  try {
    strays = [];
    const planted = plantOf(plant);
    const first = await opened(url, planted.sql, () => openDatabase(url));
    const second =
      secondUrl && (await opened(secondUrl, planted.sql, () => first.beside(secondUrl)));
    const result = await runSeed({ first, second: second || null }, seed, planted, cut);
    for (const error of strays)
      result.violations.push({ invariant: 'bug', feeId: null, what: String(error) });
    return { result: wantsLog ? result : { ...result, log: [] } };
  } catch (error) {
    return { error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}

/** The database at this address, opened and planted when it is asked for first. */
async function opened(
  url: string,
  sql: string | undefined,
  open: () => Promise<SimulatedDatabase>,
): Promise<SimulatedDatabase> {
  let database = databases.get(url);
  if (database) return database;
  database = await open();
  if (sql) await database.query(sql);
  databases.set(url, database);
  return database;
}
