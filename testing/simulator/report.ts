import { FAULTS, type Fault } from './faults.ts';
import { LIVED } from './lived.ts';
import type { Hunt, Runs } from './runs.ts';
import type { SeedResult } from './seed.ts';
import type { Shrunk } from './shrink.ts';

/** What is printed of a run, for people; `toJson` has the same for programs. */
export function tellRuns(runs: Runs): string {
  const { seeds, seconds, failed, steps } = runs;
  const lines = [
    `${seeds} seeds in ${seconds.toFixed(1)} s: ${(seeds / seconds).toFixed(1)} seeds a second`,
    `${steps} steps, faults injected:`,
    ...faultLines(runs),
    'and lived through:',
    ...livedLines(runs),
    `violations: ${failed.reduce((sum, { violations }) => sum + violations.length, 0)} ` +
      `in ${failed.length} seeds`,
    bound(runs),
  ];
  return lines.join('\n');
}

function faultLines({ faults }: Runs): string[] {
  const names = Object.keys(FAULTS) as Fault[];
  return names.map(
    (name) => `  ${String(faults[name] ?? 0).padStart(8)}  ${name}: ${FAULTS[name]}`,
  );
}

function livedLines({ lived }: Runs): string[] {
  const names = Object.keys(LIVED) as (keyof typeof LIVED)[];
  return names.map((name) => `  ${String(lived?.[name] ?? 0).padStart(8)}  ${LIVED[name]}`);
}

/** With no failure in n runs, the rate of failures is below 3/n with 95 % confidence. */
function bound({ seeds, failed }: Runs): string {
  if (failed.length > 0) return `${failed.length} of ${seeds} seeds failed`;
  const share = (3 / seeds).toPrecision(2);
  return `so fewer than ${share} of all such years break anything (95 % upper bound, 3/n)`;
}

export function tellFailure(result: SeedResult, again: boolean): string {
  const lines = result.violations.map(
    ({ invariant, feeId, what }) => `  [${invariant}] ${feeId ?? ''} ${what}`,
  );
  const replay = again ? 'replays to the byte' : 'DOES NOT REPLAY: the simulator itself is wrong';
  return [`seed ${result.seed}: ${result.violations.length} violations; ${replay}`, ...lines].join(
    '\n',
  );
}

export function tellShrunk({ cut, result, tries }: Shrunk, mutation: string): string {
  const { seed, people, scheduledEvents } = result;
  const option = mutation === 'none' ? '' : ` --mutation ${mutation}`;
  return (
    `  shrunk in ${tries} tries to ${people} people and ${scheduledEvents} events:\n` +
    `  npm run simulate -- --seed ${seed}${option} --log --cut '${JSON.stringify(cut)}'`
  );
}

export function tellHunt({ mutation, seeds, invariants }: Hunt): string {
  const name = mutation.padEnd(20);
  if (seeds === null) return `${name} NOT CAUGHT`;
  return `${name} caught after ${String(seeds).padStart(3)} seeds  (${invariants.join('; ')})`;
}
