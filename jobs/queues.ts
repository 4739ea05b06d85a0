import {
  createPostgresBackend,
  createRedisBackend,
  Queue,
  UnrecoverableError,
  Worker,
  type BackendFactory,
  type IQueueBackend,
  type Job,
  type JobsOptions,
} from 'bullmq';
import { Redis } from 'ioredis';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import pg from 'pg';
import { checkPayload, JOB_NAMES, jobId, JOBS, type JobName, type Payload } from './jobs.ts';
import { migrateQueues, withQueueSettings } from './queue-schema.ts';

/** Where the queue lives: on Redis when there is one, else in the ledger's Postgres. */
export interface QueueOptions {
  redisUrl: string | null;
  databaseUrl: string;
  /** Namespace of the keys on a shared Redis. */
  prefix?: string;
  /** Told of trouble with the connection. */
  onError: (error: Error) => void;
  /** Told of every job whose processor threw; nobody is told unless given. */
  onFailure?: (failure: JobFailure) => void;
}

/** A processor threw. The queue keeps only a code and `errorId`, by which the log is found. */
export interface JobFailure {
  errorId: string;
  job: JobName;
  jobId: string;
  /** Null for a job that is about no single fee. */
  feeId: string | null;
  error: unknown;
}

/** What a processor came to. `failed` is a decision too: shown as failed, not tried again. */
export type Done = { done: string } | { failed: string };
export type Processor<Name extends JobName> = (payload: Payload<Name>) => Promise<Done>;

/** Jobs that need no payload and come by the clock. */
type RecurringJob = 'annual' | 'reconcile';

export interface RunningWorker {
  close(): Promise<void>;
}

/** Finished jobs kept for people; one that is kept never blocks the next, see the pump. */
type Kept = Pick<JobsOptions, 'removeOnComplete' | 'removeOnFail'>;

const MONTH_S = 30 * 24 * 3_600;
const KEPT_ON_REDIS: Kept = {
  removeOnComplete: { count: 100 },
  removeOnFail: { age: MONTH_S, count: 5_000 },
};
/** On Postgres nothing goes when a job ends: the ledger sweeps, see ledger/queue-sweep.ts. */
const KEPT_ON_POSTGRES: Kept = { removeOnComplete: false, removeOnFail: false };

interface Backend {
  name: 'redis' | 'postgres';
  kept: Kept;
  factory: BackendFactory<IQueueBackend, unknown>;
  forQueues: unknown;
  forWorkers: unknown;
  /** Throws at once when there is no connection, where the library would wait for one. */
  assertUp(): void;
  ping(): Promise<void>;
  close(): Promise<void>;
}

/**
 * The queues of every job, on one backend. The queue is disposable: whatever is lost with it,
 * the pump puts back from the ledger. Redis need not be there yet; on Postgres this throws when the
 * database is away, leaves nothing open, and can be called again.
 */
export async function createQueues(options: QueueOptions) {
  const backend = options.redisUrl
    ? await redisBackend(options.redisUrl, options.onError)
    : await postgresBackend(options.databaseUrl, options.onError);
  const shared = { prefix: options.prefix ?? 'levy', skipVersionCheck: true };
  const queues = Object.fromEntries(
    JOB_NAMES.map((name) => {
      const queue = new Queue(
        name,
        { ...shared, connection: backend.forQueues, streams: { events: { maxLen: 1_000 } } },
        backend.factory,
      );
      queue.on('error', options.onError);
      return [name, queue];
    }),
  ) as unknown as Record<JobName, Queue>;

  return {
    backend: backend.name,
    queues,

    /** Puts one job on its queue; the same job again changes nothing. */
    async enqueue<Name extends JobName>(name: Name, payload: Payload<Name>): Promise<void> {
      const data = checkPayload(name, payload);
      backend.assertUp();
      await queues[name].add(name, data, optionsOf(name, data, backend.kept));
    },

    /** Puts many jobs on one queue. */
    async enqueueMany<Name extends JobName>(name: Name, payloads: Payload<Name>[]): Promise<void> {
      const jobs = payloads.map((payload) => {
        const data = checkPayload(name, payload);
        return { name, data, opts: optionsOf(name, data, backend.kept) };
      });
      backend.assertUp();
      if (jobs.length > 0) await queues[name].addBulk(jobs);
    },

    /** Jobs of a queue that are waiting, delayed or in hand. */
    async queued(name: JobName): Promise<number> {
      backend.assertUp();
      const counts = await queues[name].getJobCounts(...UNFINISHED);
      return Object.values(counts).reduce((sum, count) => sum + count, 0);
    },

    /** Removes a finished job that still stands under an id that is needed again. */
    async clear<Name extends JobName>(name: Name, payload: Payload<Name>): Promise<boolean> {
      backend.assertUp();
      const job = (await queues[name].getJob(jobId(name, payload))) as Job | undefined;
      if (!job || !((await job.isFailed()) || (await job.isCompleted()))) return false;
      await job.remove();
      return true;
    },

    /** Puts a recurring job in place as a job scheduler; again changes nothing. */
    async schedule(name: RecurringJob, cron: string, timeZone: string): Promise<void> {
      backend.assertUp();
      if (await isScheduled(queues[name], name, cron, timeZone)) return;
      const { attempts, backoff, removeOnComplete, removeOnFail } = optionsOf(
        name,
        {},
        backend.kept,
      );
      await queues[name].upsertJobScheduler(
        name,
        { pattern: cron, tz: timeZone },
        { name, data: {}, opts: { attempts, backoff, removeOnComplete, removeOnFail } },
      );
    },

    /** Starts working on a queue in this process. */
    work<Name extends JobName>(name: Name, process: Processor<Name>): RunningWorker {
      const worker = new Worker(
        name,
        (job: Job) => run(name, process, job, options.onFailure),
        {
          ...shared,
          connection: backend.forWorkers,
          concurrency: JOBS[name].concurrency,
          // A stall is a crash or a pause of a worker, not a fault of the job; the ledger decides.
          maxStalledCount: 20,
        } as never,
        backend.factory as never,
      );
      worker.on('error', options.onError);
      return { close: () => worker.close() };
    },

    ping: backend.ping,

    async close(): Promise<void> {
      await Promise.all(Object.values(queues).map((queue) => queue.close()));
      await backend.close();
    },
  };
}

