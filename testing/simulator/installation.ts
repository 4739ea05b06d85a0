import type pg from 'pg';
import { RATES, VENDORS } from '../../config/rates.ts';
import type { NewEntry } from '../../core/fee/fee.ts';
import type { FeeRecord } from '../../ledger/fees.ts';
import { createLedger } from '../../ledger/ledger.ts';
import { startCrew } from './crew.ts';
import type { SimulatedDatabase } from './database.ts';
import { resume } from './happen/assessment.ts';
import { createOffice } from './office.ts';
import { HOUR_MS } from './plan.ts';
import { createPumping, type Outlook } from './pumping.ts';
import { createQueue } from './queue.ts';
import type { Scene } from './scene.ts';
import type { Setting } from './setting.ts';
import { emptyTruth } from './truth.ts';
import { createWebhooks } from './webhooks.ts';
import type { World } from './world.ts';

/** What was written to a fee, and by which installation. */
export type OnEntries = (scene: Scene, feeCase: FeeRecord, entries: NewEntry[]) => void;

/**
 * One installation of levy: a ledger, a queue, processes and the people who work with them. Stripe,
 * the mail server and time are the world's.
 */
export function install(
  world: World,
  {
    site,
    database,
    onEntries,
  }: { site: string; database: SimulatedDatabase; onEntries: OnEntries },
): Scene {
  const { timeline, faults, plan, plant, mailbox, stripe, stripeWeather } = world;
  const isFirst = world.scenes.length === 0;
  const random = isFirst ? world.random : world.random.fork(site);
  const note = isFirst ? world.note : (line: string) => world.note(`${site}: ${line}`);
  const truth = emptyTruth();
  const webhooks = createWebhooks(
    { timeline, faults, note, random },
    () => office,
    () => pumping.kick(2_000),
  );
  const queue = createQueue({
    timeline,
    faults,
    note,
    random: random.fork('queue'),
    taker: () => crew.worker(),
    onEnd: () => pumping.kick(1_000),
    onError: (error) => truth.errors.push(error),
  });
  const setting: Setting = {
    ...{ site, plan, plant, timeline, random, faults, database, queue, mailbox, note },
    databaseWeather: { awayUntil: 0 },
    stripe: world.stripeClient,
    say: (fields, message) => truth.logged.push(`${message} ${JSON.stringify(fields)}`),
    wrote(feeCase, entries) {
      world.fees.set(feeCase.feeId, feeCase.clinician.ref);
      onEntries(scene, feeCase, entries);
    },
  };
  const crew = startCrew(setting);
  const office = createOffice(setting, crew.api, truth.unanswered);
  const pumping = createPumping(setting, crew.worker, (outlook) => watch(scene, outlook));
  const scene: Scene = {
    ...{ setting, truth, office, stripe, stripeWeather, crew },
    plain: createLedger(database as unknown as pg.Pool, () => 0),
    outside: world.outside,
    kick: pumping.kick,
    hint: (event) => webhooks.forge(event),
    others: () => world.scenes.filter((one) => one !== scene),
    second: world.second,
    fees: world.fees,
  };
  world.scenes.push(scene);
  world.listeners.push(webhooks.deliver);
  return scene;
}

/** Gives an empty database what a program writes there when it starts. */
export async function seed({ plain }: Pick<Scene, 'plain'>): Promise<void> {
  await plain.rates.seed(VENDORS, RATES);
}

/** An operator finds the assessment paused by levy itself, looks, and lets it go on. */
function watch(scene: Scene, { paused }: Outlook): void {
  const { timeline, random, note } = scene.setting;
  const isKnown = scene.truth.pauses.some(({ until }) => until === Infinity);
  if (paused === 0 || isKnown) return;
  note('levy has paused the assessment');
  const pause = { from: timeline.now(), until: Infinity };
  scene.truth.pauses.push(pause);
  timeline.at(timeline.now() + random.between(1, 40) * HOUR_MS, () => void resume(scene, pause));
}
