import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Answer, Task } from './child.ts';
import { planOf, type Cut } from './plan.ts';
import { mutationOf } from './mutations/mutations.ts';
import type { SeedResult } from './seed.ts';

/** Which seed to run, and how. */
export interface SeedRequest {
  seed: number;
  mutation?: string;
  cut?: Cut;
  wantsLog?: boolean;
}

/** Some processes that run seeds side by side, each in a database of its own. */
export interface SeedPool {
  size: number;
  /** Runs one seed, as soon as a process is free. */
  run(request: SeedRequest): Promise<SeedResult>;
  close(): Promise<void>;
}

interface Worker {
  child: ChildProcess;
  /** Its databases, by the name of the mutation that changes them. */
  urls: Map<string, string>;
}

const CHILD = fileURLToPath(new URL('./child.ts', import.meta.url));

/** Starts so many processes. `newDatabase` makes a migrated, empty database and gives its URL. */
export function startSeedPool(size: number, newDatabase: () => Promise<string>): SeedPool {
  const workers = Array.from({ length: size }, (): Worker => {
    const child = fork(CHILD, { execArgv: ['--import', 'tsx'], serialization: 'advanced' });
    return { child, urls: new Map() };
  });
  const idle = [...workers];
  const waiting: ((worker: Worker) => void)[] = [];

  const free = () =>
    new Promise<Worker>((resolve) => {
      const worker = idle.pop();
      if (worker) resolve(worker);
      else waiting.push(resolve);
    });

  async function urlFor({ urls }: Worker, mutation: string, nth = 'first'): Promise<string> {
    const name = `${mutationOf(mutation).sql ? mutation : 'none'} ${nth}`;
    const url = urls.get(name) ?? (await newDatabase());
    urls.set(name, url);
    return url;
  }

  return {
    size,
    async run({ seed, mutation = 'none', cut = {}, wantsLog = false }) {
      const worker = await free();
      try {
        const url = await urlFor(worker, mutation);
        const isSecond = planOf(seed, cut).scheduledEvents.some(
          ({ kind }) => kind === 'second_installation',
        );
        const secondUrl = isSecond ? await urlFor(worker, mutation, 'second') : null;
        const task: Task = { url, secondUrl, seed, mutation, cut, wantsLog };
        return await ask(worker.child, task);
      } finally {
        const next = waiting.shift();
        if (next) next(worker);
        else idle.push(worker);
      }
    },
    async close() {
      const living = workers.filter(({ child }) => child.exitCode === null);
      const ended = living.map(({ child }) => once(child, 'exit'));
      for (const { child } of workers) if (child.connected) child.disconnect();
      await Promise.all(ended);
    },
  };
}

async function ask(child: ChildProcess, task: Task): Promise<SeedResult> {
  const stop = new AbortController();
  const { signal } = stop;
  try {
    const ended = once(child, 'exit', { signal }).then(() => {
      throw new Error(`The process ended that ran seed ${task.seed}.`);
    });
    ended.catch(() => undefined);
    const answered = once(child, 'message', { signal });
    child.send(task);
    const [answer] = (await Promise.race([answered, ended])) as [Answer];
    if ('result' in answer) return answer.result;
    throw new Error(`Seed ${task.seed} could not be run: ${answer.error}`);
  } finally {
    stop.abort();
  }
}
