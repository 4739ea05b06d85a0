import type { NewEntry } from '../../core/fee/fee.ts';
import type { FeeRecord } from '../../ledger/fees.ts';
import { checkEverything, type Violation } from './check/check.ts';
import type { FeeFacts } from './check/facts.ts';
import type { SimulatedDatabase } from './database.ts';
import { createFaults, type Fault } from './faults.ts';
import { approve, open, resume } from './happen/assessment.ts';
import { keepDump } from './happen/disaster.ts';
import { answerLetter, happen } from './happen/happen.ts';
import { giveCardAfterAll } from './happen/page.ts';
import { CANARY, change, importUse, invite, join, plantUse } from './happen/roster.ts';
import { install, seed, type OnEntries } from './installation.ts';
import { createMailbox } from './mailbox.ts';
import { DAY_MS, HOUR_MS, YEAR_START, type Plan } from './plan.ts';
import type { PlantedBug } from './plants/plant.ts';
import { createRandom } from './random.ts';
import type { Scene } from './scene.ts';
import { createStripeDouble } from './stripe/client.ts';
import { outside } from './stripe/outside.ts';
import { createStripeWorld } from './stripe/world.ts';
import { createTimeline, MOST_STEPS } from './timeline.ts';
import type { Person } from './truth.ts';
import type { World } from './world.ts';

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

/** The databases of a seed: the second is only there when its plan has a second installation. */
export interface Databases {
  first: SimulatedDatabase;
  second: SimulatedDatabase | null;
}

/** After the faults are over: long enough for a notice, a whole ladder of tries and its letters. */
const AFTERMATH_DAYS = 90;

/** Lives through one year of one practice, heals everything, lets it rest, and checks. */
export async function liveYear(
  databases: Databases,
  plan: Plan,
  plant: PlantedBug,
): Promise<Outcome> {
  const { world, log } = await prepare(databases, plan, plant);
  const { timeline, faults, note } = world;
  await timeline.runUntil(plan.healAt);

  note('everything heals');
  faults.stop();
  Object.assign(world.stripeWeather, { awayUntil: 0, busyUntil: 0 });
  for (const scene of world.scenes) heal(scene);
  await timeline.runUntil(plan.healAt + AFTERMATH_DAYS * DAY_MS);

  const violations: Violation[] = [];
  const fees: FeeFacts[] = [];
  for (const scene of world.scenes) {
    const found = await checkEverything(scene);
    violations.push(...found.violations);
    fees.push(...found.fees);
  }
  if (timeline.steps() >= MOST_STEPS)
    violations.push({ invariant: '3 liveness', feeId: null, what: 'it never comes to rest' });
  return {
    seed: plan.seed,
    violations,
    fees,
    faults: faults.counts(),
    steps: timeline.steps(),
    log,
  };
}

/** From now on all goes well, and whoever has put something off does it. */
function heal(scene: Scene): void {
  const { setting, truth, crew } = scene;
  const { timeline, plan } = setting;
  setting.databaseWeather.awayUntil = 0;
  crew.revive();
  for (const pause of truth.pauses) void resume(scene, pause);
  const opening = truth.opened.size === 0 ? open(scene) : Promise.resolve();
  void opening.then(() => resumeForgotten(scene));
  for (const days of [0.1, 2, 9])
    timeline.at(plan.healAt + days * DAY_MS, () => void approve(scene));
  // The check by the clock; every hour would be most of the year.
  for (const days of [0.05, 20])
    timeline.at(plan.healAt + days * DAY_MS, () => setting.queue.forge('reconcile', {}));
}

/**
 * Somebody's pause went through and its answer was lost, or levy paused an assessment whose opening
 * nobody was told of: nobody else would end it.
 */
async function resumeForgotten(scene: Scene): Promise<void> {
  const { rows } = await scene.setting.database.query(
    'select from assessments where paused_at is not null',
  );
  if (rows.length > 0) await resume(scene, { until: Infinity });
}

