import { endEra, relearn } from '../eras.ts';
import { seed } from '../installation.ts';
import { DAY_MS, HOUR_MS } from '../plan.ts';
import type { Scenario } from '../scenario.ts';
import { approve, open } from './assessment.ts';
import { enterAgain } from './invoice.ts';
import { alsoAt, importAt, meet, upload } from './roster.ts';

/** The server is gone with everything on it, and there is no backup: another one begins empty. */
export async function loseLedger(scenario: Scenario): Promise<void> {
  if (scenario.processes.isHalted()) return;
  const { timeline, random, database, queue, note } = scenario.environment;
  scenario.processes.halt('the server is gone');
  await endEra(scenario);
  await database.restore(null);
  queue.flush();
  await seed(scenario);
  await relearn(scenario, -Infinity);
  await timeline.sleep(random.pick([HOUR_MS, 20 * HOUR_MS, 3 * DAY_MS, 9 * DAY_MS]));
  note('a new server stands');
  scenario.processes.start();
  await beginAnew(scenario);
}

/** How old a dump is when it is put back, in hours; 0: older than the opening of the year. */
const AGES_HOURS = [1, 25, 72, 0];

/** A dump of hours or days ago is put in the place of the ledger, and work goes on from there. */
export async function restoreDump(scenario: Scenario): Promise<void> {
  const { timeline, random, database, queue, note, plan } = scenario.environment;
  const hours = random.pick(AGES_HOURS);
  // Half of them so that the end of a notice period falls between dump and restore.
  const wait = plan.policy.noticeDays * 24 - random.between(0, hours);
  if (hours > 0 && random.chance(0.5)) await timeline.sleep(wait * HOUR_MS);
  const takenAt = hours > 0 ? timeline.now() : scenario.expected.before?.takenAt;
  const dump = hours > 0 ? await database.dump() : scenario.expected.before?.dump;
  if (!dump || takenAt === undefined) return;
  note('a dump is taken');
  await timeline.sleep(hours * HOUR_MS);
  if (scenario.processes.isHalted() || scenario.expected.eras.some(({ until }) => until > takenAt))
    return;
  scenario.processes.halt('the server is restored');
  await endEra(scenario);
  await database.restore(dump);
  if (random.chance(0.5)) queue.flush();
  await relearn(scenario, takenAt);
  await timeline.sleep(random.pick([0, HOUR_MS]));
  note('a dump is restored');
  scenario.processes.start();
  await timeline.sleep(random.pick([0, HOUR_MS, DAY_MS, 5 * DAY_MS]));
  await beginAnew(scenario);
}

/** Keeps a dump of the time before the year was opened, for those who will restore it. */
export async function keepDump({ expected, environment }: Scenario): Promise<void> {
  const takenAt = environment.timeline.now();
  expected.before = { takenAt, dump: await environment.database.dump() };
}

/** What a practice does with a ledger that does not know what it should: all of it once more. */
async function beginAnew(scenario: Scenario): Promise<void> {
  const { timeline, random, queue } = scenario.environment;
  /** Meanwhile the hourly check may look at what is there only half. */
  const pause = async () => {
    await timeline.sleep(random.pick([0, HOUR_MS, DAY_MS]));
    if (random.chance(0.5)) queue.forge('reconcile', {});
  };
  await upload(
    scenario,
    scenario.expected.people.filter(({ joined }) => joined),
  );
  const isLate = random.chance(0.3);
  if (!isLate) await importAgain(scenario);
  await pause();
  await open(scenario);
  if (isLate) await importAgain(scenario);
  await pause();
  await approve(scenario);
  await enterAgain(scenario);
  await timeline.sleep(random.between(1, 10) * DAY_MS);
  await approve(scenario);
}

async function importAgain(scenario: Scenario): Promise<void> {
  const now = scenario.environment.timeline.now();
  for (const person of scenario.expected.people)
    for (const use of person.plan.uses) if (use.at <= now) await importAt(scenario, person, use);
}

/** Somebody sets levy up once more, with the same people on the same Stripe account. */
export async function installSecond(scenario: Scenario): Promise<void> {
  if (!scenario.second || scenario.others().length > 0) return;
  const other = scenario.second();
  await seed(other);
  for (const person of scenario.expected.people) {
    const twin = alsoAt(other, person) ?? meet(other, person.plan, { ...person.row });
    twin.joined = person.joined;
  }
  await beginAnew(other);
}
