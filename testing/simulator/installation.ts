import type pg from 'pg';
import { RATES, VENDORS } from '../../config/rates.ts';
import type { NewEntry } from '../../core/fee/fee.ts';
import type { FeeRecord } from '../../ledger/fees.ts';
import { createLedger } from '../../ledger/ledger.ts';
import { startProcesses } from './processes.ts';
import type { SimulatedDatabase } from './database.ts';
import { resume } from './events/assessment.ts';
import { createOperator } from './operator.ts';
import { HOUR_MS } from './plan.ts';
import type { PendingWork } from './pending-work.ts';
import { createPumping } from './pumping.ts';
import { createQueue } from './queue.ts';
import type { Scenario } from './scenario.ts';
import type { Environment } from './environment.ts';
import { emptyExpected } from './expected.ts';
import { createWebhooks } from './webhooks.ts';
import type { World } from './world.ts';

/** What was written to a fee, and by which installation. */
export type OnEntries = (scenario: Scenario, feeRecord: FeeRecord, entries: NewEntry[]) => void;

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
): Scenario {
  const { timeline, faults, plan, mutation, mailbox, stripe } = world;
  const isFirst = world.scenarios.length === 0;
  const random = isFirst ? world.random : world.random.fork(site);
  const note = isFirst ? world.note : (line: string) => world.note(`${site}: ${line}`);
  const expected = emptyExpected();
  const webhooks = createWebhooks(
    { timeline, faults, note, random },
    () => operator,
    () => pumping.kick(2_000),
  );
  const queue = createQueue({
    timeline,
    faults,
    note,
    random: random.fork('queue'),
    taker: () => processes.worker(),
    onEnd: () => pumping.kick(1_000),
    onError: (error) => expected.errors.push(error),
  });
  const environment: Environment = {
    ...{ site, plan, mutation, timeline, random, faults, database, queue, mailbox, note },
    databaseOutage: { awayUntil: 0 },
    stripe: stripe.client,
    say: (fields, message) => expected.logged.push(`${message} ${JSON.stringify(fields)}`),
    beganWave(bulkId, wave) {
      note(`a wave of ${bulkId} begins after its member ${wave.after}`);
      expected.bulkActs.find((one) => one.bulkId === bulkId)?.waves.push(wave);
    },
    wrote(feeRecord, entries) {
      world.fees.set(feeRecord.feeId, feeRecord.clinician.ref);
      onEntries(scenario, feeRecord, entries);
    },
  };
  const processes = startProcesses(environment);
  const operator = createOperator(environment, processes.api, expected.unanswered);
  const pumping = createPumping(environment, processes.worker, (pending) =>
    watch(scenario, pending),
  );
  const scenario: Scenario = {
    ...{ environment, expected, operator, stripe, processes },
    plain: createLedger(database as unknown as pg.Pool, () => 0),
    outside: world.outside,
    kick: pumping.kick,
    hint: (event) => webhooks.forge(event),
    others: () => world.scenarios.filter((one) => one !== scenario),
    second: world.second,
    fees: world.fees,
  };
  world.scenarios.push(scenario);
  world.listeners.push(webhooks.deliver);
  return scenario;
}

/** Gives an empty database what a program writes there when it starts. */
export async function seed({ plain }: Pick<Scenario, 'plain'>): Promise<void> {
  await plain.rates.seed(VENDORS, RATES);
}

/** An operator finds the assessment paused by levy itself, looks, and lets it go on. */
function watch(scenario: Scenario, { paused }: PendingWork): void {
  const { timeline, random, note } = scenario.environment;
  const isKnown = scenario.expected.pauses.some(({ until }) => until === Infinity);
  if (paused === 0 || isKnown) return;
  note('levy has paused the assessment');
  const pause = { from: timeline.now(), until: Infinity };
  scenario.expected.pauses.push(pause);
  timeline.at(timeline.now() + random.between(1, 40) * HOUR_MS, () => void resume(scenario, pause));
}
