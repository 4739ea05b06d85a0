import { onTestFinished } from 'vitest';
import type { JobName, Payload } from '../../jobs/jobs.ts';
import {
  createQueues,
  type Done,
  type JobFailure,
  type Queues,
  type RunningWorker,
} from '../../jobs/queues.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import { testLedger } from './assessment.ts';
import { createTestDatabase, type TestDatabase } from './database.ts';
import { dumpQueue } from './dump.ts';
import { testPolicy } from './fees.ts';
import type { QueueBackend } from './queues.ts';

/** A ledger and a queue, without anybody who works. */
export interface QueueTestApp {
  db: TestDatabase;
  ledger: Ledger;
  queues: Queues;
  /** What the queue reported as trouble with its connection. */
  errors: Error[];
  /** The jobs whose processor threw. */
  failures: JobFailure[];
  /** Loses everything the queue holds. */
  flush(): Promise<void>;
  /** Everything the queue has stored, as one text: to be searched. */
  dump(): Promise<string>;
  /** Another process' view of the same queue. */
  another(): Promise<Queues>;
}

/** Builds one for the running test and pulls it down after it. */
export async function createQueueTestApp(backend: QueueBackend): Promise<QueueTestApp> {
  const db = await createTestDatabase();
  const ledger = await testLedger(db.pool);
  const redis = backend.redis();
  const errors: Error[] = [];
  const failures: JobFailure[] = [];
  const another = async () => {
    const queues = await createQueues({
      redisUrl: redis?.url ?? null,
      databaseUrl: db.url,
      prefix: redis?.prefix ?? 'levy',
      onError: (error) => errors.push(error),
      onFailure: (failure) => failures.push(failure),
    });
    onTestFinished(() => queues.close());
    return queues;
  };
  return {
    ...{ db, ledger, errors, failures, another },
    queues: await another(),
    flush: () => redis?.flush() ?? flushPostgres(db),
    dump: () => dumpQueue(db, redis),
  };
}

/** Works on a queue until so many jobs have been taken, then lets those in hand finish. */
export async function workOff<Name extends JobName>(
  { queues }: QueueTestApp,
  name: Name,
  count: number,
  process: (payload: Payload<Name>) => Promise<Done> | Done,
): Promise<Payload<Name>[]> {
  const taken: Payload<Name>[] = [];
  const worker = await new Promise<RunningWorker>((resolve) => {
    const working = queues.work(name, async (payload) => {
      taken.push(payload);
      if (taken.length === count) resolve(working);
      return process(payload);
    });
  });
  await worker.close();
  return taken;
}

/** An assessment with so many clinicians who used a code, enrolled and not looked at yet. */
export async function manyFees({ db, ledger }: QueueTestApp, count: number): Promise<string> {
  await db.pool.query(
    `insert into clinicians (ref, name, vendor, time_zone)
     select 'C-' || n, 'Person ' || n, 'theranest', 'UTC' from generate_series(1, $1) n`,
    [count],
  );
  await db.pool.query(
    `insert into evidence (clinician_id, year, kind, first_used_on, file_name, line, rule,
       certainty)
     select clinician_id, 2026, 'billing', '2026-02-03', 'claims.837', 12, 'sv1', 'sure'
     from clinicians`,
  );
  const opening = await ledger.assessments.open({
    vendor: 'theranest',
    year: 2026,
    policy: testPolicy(),
    autoApprove: false,
    livemode: false,
    actor: 'test',
  });
  if (!opening.opened) throw new Error(opening.why);
  await ledger.assessments.enroll(opening.assessment.assessmentId);
  return opening.assessment.assessmentId;
}

async function flushPostgres({ pool }: TestDatabase): Promise<void> {
  await pool.query('truncate bullmq.job, bullmq.scheduler, bullmq.meta, bullmq.event cascade');
}
