import type { Faults } from './faults.ts';
import type { Random } from './random.ts';
import type { Timeline } from './timeline.ts';

/** The lifecycle of a process: from its start until it is killed. */
export interface ProcessLifecycle {
  name: string;
  alive: boolean;
  /** Until when it stands still, as after SIGSTOP. */
  frozenUntil: number;
  /** Its monotonic clock, in ms. */
  elapsedMs: () => number;
  /**
   * Time passes on the way to or from the outside world. Whoever waits here when the process is
   * killed never hears again: that is what a crash is. `chances` is how many times more likely
   * than elsewhere a crash or a standstill is just here.
   */
  pass(ms: number, where: string, chances?: number): Promise<void>;
  /** What the system takes back when the process is killed. */
  releases: Set<() => void>;
  /** Kills it. */
  end(where: string): void;
}

const MINUTE_MS = 60_000;
/** Mostly what a pause of a machine takes; sometimes longer than Stripe remembers a key. */
const STALLS_MS = [1, 1, 5, 5, 60, 7 * 60, 26 * 60].map((minutes) => minutes * MINUTE_MS);

/** Starts one. `die` is told that it ended, where. */
export function createLifecycle(args: {
  name: string;
  timeline: Timeline;
  faults: Faults;
  random: Random;
  die: (where: string) => void;
  note: (line: string) => void;
}): ProcessLifecycle {
  const { name, timeline, faults, random, die, note } = args;
  const bornAt = timeline.now();
  const pace = faults.strikes('clock_fast') ? random.pick([1.0005, 1.2, 3, 60]) : 1;
  const lifecycle: ProcessLifecycle = {
    name,
    alive: true,
    frozenUntil: 0,
    releases: new Set(),
    end,
    elapsedMs: () => (timeline.now() - bornAt) * pace,
    async pass(ms, where, chances = 1) {
      await timeline.sleep(ms);
      for (let n = 0; n < chances && lifecycle.alive; n += 1) {
        if (faults.strikes('crash')) end(where);
        if (faults.strikes('stall')) freeze(where);
      }
      while (lifecycle.alive && lifecycle.frozenUntil > timeline.now())
        await timeline.sleep(lifecycle.frozenUntil - timeline.now());
      if (!lifecycle.alive) await new Promise<never>(() => undefined);
    },
  };

  function end(where: string): void {
    if (!lifecycle.alive) return;
    lifecycle.alive = false;
    note(`${name} is killed: ${where}`);
    for (const takeBack of lifecycle.releases) takeBack();
    die(where);
  }

  function freeze(where: string): void {
    const ms = random.pick(STALLS_MS);
    lifecycle.frozenUntil = Math.max(lifecycle.frozenUntil, timeline.now() + ms);
    note(`${name} stands still for ${ms / MINUTE_MS} minutes: ${where}`);
  }

  return lifecycle;
}
