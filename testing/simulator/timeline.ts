import type { Random } from './random.ts';

/**
 * Virtual time, and the only scheduler: its entries run one after the other at moments of their
 * own, and the clock jumps from each to the next. What is due at the same moment runs in an
 * order the seed decides.
 */
export interface Timeline {
  /** Milliseconds since 1970 of virtual time. */
  now(): number;
  /** Runs something at a moment, at once if that is past. */
  at(moment: number, what: () => void): void;
  /** Resolves that much later. */
  sleep(ms: number): Promise<void>;
  /**
   * Runs everything that is due up to and including `moment`, then stands there. Gives up
   * halfway when it has come to `MOST_STEPS`.
   */
  runUntil(moment: number): Promise<void>;
  /** How many entries have run. */
  steps(): number;
}

/** Several times what a busy year has: more is something that goes round and round. */
export const MOST_STEPS = 60_000;

interface TimelineEntry {
  at: number;
  /** Drawn by chance: the order of what is due at the same moment. */
  tie: number;
  what: () => void;
}

/**
 * @param busy  resolves when no real input or output is under way; null when there is none
 */
export function createTimeline(
  start: number,
  random: Random,
  busy: () => Promise<void> | null,
): Timeline {
  const heap: TimelineEntry[] = [];
  let now = start;
  let steps = 0;

  const at = (moment: number, what: () => void) =>
    push(heap, { at: Math.max(moment, now), tie: random.next(), what });

  /** Everything that follows from one entry without waiting for virtual time. */
  async function settled(): Promise<void> {
    do {
      await busy();
      await new Promise(setImmediate);
    } while (busy());
  }

  return {
    now: () => now,
    steps: () => steps,
    at,
    sleep: (ms) => new Promise((resolve) => at(now + ms, resolve)),
    async runUntil(moment) {
      for (let first = heap[0]; first && first.at <= moment; first = heap[0]) {
        if (steps >= MOST_STEPS) return;
        pop(heap);
        now = first.at;
        steps += 1;
        first.what();
        await settled();
      }
      now = Math.max(now, moment);
    },
  };
}

function isBefore(a: TimelineEntry, b: TimelineEntry): boolean {
  return a.at === b.at ? a.tie < b.tie : a.at < b.at;
}

function push(heap: TimelineEntry[], one: TimelineEntry): void {
  let place = heap.push(one) - 1;
  while (place > 0) {
    const above = (place - 1) >> 1;
    const parent = heap[above] as TimelineEntry;
    if (!isBefore(one, parent)) break;
    heap[place] = parent;
    place = above;
  }
  heap[place] = one;
}

function pop(heap: TimelineEntry[]): void {
  const last = heap.pop();
  if (!last || heap.length === 0) return;
  let place = 0;
  for (;;) {
    let below = place * 2 + 1;
    const [left, right] = [heap[below], heap[below + 1]];
    if (!left) break;
    if (right && isBefore(right, left)) below += 1;
    const child = heap[below] as TimelineEntry;
    if (!isBefore(child, last)) break;
    heap[place] = child;
    place = below;
  }
  heap[place] = last;
}
