import type { NewEntry } from '../../core/fee/fee.ts';
import type { FeeRecord } from '../../ledger/fees.ts';
import { checkEverything } from './check/check.ts';
import type { Violation } from './check/violation.ts';
import type { FeeFacts } from './check/facts.ts';
import type { SimulatedDatabase } from './database.ts';
import { createFaults, type Fault } from './faults.ts';
import { approve, open, resume } from './events/assessment.ts';
import { watchAgain } from './events/bulk-act.ts';
import { keepDump } from './events/disaster.ts';
import { answerLetter, runEvent } from './events/run-event.ts';
import { giveCardAfterAll } from './events/page.ts';
import { CANARY, change, importUse, invite, join, seedUse } from './events/roster.ts';
import { install, seed, type OnEntries } from './installation.ts';
import { addLived, livedOf, type Lived } from './lived.ts';
import { createMailbox } from './mailbox.ts';
import { DAY_MS, HOUR_MS, YEAR_START, type Plan } from './plan.ts';
import type { Mutation } from './mutations/mutation.ts';
import { createRandom } from './random.ts';
import type { Scenario } from './scenario.ts';
import { createStripeAccount } from './account/account.ts';
import { outside } from './account/outside.ts';
import { runTimersOn } from './timers.ts';
import { createTimeline, MOST_STEPS } from './timeline.ts';
import type { Person } from './expected.ts';
import type { World } from './world.ts';

/** What a seed came to. */
export interface Outcome {
  seed: number;
  violations: Violation[];
  fees: FeeFacts[];
  /** How often each fault struck. */
  faults: Partial<Record<Fault, number>>;
  steps: number;
  lived: Lived;
  /** The log of the year, in order: the same for the same seed, to the byte. */
  log: string[];
}

/** The databases of a seed: the second is only there when its plan has a second installation. */
export interface Databases {
  first: SimulatedDatabase;
  second: SimulatedDatabase | null;
}

/** After the faults are over: long enough for a notice, a whole ladder of tries and its letters. */
const AFTERMATH_DAYS = 90;

/** Runs one year of one practice, heals everything, lets it rest, and checks. */
export async function runYear(
  databases: Databases,
  plan: Plan,
  mutation: Mutation,
): Promise<Outcome> {
  const { world, log } = await prepare(databases, plan, mutation);
  const { timeline, faults, note } = world;
  await timeline.runUntil(plan.healAt);

  note('everything heals');
  faults.stop();
  Object.assign(world.stripe.outage, { awayUntil: 0, busyUntil: 0 });
  for (const scenario of world.scenarios) heal(scenario);
  await timeline.runUntil(plan.healAt + AFTERMATH_DAYS * DAY_MS);

  const violations: Violation[] = [];
  const fees: FeeFacts[] = [];
  for (const scenario of world.scenarios) {
    const found = await checkEverything(scenario);
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
    lived: world.scenarios.map(livedOf).reduce((sum, one) => addLived(sum, one)),
    log,
  };
}

/** From now on all goes well, and whoever has put something off does it. */
function heal(scenario: Scenario): void {
  const { environment, expected, processes } = scenario;
  const { timeline, plan } = environment;
  environment.databaseOutage.awayUntil = 0;
  processes.revive();
  for (const pause of expected.pauses) void resume(scenario, pause);
  const opening = expected.opened.size === 0 ? open(scenario) : Promise.resolve();
  void opening.then(() => resumeForgotten(scenario));
  for (const days of [0.1, 2, 9])
    timeline.at(plan.healAt + days * DAY_MS, () => void approve(scenario));
  // Also one that was begun by a question that came through late.
  timeline.at(plan.healAt + DAY_MS, () => void watchAgain(scenario));
  // The check by the clock; every hour would be most of the year.
  for (const days of [0.05, 20])
    timeline.at(plan.healAt + days * DAY_MS, () => environment.queue.forge('reconcile', {}));
}

/**
 * Somebody's pause went through and its answer was lost, or levy paused an assessment whose opening
 * nobody was told of: nobody else would end it.
 */
async function resumeForgotten(scenario: Scenario): Promise<void> {
  const { rows } = await scenario.environment.database.query(
    'select from assessments where paused_at is not null',
  );
  if (rows.length > 0) await resume(scenario, { until: Infinity });
}

