import { startProcess, type Process } from './process.ts';
import type { Environment } from './environment.ts';

/** The processes of levy: workers and one API, each started again after it was killed. */
export interface Processes {
  /** Some worker that is alive and does not stand still, or null. */
  worker(): Process | null;
  /** The API, if it is alive. */
  api(): Process | null;
  /** All that are down are started, all that stand still go on. */
  revive(): void;
  /** Kills all of them; none is started before `start`. */
  halt(why: string): void;
  start(): void;
  isHalted(): boolean;
}

export function startProcesses(environment: Environment): Processes {
  const { timeline, faults, plan } = environment;
  const random = environment.random.fork('crew');
  const names = ['api', ...Array.from({ length: plan.workers }, (_, n) => `worker ${n + 1}`)];
  const running = new Map<string, Process>();
  let isHalted = false;

  function start(name: string): void {
    if (isHalted || running.get(name)?.lifecycle.alive) return;
    const process = startProcess(environment, name, () => {
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
        ({ lifecycle }) =>
          lifecycle.name !== 'api' && lifecycle.alive && lifecycle.frozenUntil <= timeline.now(),
      );
      return able.length > 0 ? random.pick(able) : null;
    },
    api() {
      const process = running.get('api');
      return process?.lifecycle.alive ? process : null;
    },
    revive() {
      for (const name of names) start(name);
      for (const { lifecycle } of running.values()) lifecycle.frozenUntil = 0;
    },
    halt(why) {
      isHalted = true;
      for (const { lifecycle } of running.values()) lifecycle.end(why);
    },
    isHalted: () => isHalted,
    start() {
      isHalted = false;
      for (const name of names) start(name);
    },
  };
}
