import type pg from 'pg';
import { RATES, VENDORS } from '../config/rates.ts';
import type { NewEntry } from '../core/fee.ts';
import type { FeeCase } from '../ledger/fees.ts';
import { createLedger } from '../ledger/ledger.ts';
import { checkEverything, type Violation } from './check/check.ts';
import type { FeeFacts } from './check/facts.ts';
import { startCrew } from './crew.ts';
import type { SimulatedDatabase } from './database.ts';
import { createFaults, type Fault } from './faults.ts';
import { approve, open, resume } from './happen/assessment.ts';
import { answerLetter, happen } from './happen/happen.ts';
import { CANARY, change, importUse, invite, join, plantUse } from './happen/roster.ts';
import { createMailbox } from './mailbox.ts';
import { createOffice } from './office.ts';
import { DAY_MS, HOUR_MS, YEAR_START, type Plan } from './plan.ts';
import type { PlantedBug } from './plants/plant.ts';
import { createPumping, type Outlook } from './pumping.ts';
import { createQueue } from './queue.ts';
import { createRandom } from './random.ts';
import type { Scene } from './scene.ts';
import type { Setting } from './setting.ts';
import { createStripeDouble } from './stripe/client.ts';
import { outside } from './stripe/outside.ts';
import { createStripeWorld } from './stripe/world.ts';
import { createTimeline, MOST_STEPS } from './timeline.ts';
import { emptyTruth, type Person } from './truth.ts';
import { createWebhooks } from './webhooks.ts';

/** What a seed came to. */
export interface Outcome {
  seed: number;
  violations: Violation[];
  fees: FeeFacts[];
  /** How often each fault struck. */
  faults: Partial<Record<Fault, number>>;
  steps: number;
  /** Everything that happened, in order: the same for the same seed, to the byte. */
  log: string[];
}

/** After the faults are over: long enough for a notice, a whole ladder of tries and its letters. */
const AFTERMATH_DAYS = 90;

/** Lives through one year of one practice, heals everything, lets it rest, and checks. */
export async function liveYear(
  database: SimulatedDatabase,
  plan: Plan,
  plant: PlantedBug,
): Promise<Outcome> {
  const year = await prepare(database, plan, plant);
  const { setting, scene } = year;
  const { timeline, faults } = setting;
  await timeline.runUntil(plan.healAt);

  setting.note('everything heals');
  faults.stop();
  setting.databaseWeather.awayUntil = 0;
  Object.assign(scene.stripeWeather, { awayUntil: 0, busyUntil: 0 });
  year.revive();
  if (scene.truth.opened.size === 0) void open(scene);
  for (const pause of scene.truth.pauses) void resume(scene, pause);
  for (const days of [0.1, 2, 9])
    timeline.at(plan.healAt + days * DAY_MS, () => void approve(scene));
  // The check by the clock; every hour would be most of the year.
  for (const days of [0.05, 20])
    timeline.at(plan.healAt + days * DAY_MS, () => setting.queue.forge('verify', {}));
  await timeline.runUntil(plan.healAt + AFTERMATH_DAYS * DAY_MS);

  const { violations, fees } = await checkEverything(scene);
  if (timeline.steps() >= MOST_STEPS)
    violations.push({ invariant: '3 liveness', feeId: null, what: 'it never comes to rest' });
  return {
    seed: plan.seed,
    violations,
    fees,
    faults: faults.counts(),
    steps: timeline.steps(),
    log: year.log,
  };
}