/** Builds the world of a seed and puts everything that will happen on its timeline. */
async function prepare({ first, second }: Databases, plan: Plan, plant: PlantedBug) {
  const random = createRandom(`levy ${plan.seed} lived`);
  const timeline = createTimeline(YEAR_START, random.fork('order'), first.busy);
  await first.begin(`seed ${plan.seed}`, timeline.now);
  await second?.begin(`seed ${plan.seed} second`, timeline.now);

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
  const listeners: World['listeners'] = [];
  const stripe = createStripeWorld({
    timeline,
    note,
    random: random.fork('stripe'),
    deliver: (event) => {
      for (const listen of listeners) listen(event);
    },
  });
  const stripeWeather = { awayUntil: 0, busyUntil: 0 };
  const world: World = {
    ...{ plan, plant, timeline, random, faults, note, stripe, stripeWeather, listeners },
    mailbox: createMailbox(faults, random.fork('mailbox'), timeline.now),
    outside: outside(stripe),
    stripeClient: createStripeDouble(stripe, faults, stripeWeather),
    scenes: [],
    fees: new Map(),
    second: second && (() => install(world, { site: 'second', database: second, onEntries })),
  };
  const follow = followers(world);
  const onEntries: OnEntries = (scene, feeCase, entries) => follow(scene, feeCase, entries);
  const scene = install(world, { site: 'levy', database: first, onEntries });
  await seed(scene);
  await gather(scene);
  return { world, log };
}

/** The people, what they do and what befalls them, each at its time. */
async function gather(scene: Scene): Promise<void> {
  const { plan, timeline } = scene.setting;
  for (const one of plan.people) {
    const person = invite(scene, one);
    if (one.joinsAt === null) {
      const written = await scene.plain.clinicians.upsert(person.row);
      if ('clinicianId' in written) person.clinicianId = written.clinicianId;
      person.joined = true;
    } else timeline.at(one.joinsAt, () => void join(scene, person));
    for (const use of one.uses) {
      const bring = use.at < plan.openAt ? plantUse : importUse;
      timeline.at(use.at, () => void bring(scene, person, use));
    }
  }
  timeline.at(plan.openAt, () => void open(scene));
  for (const { at, kind, person } of plan.happenings)
    if (at !== null) timeline.at(at, () => void happen(scene, kind, personOf(scene, person)));
  if (plan.happenings.some(({ kind }) => kind === 'dump_restored'))
    timeline.at(plan.openAt - HOUR_MS / 2, () => void keepDump(scene));
}

/** What follows on entries of the ledger: happenings of the plan, and answers to letters. */
function followers({ plan, timeline, random, note, faults, scenes }: World): OnEntries {
  const waiting = new Set(plan.happenings.filter(({ on }) => on !== null));
  const chance = random.fork('answers');
  const afterAll = random.fork('cards after all');

  return ({ setting: { site } }, { feeId, clinician: { ref } }: FeeRecord, entries: NewEntry[]) => {
    const [scene] = scenes;
    const isFirst = scene?.setting.site === site;
    note(`${isFirst ? '' : `${site}: `}${ref}: ${entries.map(({ kind }) => kind).join(', ')}`);
    const person = scene?.truth.people.find(({ plan: one }) => one.ref === ref);
    if (!scene || !person) return;
    for (const one of entries) {
      for (const happening of isFirst ? waiting : []) {
        if (happening.on !== one.kind || happening.person !== person.plan.index) continue;
        waiting.delete(happening);
        if (faults.stopped()) continue;
        const { kind, after } = happening;
        timeline.at(timeline.now() + after, () => void happen(scene, kind, person));
      }
      const soon = timeline.now() + chance.between(HOUR_MS, 8 * DAY_MS);
      if (one.kind === 'email_sent' && one.data.email === 'card_needed' && chance.chance(0.6))
        timeline.at(soon, () => void answerLetter(scene, person));
      if (one.kind === 'gave_up' && afterAll.chance(0.6))
        timeline.at(soon, () => void giveCardAfterAll(scene, person, feeId));
      if (one.kind === 'notice_failed' && chance.chance(0.5))
        timeline.at(
          soon,
          () => void change(scene, person, { email: `${CANARY}.${ref}.new@people.example` }),
        );
    }
  };
}

function personOf({ truth }: Scene, index: number | null): Person | null {
  return truth.people.find(({ plan }) => plan.index === index) ?? null;
}