/** Builds the world of a seed and puts its events on its timeline. */
async function prepare({ first, second }: Databases, plan: Plan, mutation: Mutation) {
  const random = createRandom(`levy ${plan.seed} lived`);
  const timeline = createTimeline(YEAR_START, random.fork('order'), first.busy);
  runTimersOn(timeline);
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
  const stripe = createStripeAccount({
    ...{ timeline, faults, note },
    random: random.fork('stripe'),
    deliver: (event) => {
      for (const listen of listeners) listen(event);
    },
  });
  const world: World = {
    ...{ plan, mutation, timeline, random, faults, note, stripe, listeners },
    mailbox: createMailbox(faults, random.fork('mailbox'), timeline.now),
    outside: outside(stripe, timeline),
    scenarios: [],
    fees: new Map(),
    second: second && (() => install(world, { site: 'second', database: second, onEntries })),
  };
  const follow = followers(world);
  const onEntries: OnEntries = (scenario, feeRecord, entries) =>
    follow(scenario, feeRecord, entries);
  const scenario = install(world, { site: 'levy', database: first, onEntries });
  await seed(scenario);
  await gather(scenario);
  return { world, log };
}

/** The people, what they do and the scheduled events, each at its time. */
async function gather(scenario: Scenario): Promise<void> {
  const { plan, timeline } = scenario.environment;
  for (const one of plan.people) {
    const person = invite(scenario, one);
    if (one.joinsAt === null) {
      const written = await scenario.plain.clinicians.upsert(person.row);
      if ('clinicianId' in written) person.clinicianId = written.clinicianId;
      person.joined = true;
    } else timeline.at(one.joinsAt, () => void join(scenario, person));
    for (const use of one.uses) {
      const bring = use.at < plan.openAt ? seedUse : importUse;
      timeline.at(use.at, () => void bring(scenario, person, use));
    }
  }
  timeline.at(plan.openAt, () => void open(scenario));
  for (const { at, kind, person } of plan.scheduledEvents)
    if (at !== null)
      timeline.at(at, () => void runEvent(scenario, kind, personOf(scenario, person)));
  if (plan.scheduledEvents.some(({ kind }) => kind === 'dump_restored'))
    timeline.at(plan.openAt - HOUR_MS / 2, () => void keepDump(scenario));
}

/** What follows on entries of the ledger: events of the plan, and answers to letters. */
function followers({ plan, timeline, random, note, faults, scenarios }: World): OnEntries {
  const waiting = new Set(plan.scheduledEvents.filter(({ on }) => on !== null));
  const chance = random.fork('answers');
  const afterAll = random.fork('cards after all');

  return (
    { environment: { site } },
    { feeId, clinician: { ref } }: FeeRecord,
    entries: NewEntry[],
  ) => {
    const [scenario] = scenarios;
    const isFirst = scenario?.environment.site === site;
    note(`${isFirst ? '' : `${site}: `}${ref}: ${entries.map(({ kind }) => kind).join(', ')}`);
    const person = scenario?.expected.people.find(({ plan: one }) => one.ref === ref);
    if (!scenario || !person) return;
    for (const one of entries) {
      for (const scheduledEvent of isFirst ? waiting : []) {
        if (scheduledEvent.on !== one.kind || scheduledEvent.person !== person.plan.index) continue;
        waiting.delete(scheduledEvent);
        if (faults.stopped()) continue;
        const { kind, after } = scheduledEvent;
        timeline.at(timeline.now() + after, () => void runEvent(scenario, kind, person));
      }
      const soon = timeline.now() + chance.between(HOUR_MS, 8 * DAY_MS);
      if (person.plan.isPoor) continue;
      if (one.kind === 'email_sent' && one.data.email === 'card_needed' && chance.chance(0.6))
        timeline.at(soon, () => void answerLetter(scenario, person));
      if (one.kind === 'gave_up' && afterAll.chance(0.6))
        timeline.at(soon, () => void giveCardAfterAll(scenario, person, feeId));
      if (one.kind === 'notice_failed' && chance.chance(0.5))
        timeline.at(
          soon,
          () => void change(scenario, person, { email: `${CANARY}.${ref}.new@people.example` }),
        );
    }
  };
}

function personOf({ expected }: Scenario, index: number | null): Person | null {
  return expected.people.find(({ plan }) => plan.index === index) ?? null;
}
