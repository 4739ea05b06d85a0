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

/** Where the queue is stored: on Redis when there is one, else in the ledger's Postgres. */
export interface QueueOptions {
  redisUrl: string | null;
  databaseUrl: string;
  /** Namespace of the keys on a shared Redis. */
  prefix?: string;
  /** Called for every error of the connection. */
  onError: (error: Error) => void;
  /** Called for every job whose processor threw, if given. */
  onFailure?: (failure: JobFailure) => void;
}

/** A processor threw. The queue keeps only a code and `errorId`, which is also in the log. */
export interface JobFailure {
  errorId: string;
  job: JobName;
  jobId: string;
  /** Null for a job that is not about one fee. */
  feeId: string | null;
  error: unknown;
}

/** A processor's outcome. `failed` is a decision too: shown as failed and not retried. */
export type Done = { done: string } | { failed: string };
export type Processor<Name extends JobName> = (payload: Payload<Name>) => Promise<Done>;

/** Jobs without a payload that run on a schedule. */
type RecurringJob = 'annual' | 'reconcile';

export interface RunningWorker {
  close(): Promise<void>;
}

/** Finished jobs kept for people. A kept job never blocks the next one: the pump clears it. */
type Kept = Pick<JobsOptions, 'removeOnComplete' | 'removeOnFail'>;

const MONTH_S = 30 * 24 * 3_600;
const KEPT_ON_REDIS: Kept = {
  removeOnComplete: { count: 100 },
  removeOnFail: { age: MONTH_S, count: 5_000 },
};
/** On Postgres the library deletes nothing; the ledger does, see ledger/queue-sweep.ts. */
const KEPT_ON_POSTGRES: Kept = { removeOnComplete: false, removeOnFail: false };

interface Backend {
  name: 'redis' | 'postgres';
  kept: Kept;
  factory: BackendFactory<IQueueBackend, unknown>;
  forQueues: unknown;
  forWorkers: unknown;
  /** Throws at once when there is no connection; the library would wait for one. */
  assertUp(): void;
  ping(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens the queues of all jobs on one backend. The queue is disposable: the pump restores from the
 * ledger whatever is lost with it. Redis may still be unavailable. On Postgres this throws when the
 * database is unavailable, leaves nothing open, and can be called again.
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

    /** Puts one job on its queue; a job with the same id changes nothing. */
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

    /** Counts the jobs of a queue that are waiting, delayed or running. */
    async queued(name: JobName): Promise<number> {
      backend.assertUp();
      const counts = await queues[name].getJobCounts(...UNFINISHED);
      return Object.values(counts).reduce((sum, count) => sum + count, 0);
    },

    /** Removes a finished job whose id is needed again; false when there is none. */
    async clear<Name extends JobName>(name: Name, payload: Payload<Name>): Promise<boolean> {
      backend.assertUp();
      const job = (await queues[name].getJob(jobId(name, payload))) as Job | undefined;
      if (!job || !((await job.isFailed()) || (await job.isCompleted()))) return false;
      await job.remove();
      return true;
    },

    /** Schedules a recurring job; scheduling it again changes nothing. */
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
          // A stall means that a worker crashed or was suspended, not that the job is at fault.
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

/** In a paused queue, waiting jobs count as `paused` on Postgres and as `waiting` on Redis. */
const UNFINISHED = ['waiting', 'active', 'delayed', 'prioritized', 'paused'] as never[];

/**
 * Whether the next job of this schedule exists. Scheduling anew would replace a job that became due
 * while no worker ran by the one after it: for the yearly job, a year later.
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
    // The queue stores the reason unencrypted and shows it, so only codes may leave this process.
    const failure = new Error(`${codeOf(error)} (error ${errorId} in the log)`);
    failure.stack = failure.message;
    throw failure;
  }
  if ('done' in outcome) return outcome.done;
  const failure = new UnrecoverableError(outcome.failed);
  failure.stack = outcome.failed;
  throw failure;
}

/** The codes of an error, without content: `error ECONNREFUSED`, `error 40P01`, `TypeError`. */
function codeOf(error: unknown): string {
  const { name, code, why } = Object(error) as Record<string, unknown>;
  return [name, code ?? why].filter(isWord).join(' ') || 'error';
}

/** Whether a value looks like a code; any other text may hold personal data. */
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

/** Longest wait at the start for Redis' first answer, in ms; then Redis is unavailable. */
const FIRST_ANSWER_MS = 2_000;

async function redisBackend(url: string, onError: (error: Error) => void): Promise<Backend> {
  // A producer must fail fast, so that its caller learns of it; a worker waits for Redis.
  const producer = new Redis(url, { maxRetriesPerRequest: 1, enableOfflineQueue: false });
  const consumer = new Redis(url, { maxRetriesPerRequest: null });
  for (const connection of [producer, consumer]) connection.on('error', onError);
  // Wait here until Redis is ready or known to be unavailable, so that no later call has to.
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
    // Every worker and every queue has a listener of its own.
    made.setMaxListeners(2 * JOB_NAMES.length + 10);
    // Also on connections in use: without a listener, losing one would end the process.
    made.on('error', onError).on('connect', (client) => void client.on('error', onError));
    // Every queue adds a listener of its own, and every worker another.
    made.setMaxListeners(2 * JOB_NAMES.length + 10);
    return made;
  };
  const producers = pool(4);
  // Each worker listens on one connection; the other 12 claim and finish jobs.
  const consumers = pool(JOB_NAMES.length + 12);
  const close = async () => void (await Promise.all([producers.end(), consumers.end()]));
  // On every start, because a newer library on an older schema would run without its own fixes.
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
