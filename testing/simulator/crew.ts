import { startProcess, type Process } from './process.ts';
import type { Setting } from './setting.ts';

/** The processes of levy: workers and one API, each started again after it was killed. */
export interface Crew {
  /** Some worker that lives and does not stand still, or null. */
  worker(): Process | null;
  /** The API, if it lives. */
  api(): Process | null;
  /** All that are down are started, all that stand still go on. */
  revive(): void;
  /** Kills all of them; none is started before `start`. */
  halt(why: string): void;
  start(): void;
  isHalted(): boolean;
}

export function startCrew(setting: Setting): Crew {
  const { timeline, faults, plan } = setting;
  const random = setting.random.fork('crew');
  const names = ['api', ...Array.from({ length: plan.workers }, (_, n) => `worker ${n + 1}`)];
  const running = new Map<string, Process>();
  let isHalted = false;

  function start(name: string): void {
    if (isHalted || running.get(name)?.life.alive) return;
    const process = startProcess(setting, name, () => {
      const ms = faults.stopped() ? 1_000 : random.pick([1_000, 10_000, 300_000, 3_600_000]);
      timeline.at(timeline.now() + ms, () => start(name));
    });
    running.set(name, process);
    if (name !== 'api') void process.begin();
  }

  for (const name of names) start(name);
  return {
    worker() {
      const able = [...running.values()].filter(
        ({ life }) => life.name !== 'api' && life.alive && life.frozenUntil <= timeline.now(),
      );
      return able.length > 0 ? random.pick(able) : null;
    },
    api() {
      const process = running.get('api');
      return process?.life.alive ? process : null;
    },
    revive() {
      for (const name of names) start(name);
      for (const { life } of running.values()) life.frozenUntil = 0;
    },
    halt(why) {
      isHalted = true;
      for (const { life } of running.values()) life.end(why);
    },
    isHalted: () => isHalted,
    start() {
      isHalted = false;
      for (const name of names) start(name);
    },
  };
}
