import { setTimeout as sleep } from 'node:timers/promises';
import { createRandom, type Random } from '../simulator/random.ts';
import { counted, verified } from './check.ts';
import type { Fault } from './faults/fault.ts';
import { PEOPLE_FAULTS } from './faults/people.ts';
import { PROGRAM_FAULTS } from './faults/programs.ts';
import { loseQueue, STORE_FAULTS } from './faults/stores.ts';
import { BANK_FAULTS, STRIPE_FAULTS } from './faults/stripe.ts';
import { heal, hourlyCheck, quiet } from './quiet.ts';
import { openStage, type Stage } from './stage.ts';
import { createTally } from './tally.ts';
import { beginYear, importWave, tend, WAVES } from './year.ts';

export interface ChaosWish {
  queue: 'redis' | 'postgres';
  /** How long things fail; healing and checking come on top. */
  seconds: number;
  seed: string;
  people: number;
  workers: number;
  keep: boolean;
  /** The queue is lost once more when everything is healed: what is left comes from the ledger. */
  flushAtEnd: boolean;
  /** Told in one line each how it goes. */
  say: (line: string) => void;
  /** Ends the run early; everything is cleaned up all the same. */
  stop: AbortSignal;
}

export interface ChaosOutcome {
  queue: 'redis' | 'postgres';
  seed: string;
  seconds: number;
  people: number;
  /** Seconds from the healing until nothing more was to be done. */
  quietAfter: number;
  faults: Record<string, number>;
  states: Record<string, number>;
  charges: number;
  mails: number;
  violations: string[];
  /** Where the programs' logs are; null when they were not kept. */
  logs: string | null;
}

const FAULTS: Fault[] = [
  ...PROGRAM_FAULTS,
  ...STORE_FAULTS,
  ...STRIPE_FAULTS,
  ...BANK_FAULTS,
  ...PEOPLE_FAULTS,
];
/** Between two faults of the schedule, in ms. */
const PAUSE_MS = [300, 1_100] as const;
/** Stalled jobs come back after half a minute, and then take their turn. */
const QUIET_LIMIT_MS = 240_000;

/** One run from the start of the services to the last check. Throws when it could not be made. */
export async function runChaos(wish: ChaosWish): Promise<ChaosOutcome> {
  const { queue, seconds, seed, people, say, stop } = wish;
  const random = createRandom(`chaos ${seed}`);
  const { tally, counts } = createTally();
  // A year of some 250 working days in the time there is; two weeks of notice take 14 of them.
  const dayMs = Math.max(60, Math.min(300, Math.round((seconds * 1000) / 250)));
  say(`chaos on ${queue}, seed ${seed}: ${seconds} s of faults, ${people} people, day ${dayMs} ms`);
  const stage = await openStage({ queue, workers: wish.workers, dayMs, random, tally, stop });
  let keep = true;
  try {
    await beginYear(stage, people);
    say('the year has begun; from here on everything fails');
    await fail(stage, seconds * 1000);
    say('healing, and waiting for quiet');
    const healedAt = performance.now();
    if (wish.flushAtEnd) await loseQueue(stage);
    await settle(stage, say);
    const quietAfter = Math.round((performance.now() - healedAt) / 100) / 10;
    const violations = [
      ...stage.violations,
      ...(await verified(stage)),
      ...(await counted(stage)),
      ...(await found(stage)),
      ...stage.crew.fallen.map((last) => `ended by itself: ${last}`),
    ];
    keep = wish.keep || violations.length > 0;
    return {
      ...{ queue, seed, seconds, people, quietAfter, faults: counts(), violations },
      states: await statesOf(stage),
      charges: stage.services.sandbox.books('fee').succeeded.length,
      mails: stage.services.mailbox.received(),
      logs: keep ? stage.services.folder : null,
    };
  } finally {
    await stage.close(keep && !stop.aborted);
  }
}

