import { checkPayload, jobId, JOBS, type JobName } from '../../jobs/jobs.ts';
import type { Done, Queues } from '../../jobs/queues.ts';
import type { Faults } from './faults.ts';
import { HOUR_MS } from './plan.ts';
import type { ProcessLifecycle } from './process-lifecycle.ts';
import type { Random } from './random.ts';
import type { Timeline } from './timeline.ts';

/** The part of the queues that the pump, the processors and the API use. */
export type QueuePort = Pick<Queues, 'enqueue' | 'enqueueMany' | 'queued' | 'clear'>;

/** A worker process as the queue sees it. */
export interface Taker {
  lifecycle: ProcessLifecycle;
  /** Works on a job. Never resolves when the process is killed. */
  work(name: JobName, payload: unknown): Promise<Done>;
}

interface Job {
  name: JobName;
  id: string;
  payload: unknown;
  state: 'waiting' | 'active' | 'delayed' | 'completed' | 'failed';
  tries: number;
  /** Who has the job: a result of anybody else counts for nothing. */
  token: number;
}

export interface AdversarialQueue {
  port(lifecycle: ProcessLifecycle): QueuePort;
  /** Loses everything. Whoever has a job in hand goes on with it. */
  flush(): void;
  /** Runs jobs again that were given out at some time, as a restored queue or a person does. */
  replay(count: number): void;
  /** Gives out a job nobody put there. */
  forge(name: JobName, payload: unknown): void;
  /** Every text the queue ever held or showed, for the scan for personal data. */
  texts: Set<string>;
}

/** How long a job's lock outlives the process that held it. */
const LOCK_MS = 45_000;
/** Jobs remembered to be run again one day. */
const MEMORY = 400;

/**
 * A queue at its worst: it loses jobs it took, gives them out twice, late and in any order, and
 * those of a dead or frozen worker again. An id that is known is silently taken for done.
 */
export function createQueue(args: {
  timeline: Timeline;
  faults: Faults;
  random: Random;
  /** A worker that can take a job now, or null. */
  taker: () => Taker | null;
  /** Told when a job has come to an end. */
  onEnd: () => void;
  /** Told of every error a job ended with. */
  onError: (error: unknown) => void;
  note: (line: string) => void;
}): AdversarialQueue {
  const { timeline, faults, random, taker, onEnd, onError, note } = args;
  const jobs = new Map<string, Job>();
  const history: { name: JobName; payload: unknown }[] = [];
  const texts = new Set<string>();
  let tokens = 0;

  function add(name: JobName, payload: unknown): void {
    const data = checkPayload(name, payload);
    const id = jobId(name, data);
    texts.add(`${id} ${JSON.stringify(data)}`);
    if (jobs.has(`${name} ${id}`) || faults.strikes('queue_dropped')) return;
    const job: Job = { name, id, payload: data, state: 'waiting', tries: 0, token: 0 };
    jobs.set(`${name} ${id}`, job);
    if (history.push({ name, payload: data }) > MEMORY) history.shift();
    offer(job, random.int(300));
    if (faults.strikes('queue_doubled')) offer(job, random.int(300), true);
  }

  function offer(job: Job, ms: number, anyway = false): void {
    const late = faults.strikes('queue_late') ? random.between(1, 90) * 60_000 : 0;
    timeline.at(timeline.now() + ms + late, () => give(job, anyway));
  }

  /** Gives the job to a worker. Without one, asks again, less and less often. */
  function give(job: Job, anyway: boolean, waitMs = 300_000): void {
    const isHere = jobs.get(`${job.name} ${job.id}`) === job;
    if (!anyway && !(isHere && (job.state === 'waiting' || job.state === 'delayed'))) return;
    const worker = taker();
    if (worker) void run(job, worker);
    else
      timeline.at(timeline.now() + waitMs, () => give(job, anyway, Math.min(waitMs * 2, HOUR_MS)));
  }

  async function run(job: Job, worker: Taker): Promise<void> {
    const token = (tokens += 1);
    Object.assign(job, { state: 'active', token });
    watch(job, token, worker.lifecycle);
    let end: Done | { threw: string };
    try {
      end = await worker.work(job.name, job.payload);
    } catch (error) {
      onError(error);
      end = { threw: codeOf(error) };
    }
    const said = Object.values(end).join();
    texts.add(said);
    note(`${worker.lifecycle.name}: ${job.id}: ${JSON.stringify(end)}`);
    if (job.token === token) finish(job, end);
    onEnd();
  }

  function finish(job: Job, end: Done | { threw: string }): void {
    const { attempts, backoffMs } = JOBS[job.name];
    if ('done' in end) job.state = 'completed';
    else job.state = 'failed';
    if (!('threw' in end)) return;
    job.tries += 1;
    if (job.tries >= attempts) return;
    job.state = 'delayed';
    offer(job, backoffMs * 2 ** (job.tries - 1));
  }

  /** The job of a process that is dead, or stands still, is given to another. */
  function watch(job: Job, token: number, lifecycle: ProcessLifecycle): void {
    timeline.at(timeline.now() + LOCK_MS, () => {
      if (job.token !== token || job.state !== 'active') return;
      if (lifecycle.alive && lifecycle.frozenUntil <= timeline.now())
        return watch(job, token, lifecycle);
      job.state = 'waiting';
      give(job, false);
    });
  }

  function port(lifecycle: ProcessLifecycle): QueuePort {
    const way = async () => {
      await lifecycle.pass(random.int(3), 'before the queue');
      if (faults.strikes('queue_refused')) throw new Error('READONLY');
    };
    return {
      async enqueue(name, payload) {
        await way();
        add(name, payload);
      },
      async enqueueMany(name, payloads) {
        if (payloads.length === 0) return;
        await way();
        for (const payload of payloads) add(name, payload);
        await lifecycle.pass(random.int(3), 'after the queue');
      },
      async queued(name) {
        await way();
        const going = new Set(['waiting', 'active', 'delayed']);
        return [...jobs.values()].filter((job) => job.name === name && going.has(job.state)).length;
      },
      async clear(name, payload) {
        await way();
        const id = `${name} ${jobId(name, payload)}`;
        const state = jobs.get(id)?.state;
        return (state === 'completed' || state === 'failed') && jobs.delete(id);
      },
    };
  }

  return {
    port,
    texts,
    flush: () => jobs.clear(),
    replay(count) {
      for (let n = 0; n < count && history.length > 0; n += 1) {
        const { name, payload } = random.pick(history);
        const id = `again ${(tokens += 1)}`;
        offer({ name, id, payload, state: 'waiting', tries: 0, token: 0 }, random.int(5_000), true);
      }
    },
    forge(name, payload) {
      const id = `forged ${(tokens += 1)}`;
      offer({ name, id, payload, state: 'waiting', tries: 0, token: 0 }, random.int(5_000), true);
    },
  };
}

/** As the real queue shows a failure: a code and nothing else. */
function codeOf(error: unknown): string {
  const { name, code, why } = error as { name?: unknown; code?: unknown; why?: unknown };
  return [name, code ?? why].filter((word) => typeof word === 'string').join(' ');
}