export type Queues = Awaited<ReturnType<typeof createQueues>>;

/** On Postgres what waits in a queue that is paused counts as `paused`, on Redis as `waiting`. */
const UNFINISHED = ['waiting', 'active', 'delayed', 'prioritized', 'paused'] as never[];

/**
 * Whether the next job of this scheduler is in place. Putting it there anew would replace a job
 * whose time came while nobody worked by the one after it: for the yearly one, a year later.
 */
async function isScheduled(
  queue: Queue,
  name: string,
  cron: string,
  timeZone: string,
): Promise<boolean> {
  const scheduler = await queue.getJobScheduler(name);
  if (scheduler?.pattern !== cron || scheduler.tz !== timeZone) return false;
  const job = (await queue.getJob(`repeat:${name}:${scheduler.next}`)) as Job | undefined;
  return job !== undefined && !(await job.isCompleted()) && !(await job.isFailed());
}

async function run<Name extends JobName>(
  name: Name,
  process: Processor<Name>,
  job: Pick<Job, 'id' | 'data'>,
  onFailure: QueueOptions['onFailure'],
): Promise<string> {
  let outcome: Done;
  try {
    outcome = await process(checkPayload(name, job.data));
  } catch (error) {
    const errorId = randomUUID().slice(0, 8);
    const { feeId } = Object(job.data) as { feeId?: unknown };
    onFailure?.({
      ...{ errorId, job: name, jobId: job.id ?? '', error },
      feeId: typeof feeId === 'string' ? feeId : null,
    });
    // The queue keeps the reason in clear and shows it: only codes may leave this process.
    const failure = new Error(`${codeOf(error)} (error ${errorId} in the log)`);
    failure.stack = failure.message;
    throw failure;
  }
  if ('done' in outcome) return outcome.done;
  const failure = new UnrecoverableError(outcome.failed);
  failure.stack = outcome.failed;
  throw failure;
}

/** An error as a code without content: `error ECONNREFUSED`, `error 40P01`, `TypeError`. */
function codeOf(error: unknown): string {
  const { name, code, why } = Object(error) as Record<string, unknown>;
  return [name, code ?? why].filter(isWord).join(' ') || 'error';
}

/** What looks like a code; whatever else stands where a code should may be anybody's words. */
function isWord(word: unknown): boolean {
  return typeof word === 'string' && /^[\w.-]{1,60}$/.test(word);
}

function optionsOf<Name extends JobName>(
  name: Name,
  payload: Payload<Name>,
  kept: Kept,
): JobsOptions {
  return {
    jobId: jobId(name, payload),
    attempts: JOBS[name].attempts,
    backoff: { type: 'exponential', delay: JOBS[name].backoffMs },
    ...kept,
  };
}

/** Longest wait at the start for the first answer of Redis; without one it counts as away. */
const FIRST_ANSWER_MS = 2_000;

async function redisBackend(url: string, onError: (error: Error) => void): Promise<Backend> {
  // A producer must fail fast, so that its caller knows; a worker waits for Redis to come back.
  const producer = new Redis(url, { maxRetriesPerRequest: 1, enableOfflineQueue: false });
  const consumer = new Redis(url, { maxRetriesPerRequest: null });
  for (const connection of [producer, consumer]) connection.on('error', onError);
  // Ready, or not to be reached: either is known in a moment, and nothing waits for it later.
  const signal = AbortSignal.timeout(FIRST_ANSWER_MS);
  await once(producer, 'ready', { signal }).catch(() => undefined);
  return {
    name: 'redis',
    kept: KEPT_ON_REDIS,
    factory: createRedisBackend as BackendFactory<IQueueBackend, unknown>,
    forQueues: producer,
    forWorkers: consumer,
    assertUp() {
      if (producer.status !== 'ready')
        throw Object.assign(new Error('Redis is away; try again later'), { code: 'ECONNREFUSED' });
    },
    ping: async () => void (await producer.ping()),
    async close() {
      producer.disconnect();
      consumer.disconnect();
    },
  };
}

async function postgresBackend(url: string, onError: (error: Error) => void): Promise<Backend> {
  const connectionString = withQueueSettings(url);
  const pool = (max: number) => {
    const made = new pg.Pool({ connectionString, max, keepAlive: true });
    // Also those in hand: a lost connection with no listener would end the process.
    made.on('error', onError).on('connect', (client) => void client.on('error', onError));
    return made;
  };
  const producers = pool(4);
  // Each worker holds one connection to listen on; the rest are for claiming and finishing.
  const consumers = pool(JOB_NAMES.length + 12);
  const close = async () => void (await Promise.all([producers.end(), consumers.end()]));
  // On every start: a newer library on an older schema would run without its own fixes.
  try {
    await migrateQueues(producers);
  } catch (error) {
    await close();
    throw error;
  }
  return {
    name: 'postgres',
    kept: KEPT_ON_POSTGRES,
    factory: createPostgresBackend as BackendFactory<IQueueBackend, unknown>,
    forQueues: producers,
    forWorkers: consumers,
    assertUp: () => undefined,
    ping: async () => void (await producers.query('select 1')),
    close,
  };
}
