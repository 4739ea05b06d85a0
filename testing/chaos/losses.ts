import type { Random } from '../simulator/random.ts';
import type { Backup } from '../../test/support/backup.ts';
import { backUp } from '../../test/support/backup.ts';
import { loseQueue } from './faults/stores.ts';
import { now, type DoneAct } from './history.ts';
import { giveKey } from './installation.ts';
import type { Harness } from './harness.ts';
import { actOnFee, importWave, openYear, putRoster, until } from './year.ts';

/** When the dump is made that is put back later. */
const MOMENTS = [
  'before the opening',
  'between notices and charges',
  'in the middle of charging',
] as const;
type Moment = (typeof MOMENTS)[number];

/** What happens to the ledger as a whole; `at` is a share of the time in which things fail. */
export interface Plan {
  dump: { moment: Moment; at: number } | null;
  lost: { at: number } | null;
}

/** Runs of so many seconds see both, shorter ones one of them. */
const LONG_S = 100;

export function planLosses(random: Random, seconds: number): Plan {
  const dump = { moment: random.pick(MOMENTS), at: random.between(40, 55) / 100 };
  const lost = { at: random.between(40, 55) / 100 };
  if (seconds >= LONG_S) return { dump, lost: { at: lost.at + 0.25 } };
  return random.chance(0.6) ? { dump, lost: null } : { dump: null, lost };
}

/** A dump, and the moment before which everything is in it. */
interface Dump {
  backup: Backup;
  since: number;
}

/** A dump of the ledger as it is. Tried again where the database goes away meanwhile. */
export async function dumpLedger(harness: Harness): Promise<Dump> {
  const since = now();
  const taken: Backup[] = [];
  const isTaken = await until(harness, PATIENCE_MS, async () => {
    await backUp(harness.pool).then(
      (backup) => taken.push(backup),
      () => undefined,
    );
    return taken.length > 0;
  });
  if (!isTaken) throw new Error('no dump of the ledger could be made');
  return { backup: taken[0] as Backup, since };
}

const PATIENCE_MS = 60_000;

/**
 * Lives through the plan; over when the office is done with what followed.
 *
 * @param early  the dump from before the opening
 */
export async function loseLedgers(
  harness: Harness,
  plan: Plan,
  { early, ms }: { early: Dump; ms: number },
): Promise<void> {
  const began = performance.now();
  const reach = (share: number) =>
    until(harness, ms, async () => performance.now() - began > share * ms);
  if (plan.dump) {
    const { moment, at } = plan.dump;
    const dump = moment === 'before the opening' ? early : await dumpAt(harness, moment, ms);
    await reach(at);
    await putBack(harness, dump, `ledger: a dump from ${moment} is put back`);
  }
  if (plan.lost) {
    await reach(plan.lost.at);
    const nothing = { backup: harness.empty, since: 0 };
    await putBack(harness, nothing, 'ledger: lost, and set up anew');
  }
}

async function dumpAt(harness: Harness, moment: Moment, ms: number): Promise<Dump> {
  const state = moment === 'between notices and charges' ? 'noticed' : 'paid';
  const wanted = state === 'paid' ? harness.people.length / 8 : 1;
  // A run in which nothing goes on for so long has its dump all the same.
  await until(harness, ms / 3, async () => {
    const { rows } = await harness.pool
      .query<{ fees: number }>('select count(*)::integer as fees from fees where state = $1', [
        state,
      ])
      .catch(() => ({ rows: [] }));
    return (rows[0]?.fees ?? 0) >= wanted;
  });
  return dumpLedger(harness);
}

/**
 * Kills every program of the installation, puts the ledger back, with or without the queue of the
 * time between, and starts the programs again. Then the office goes on.
 */
async function putBack(harness: Harness, dump: Dump, what: string): Promise<void> {
  const { api, workers, history, operator, pool, random } = harness;
  await until(harness, PATIENCE_MS, async () => !history.isBusy);
  history.isBusy = true;
  const programs = [api, ...workers];
  await Promise.all(programs.map((one) => one.halt()));
  const lost = history.acts.filter(({ at }) => at >= dump.since);
  const isBack = await until(harness, PATIENCE_MS, () =>
    pool
      .query(END_OTHERS)
      .then(() => dump.backup.restore())
      .then(
        () => true,
        () => false,
      ),
  );
  if (!isBack) throw new Error('the ledger could not be put back');
  if (random.chance(0.5)) await loseQueue(harness);
  harness.counter(what);
  history.losses += 1;
  operator.forget();
  await until(harness, PATIENCE_MS, () =>
    giveKey(harness).then(
      () => true,
      () => false,
    ),
  );
  for (const one of programs) one.go();
  await goOn(harness, lost);
  history.isBusy = false;
}

/** What a killed program has sent is over when its connection is. The server's own are not ours. */
const END_OTHERS = `select pg_terminate_backend(pid, 5000) from pg_stat_activity
  where datname = current_database() and application_name <> 'chaos'
    and backend_type = 'client backend'`;

/** The office does again what it knows, and what it finds missing. */
async function goOn(harness: Harness, lost: DoneAct[]): Promise<void> {
  await putRoster(harness);
  await openYear(harness);
  for (const wave of harness.history.handedIn.keys()) await importWave(harness, wave);
  const people = new Set(lost.map(({ ref }) => ref));
  const again = async (ref: string) => {
    for (const act of lost.filter((one) => one.ref === ref)) await askAgain(harness, act);
  };
  await Promise.all([...people].map(again));
}

/** An act that was lost is asked for until it is done, or it is clear that it cannot be. */
async function askAgain(harness: Harness, { ref, action, body }: DoneAct): Promise<void> {
  // What was released or tried again leaves nothing to be asked for.
  if (action === 'release' || action === 'retry') return;
  await until(harness, ASK_MS, async () => {
    const feeId = await feeOf(harness, ref);
    if (!feeId) return false;
    const { done, refused } = await actOnFee(harness, feeId, action, body);
    if (done > 0) harness.counter(`operator: ${action}, asked again after the ledger was put back`);
    // Charged before the waiver was known again: the money goes back.
    if (action === 'waive' && refused === 'already_settled')
      await actOnFee(harness, feeId, 'refund', body);
    return done > 0 || (refused !== null && !NOT_YET.has(refused));
  });
}

const ASK_MS = 8_000;
/** Refusals of a fee that has not come as far again as it was. */
const NOT_YET: ReadonlySet<string> = new Set(['not_assessed', 'not_noticed', 'not_paid']);

async function feeOf({ pool, refOf }: Harness, ref: string): Promise<string | null> {
  const { rows } = await pool
    .query<{ fee_id: string }>(
      'select fee_id from fees join clinicians using (clinician_id) where ref = $1',
      [refOf(ref)],
    )
    .catch(() => ({ rows: [] }));
  return rows[0]?.fee_id ?? null;
}
