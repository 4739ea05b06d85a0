import type { Faults } from './faults.ts';
import type { Random } from './random.ts';
import type { Timeline } from './timeline.ts';

/** One life of a process: from its start until it is killed. */
export interface Life {
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
  heirs: Set<() => void>;
  /** Kills it. */
  end(where: string): void;
}

const MINUTE_MS = 60_000;
/** Mostly what a pause of a machine takes; sometimes longer than Stripe remembers a key. */
const STALLS_MS = [1, 1, 5, 5, 60, 7 * 60, 26 * 60].map((minutes) => minutes * MINUTE_MS);

/** Begins a life. `die` is told that it ended, where. */
export function createLife(args: {
  name: string;
  timeline: Timeline;
  faults: Faults;
  random: Random;
  die: (where: string) => void;
  note: (line: string) => void;
}): Life {
  const { name, timeline, faults, random, die, note } = args;
  const bornAt = timeline.now();
  const pace = faults.strikes('clock_fast') ? random.pick([1.0005, 1.2, 3, 60]) : 1;
  const life: Life = {
    name,
    alive: true,
    frozenUntil: 0,
    heirs: new Set(),
    end,
    elapsedMs: () => (timeline.now() - bornAt) * pace,
    async pass(ms, where, chances = 1) {
      await timeline.sleep(ms);
      for (let n = 0; n < chances && life.alive; n += 1) {
        if (faults.strikes('crash')) end(where);
        if (faults.strikes('stall')) freeze(where);
      }
      while (life.alive && life.frozenUntil > timeline.now())
        await timeline.sleep(life.frozenUntil - timeline.now());
      if (!life.alive) await new Promise<never>(() => undefined);
    },
  };

  function end(where: string): void {
    if (!life.alive) return;
    life.alive = false;
    note(`${name} is killed: ${where}`);
    for (const takeBack of life.heirs) takeBack();
    die(where);
  }

  function freeze(where: string): void {
    const ms = random.pick(STALLS_MS);
    life.frozenUntil = Math.max(life.frozenUntil, timeline.now() + ms);
    note(`${name} stands still for ${ms / MINUTE_MS} minutes: ${where}`);
  }

  return life;
}
