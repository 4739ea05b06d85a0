import type { Timeline } from './timeline.ts';

let timeline: Timeline | null = null;

/** From now on timers pass in the time of this timeline. */
export function runTimersOn(virtual: Timeline): void {
  timeline = virtual;
}

/**
 * In the simulator only virtual time passes: the production's own patience of seconds would make a
 * slow machine see another year than a quick one, so that no timer ever ends. One does, in virtual
 * time: the `stripe` library's pause before its second try after a closed connection, which alone
 * hands arguments to its timer.
 */
export function takeOverTimers(): void {
  const timer = (what: (...args: unknown[]) => void, ms: number, ...args: unknown[]) => {
    if (timeline && args.length > 0) timeline.at(timeline.now() + ms, () => what(...args));
    return NEVER;
  };
  globalThis.setTimeout = timer as unknown as typeof setTimeout;
}

/** The handle of a timer that never ends; a real one would stay in memory after its seed. */
const NEVER = { ref: () => NEVER, unref: () => NEVER, hasRef: () => false, refresh: () => NEVER };