/** Builds the world of a seed and puts everything that will happen on its timeline. */
async function prepare(database: SimulatedDatabase, plan: Plan, plant: PlantedBug) {
  const random = createRandom(`levy ${plan.seed} lived`);
  const timeline = createTimeline(YEAR_START, random.fork('order'), database.busy);
  await database.begin(`seed ${plan.seed}`, timeline.now);
  const plain = createLedger(database as unknown as pg.Pool, () => 0);
  await plain.rates.seed(VENDORS, RATES);

  const log: string[] = [];
  const note = (line: string) => {
    log.push(`${new Date(timeline.now()).toISOString()} ${line}`);
  };
  const faults = createFaults({
    rates: plan.rates,
    random: random.fork('faults'),
    now: timeline.now,
    note: (fault) => note(`! ${fault}`),
  });
  const truth = emptyTruth();
  const stripeWeather = { awayUntil: 0, busyUntil: 0 };
  const webhooks = createWebhooks(
    { timeline, faults, note, random },
    () => office,
    () => pumping.kick(2_000),
  );
  const stripe = createStripeWorld({
    timeline,
    note,
    random: random.fork('stripe'),
    deliver: webhooks.deliver,
  });
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
    ...{ plan, plant, timeline, random, faults, database, queue, note },
    databaseWeather: { awayUntil: 0 },
    stripe: createStripeDouble(stripe, faults, stripeWeather),
    mailbox: createMailbox(faults, random.fork('mailbox'), timeline.now),
    say: (fields, message) => truth.logged.push(`${message} ${JSON.stringify(fields)}`),
    wrote: (feeCase, entries) => follow(feeCase, entries),
  };
  const crew = startCrew(setting);
  const office = createOffice(setting, crew.api, truth.unanswered);
  const pumping = createPumping(setting, crew.worker, (outlook) => watch(scene, outlook));
  const scene: Scene = {
    ...{ setting, truth, office, plain, stripe, stripeWeather },
    outside: outside(stripe),
    kick: pumping.kick,
    hint: (event) => webhooks.forge(event),
  };
  const follow = followers(scene);
  await gather(scene);
  return { setting, scene, log, revive: crew.revive };
}

/** The people, what they do and what befalls them, each at its time. */
async function gather(scene: Scene): Promise<void> {
  const { plan, timeline } = scene.setting;
  for (const one of plan.people) {
    const person = invite(scene, one);
    if (one.joinsAt === null) {
      const written = await scene.plain.clinicians.upsert(person.row);
      if ('clinicianId' in written) person.clinicianId = written.clinicianId;
    } else timeline.at(one.joinsAt, () => void join(scene, person));
    for (const use of one.uses) {
      const bring = use.at < plan.openAt ? plantUse : importUse;
      timeline.at(use.at, () => void bring(scene, person, use));
    }
  }
  timeline.at(plan.openAt, () => void open(scene));
  for (const { at, kind, person } of plan.happenings)
    if (at !== null) timeline.at(at, () => void happen(scene, kind, personOf(scene, person)));
}

/** What follows on entries of the ledger: happenings of the plan, and answers to letters. */
function followers(scene: Scene): (feeCase: FeeCase, entries: NewEntry[]) => void {
  const { plan, timeline, random, note, faults } = scene.setting;
  const waiting = new Set(plan.happenings.filter(({ on }) => on !== null));
  const chance = random.fork('answers');

  return ({ clinician: { ref } }, entries) => {
    note(`${ref}: ${entries.map(({ kind }) => kind).join(', ')}`);
    const person = scene.truth.people.find(({ plan: one }) => one.ref === ref);
    if (!person) return;
    for (const one of entries) {
      for (const happening of waiting) {
        if (happening.on !== one.kind || happening.person !== person.plan.index) continue;
        waiting.delete(happening);
        if (faults.stopped()) continue;
        const { kind, after } = happening;
        timeline.at(timeline.now() + after, () => void happen(scene, kind, person));
      }
      const soon = timeline.now() + chance.between(HOUR_MS, 8 * DAY_MS);
      if (one.kind === 'told' && one.data.letter === 'card_needed' && chance.chance(0.6))
        timeline.at(soon, () => void answerLetter(scene, person));
      if (one.kind === 'notice_failed' && chance.chance(0.5))
        timeline.at(
          soon,
          () => void change(scene, person, { email: `${CANARY}.${ref}.new@people.example` }),
        );
    }
  };
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

function personOf({ truth }: Scene, index: number | null): Person | null {
  return truth.people.find(({ plan }) => plan.index === index) ?? null;
}
