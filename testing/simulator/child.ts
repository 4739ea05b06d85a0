import { openDatabase, type SimulatedDatabase } from './database.ts';
import type { Cut } from './plan.ts';
import { mutationOf } from './mutations/mutations.ts';
import { runSeed, type SeedResult } from './seed.ts';
import { takeOverTimers } from './timers.ts';

/** A process that runs seeds, one after the other, for `seed-pool.ts`. */

/** What it is asked for; the database is its own, and the mutation's when that changes it. */
export interface Task {
  url: string;
  /** Of a second installation, in seeds that have one. */
  secondUrl: string | null;
  seed: number;
  mutation: string;
  cut: Cut;
  wantsLog: boolean;
}

export type Answer = { result: SeedResult } | { error: string };

const databases = new Map<string, SimulatedDatabase>();
/** What went wrong in the simulator itself, or where nobody waits for an answer. */
let strays: unknown[] = [];
process.on('unhandledRejection', (error) => strays.push(error));

takeOverTimers();

process.on('message', (task: Task) => {
  void run(task).then((answer) => process.send?.(answer));
});
process.on('disconnect', () => process.exit(0));

async function run({ url, secondUrl, seed, mutation, cut, wantsLog }: Task): Promise<Answer> {
  try {
    strays = [];
    const applied = mutationOf(mutation);
    const first = await opened(url, applied.sql, () => openDatabase(url));
    const second =
      secondUrl && (await opened(secondUrl, applied.sql, () => first.beside(secondUrl)));
    const result = await runSeed({ first, second: second || null }, seed, applied, cut);
    for (const error of strays)
      result.violations.push({ invariant: 'bug', feeId: null, what: String(error) });
    return { result: wantsLog ? result : { ...result, log: [] } };
  } catch (error) {
    return { error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}

/** The database at this address, opened and changed by the mutation at the first request. */
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
