import { endEra, relearn } from '../eras.ts';
import { seed } from '../installation.ts';
import { DAY_MS, HOUR_MS } from '../plan.ts';
import type { Scene } from '../scene.ts';
import { approve, open } from './assessment.ts';
import { alsoAt, importAt, meet, upload } from './roster.ts';

/** The server is gone with everything on it, and there is no backup: another one begins empty. */
export async function loseLedger(scene: Scene): Promise<void> {
  if (scene.crew.isHalted()) return;
  const { timeline, random, database, queue, note } = scene.setting;
  scene.crew.halt('the server is gone');
  await endEra(scene);
  await database.restore(null);
  queue.flush();
  await seed(scene);
  await relearn(scene, -Infinity);
  await timeline.sleep(random.pick([HOUR_MS, 20 * HOUR_MS, 3 * DAY_MS, 9 * DAY_MS]));
  note('a new server stands');
  scene.crew.start();
  await beginAnew(scene);
}

/** How old a dump is when it is put back, in hours; 0: older than the opening of the year. */
const AGES_HOURS = [1, 25, 72, 0];

/** A dump of hours or days ago is put in the place of the ledger, and work goes on from there. */
export async function restoreDump(scene: Scene): Promise<void> {
  const { timeline, random, database, queue, note, plan } = scene.setting;
  const hours = random.pick(AGES_HOURS);
  // Half of them so that the end of a notice period falls between dump and restore.
  const wait = plan.policy.noticeDays * 24 - random.between(0, hours);
  if (hours > 0 && random.chance(0.5)) await timeline.sleep(wait * HOUR_MS);
  const takenAt = hours > 0 ? timeline.now() : scene.truth.before?.takenAt;
  const dump = hours > 0 ? await database.dump() : scene.truth.before?.dump;
  if (!dump || takenAt === undefined) return;
  note('a dump is taken');
  await timeline.sleep(hours * HOUR_MS);
  if (scene.crew.isHalted() || scene.truth.eras.some(({ until }) => until > takenAt)) return;
  scene.crew.halt('the server is restored');
  await endEra(scene);
  await database.restore(dump);
  if (random.chance(0.5)) queue.flush();
  await relearn(scene, takenAt);
  await timeline.sleep(random.pick([0, HOUR_MS]));
  note('a dump is restored');
  scene.crew.start();
  await timeline.sleep(random.pick([0, HOUR_MS, DAY_MS, 5 * DAY_MS]));
  await beginAnew(scene);
}

/** Keeps a dump of the time before the year was opened, for those who will restore it. */
export async function keepDump({ truth, setting }: Scene): Promise<void> {
  const takenAt = setting.timeline.now();
  truth.before = { takenAt, dump: await setting.database.dump() };
}

/** What a practice does with a ledger that does not know what it should: all of it once more. */
async function beginAnew(scene: Scene): Promise<void> {
  const { timeline, random, queue } = scene.setting;
  /** Meanwhile the hourly check may look at what is there only half. */
  const pause = async () => {
    await timeline.sleep(random.pick([0, HOUR_MS, DAY_MS]));
    if (random.chance(0.5)) queue.forge('reconcile', {});
  };
  await upload(
    scene,
    scene.truth.people.filter(({ joined }) => joined),
  );
  const isLate = random.chance(0.3);
  if (!isLate) await importAgain(scene);
  await pause();
  await open(scene);
  if (isLate) await importAgain(scene);
  await pause();
  await approve(scene);
  await timeline.sleep(random.between(1, 10) * DAY_MS);
  await approve(scene);
}

async function importAgain(scene: Scene): Promise<void> {
  const now = scene.setting.timeline.now();
  for (const person of scene.truth.people)
    for (const use of person.plan.uses) if (use.at <= now) await importAt(scene, person, use);
}

/** Somebody sets levy up once more, with the same people on the same Stripe account. */
export async function installSecond(scene: Scene): Promise<void> {
  if (!scene.second || scene.others().length > 0) return;
  const other = scene.second();
  await seed(other);
  for (const person of scene.truth.people) {
    const twin = alsoAt(other, person) ?? meet(other, person.plan, { ...person.row });
    twin.joined = person.joined;
  }
  await beginAnew(other);
}