/** Deals faults from a deck, shuffled anew when it is empty, while the year goes on. */
async function fail(stage: Stage, ms: number): Promise<void> {
  const { stop } = stage;
  const random = stage.random.fork('schedule');
  const under: Promise<unknown>[] = [];
  const began = performance.now();
  const rest = () => ms - (performance.now() - began);
  const loop = async (everyMs: () => number, work: () => Promise<unknown>) => {
    while (rest() > 0 && !stop.aborted) {
      await sleep(Math.min(everyMs(), Math.max(0, rest())));
      if (rest() > 0) await work();
    }
  };
  let deck: Fault[] = [];
  const strike = async () => {
    if (deck.length === 0) deck = shuffled(stage, random);
    under.push(
      deck
        .pop()
        ?.strike(stage)
        .catch(() => undefined) ?? Promise.resolve(),
    );
  };
  let wave = 1;
  const handIn = (part: number) => {
    const taken = importWave(stage, part);
    // Waited for at the end; a run that breaks off before does not wait.
    taken.catch(() => undefined);
    under.push(taken);
  };
  const imports = async () => {
    if (wave < WAVES) handIn(wave);
    wave += 1;
  };
  await Promise.all([
    loop(() => random.between(...PAUSE_MS), strike),
    loop(
      () => 1_000,
      () => tend(stage),
    ),
    loop(() => ms / (2 * WAVES), imports),
  ]);
  stop.throwIfAborted();
  // What nobody has handed in yet is handed in now, late as it is.
  for (; wave < WAVES; wave += 1) handIn(wave);
  await heal(stage);
  await Promise.all(under);
}

function shuffled({ queue }: Stage, random: Random): Fault[] {
  const cards = FAULTS.filter(({ on }) => !on || on === queue).flatMap((fault) =>
    Array.from({ length: fault.weight }, () => ({ fault, at: random.next() })),
  );
  return cards.sort((a, b) => a.at - b.at).map(({ fault }) => fault);
}

/** Everything comes to its end: the fees, then the hourly check, then what that has brought up. */
async function settle(stage: Stage, say: ChaosWish['say']): Promise<void> {
  await heal(stage);
  for (const part of ['everything rests', 'everything rests after the hourly check']) {
    const left = await quiet(stage, QUIET_LIMIT_MS);
    if (left) stage.violations.push(`no quiet: ${left}`);
    say(left ? `no quiet: ${left}` : part);
    if (part === 'everything rests' && !(await hourlyCheck(stage, QUIET_LIMIT_MS)))
      stage.violations.push('the hourly check has not finished');
  }
}

/** What production's own checks have found, in the middle of it all or later. */
async function found({ pool }: Stage): Promise<string[]> {
  const { rows } = await pool.query<{ what: string }>(
    `select check_name || ': ' || coalesce(fee_id::text, '') || ' ' || detail as what
     from findings`,
  );
  return rows.map(({ what }) => `found by the check in a worker: ${what}`);
}

async function statesOf({ pool }: Stage): Promise<Record<string, number>> {
  const { rows } = await pool.query<{ state: string; fees: number }>(
    'select state, count(*)::integer as fees from fees group by state order by state',
  );
  return Object.fromEntries(rows.map(({ state, fees }) => [state, fees]));
}

/** The outcome for people. */
export function print(outcome: ChaosOutcome, say: (line: string) => void): void {
  const { faults, states, violations, logs } = outcome;
  say(`\nFaults on ${outcome.queue}, seed ${outcome.seed}`);
  for (const [fault, times] of Object.entries(faults))
    say(`${String(times).padStart(6)}  ${fault}`);
  say('\nFees at the end');
  for (const [state, fees] of Object.entries(states)) say(`${String(fees).padStart(6)}  ${state}`);
  say(
    `\n${outcome.charges} charges, ${outcome.mails} mails taken; quiet ${outcome.quietAfter} s ` +
      'after the healing.',
  );
  for (const violation of violations) say(`VIOLATION  ${violation}`);
  if (logs) say(`Logs are kept in ${logs}`);
  say(violations.length === 0 ? '0 violations.' : `${violations.length} violations.`);
}
