import { setTimeout as sleep } from 'node:timers/promises';
import { createRandom, type Random } from '../simulator/random.ts';
import { counted } from './check/check.ts';
import { namesDouble, verified } from './check/verify.ts';
import type { Fault } from './faults/fault.ts';
import { PEOPLE_FAULTS } from './faults/people.ts';
import { PROGRAM_FAULTS } from './faults/programs.ts';
import { ROSTER_FAULTS } from './faults/roster.ts';
import { loseQueue, STORE_FAULTS } from './faults/stores.ts';
import { BANK_FAULTS, STRIPE_FAULTS } from './faults/stripe.ts';
import { heal, hourlyCheck, converged } from './convergence.ts';
import { dumpLedger, loseLedgers, planLosses } from './losses.ts';
import { liveBeside, openSecond, planSecond, type Second } from './second-installation.ts';
import { openHarness, type Harness } from './harness.ts';
import { createCounter } from './counter.ts';
import { beginYear, fillRoster, importWave, note, tend, WAVES } from './year.ts';

export interface ChaosWish {
  queue: 'redis' | 'postgres';
  /** How long things fail; healing and checking come on top. */
  seconds: number;
  seed: string;
  people: number;
  workers: number;
  /** Another installation works on the same Stripe account for part of the time. */
  second: boolean;
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
  convergedAfter: number;
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
  ...ROSTER_FAULTS,
];
/** Between two faults of the schedule, in ms. */
const PAUSE_MS = [300, 1_100] as const;
/** Stalled jobs come back after half a minute, and then take their turn. */
const CONVERGENCE_LIMIT_MS = 240_000;

/** One run from the start of the services to the last check. Throws when it could not be made. */
export async function runChaos(input: ChaosWish): Promise<ChaosOutcome> {
  const { queue, seconds, seed, people, say, stop } = input;
  const random = createRandom(`chaos ${seed}`);
  const { counter, counts } = createCounter();
  // A year of some 250 working days in the time there is; two weeks of notice take 14 of them.
  const dayMs = Math.max(60, Math.min(300, Math.round((seconds * 1000) / 250)));
  say(`chaos on ${queue}, seed ${seed}: ${seconds} s of faults, ${people} people, day ${dayMs} ms`);
  const harness = await openHarness({
    queue,
    workers: input.workers,
    dayMs,
    random,
    counter,
    stop,
  });
  let keep = true;
  try {
    await fillRoster(harness, people);
    const early = await dumpLedger(harness);
    const second = input.second ? await openSecond(harness) : null;
    const living = second
      ? liveBeside(harness, second, planSecond(random.fork('second')), seconds * 1000)
      : Promise.resolve();
    // Waited for at the end; a run that breaks off before does not wait.
    living.catch(() => undefined);
    await beginYear(harness);
    say('the year has begun; from here on everything fails');
    const plan = planLosses(random.fork('losses'), seconds);
    await fail(harness, seconds * 1000, () =>
      loseLedgers(harness, plan, { early, ms: seconds * 1000 }),
    );
    await living;
    say('healing, and waiting for quiet');
    const healedAt = performance.now();
    if (input.flushAtEnd) await loseQueue(harness);
    await settle(harness, second, say);
    const convergedAfter = Math.round((performance.now() - healedAt) / 100) / 10;
    const violations = await violationsOf(harness, second?.harness ?? null);
    keep = input.keep || violations.length > 0;
    const { sandbox, mailbox, folder } = harness.services;
    return {
      ...{ queue, seed, seconds, people, convergedAfter, faults: counts(), violations },
      states: await statesOf(harness),
      // The last one was made to see whether the check names it.
      charges: sandbox.books('fee').succeeded.length - 1,
      mails: mailbox.received(),
      logs: keep ? folder : null,
    };
  } finally {
    await harness.close(keep && !stop.aborted);
  }
}

async function violationsOf(harness: Harness, second: Harness | null): Promise<string[]> {
  return [
    ...harness.violations,
    ...(await verified(harness, second)),
    ...(second ? await verified(second, harness) : []),
    ...(await counted(harness, second)),
    ...(await namesDouble(harness)),
    ...harness.processes.fallen.map((last) => `ended by itself: ${last}`),
  ];
}

/**
 * Deals faults from a deck, shuffled anew when it is empty, while the year goes on and the ledger
 * is lost.
 *
 * @param losing  over when the ledger was lost as planned and the office has gone on
 */
async function fail(harness: Harness, ms: number, losing: () => Promise<void>): Promise<void> {
  const { stop } = harness;
  const random = harness.random.fork('schedule');
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
    if (deck.length === 0) deck = shuffled(harness, random);
    under.push(
      deck
        .pop()
        ?.strike(harness)
        .catch(() => undefined) ?? Promise.resolve(),
    );
  };
  // Waited for at the end; a run that breaks off before does not wait.
  const goesOn = (work: Promise<unknown>) => {
    work.catch(() => undefined);
    under.push(work);
  };
  let wave = 1;
  const handIn = (part: number) => goesOn(importWave(harness, part));
  goesOn(losing());
  const imports = async () => {
    if (wave < WAVES) handIn(wave);
    wave += 1;
  };
  await Promise.all([
    loop(() => random.between(...PAUSE_MS), strike),
    loop(
      () => 1_000,
      () => tend(harness),
    ),
    loop(() => ms / (2 * WAVES), imports),
  ]);
  stop.throwIfAborted();
  // What nobody has handed in yet is handed in now, late as it is.
  for (; wave < WAVES; wave += 1) handIn(wave);
  await heal(harness);
  await Promise.all(under);
}

function shuffled({ queue }: Harness, random: Random): Fault[] {
  const cards = FAULTS.filter(({ on }) => !on || on === queue).flatMap((fault) =>
    Array.from({ length: fault.weight }, () => ({ fault, at: random.next() })),
  );
  return cards.sort((a, b) => a.at - b.at).map(({ fault }) => fault);
}

/** Everything comes to its end: the fees, then the hourly check, then what that has brought up. */
async function settle(
  harness: Harness,
  second: Second | null,
  say: ChaosWish['say'],
): Promise<void> {
  await heal(harness);
  second?.go();
  const offices: [Harness, () => Promise<void>][] = [[harness, () => tend(harness)]];
  if (second) offices.push([second.harness, second.tend]);
  for (const part of ['everything rests', 'everything rests after the hourly check'])
    for (const [one, attend] of offices) {
      const left = await converged(one, CONVERGENCE_LIMIT_MS, attend);
      if (left) note(one, `no quiet: ${left}`);
      say(`${one.which} ledger: ${left ? `no quiet: ${left}` : part}`);
      if (part === 'everything rests' && !(await hourlyCheck(one, CONVERGENCE_LIMIT_MS)))
        note(one, 'the hourly check has not finished');
    }
}

async function statesOf({ pool }: Harness): Promise<Record<string, number>> {
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
    `\n${outcome.charges} charges, ${outcome.mails} mails taken; ` +
      `quiet ${outcome.convergedAfter} s ` +
      'after the healing.',
  );
  for (const violation of violations) say(`VIOLATION  ${violation}`);
  if (logs) say(`Logs are kept in ${logs}`);
  say(violations.length === 0 ? '0 violations.' : `${violations.length} violations.`);
}
