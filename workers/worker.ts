import type { Processor, Queues, RunningWorker } from '../jobs/queues.ts';
import { JOB_NAMES, type JobName } from '../jobs/jobs.ts';
import { createAnnual, type Annual } from './maintenance/annual.ts';
import { createFollowInvoices } from './follow-invoices.ts';
import { createBulkAct } from './bulk-act.ts';
import { createOpenAssessment } from './open-assessment.ts';
import { createCharge } from './steps/charge.ts';
import type { WorkerDeps } from './deps.ts';
import { withEntryLog } from './entry-log.ts';
import { createDetect } from './steps/detect.ts';
import { createWebhookEvent } from './webhook-event.ts';
import { createEmail } from './steps/email.ts';
import { createNotice } from './steps/notice.ts';
import { createPump } from './maintenance/pump.ts';
import { createReadCards } from './maintenance/read-cards.ts';
import { createRestore } from './maintenance/restore.ts';
import { createSettle } from './steps/settle.ts';
import { createReconcileJob, RECONCILE_CRON } from './maintenance/reconcile-job.ts';

/** The one table of processors. A job without a processor, or the reverse, does not compile. */
export function createProcessors(
  quiet: WorkerDeps,
  queues: Pick<Queues, 'enqueue'>,
  annual: Annual,
): { [Name in JobName]: Processor<Name> } {
  const deps = withEntryLog(quiet);
  return {
    annual: createAnnual(deps, queues, annual),
    'open-assessment': createOpenAssessment(deps),
    detect: createDetect(deps),
    notice: createNotice(deps),
    charge: createCharge(deps),
    settle: createSettle(deps),
    email: createEmail(deps),
    'bulk-act': createBulkAct(deps),
    'webhook-event': createWebhookEvent(deps),
    'read-cards': createReadCards(deps),
    reconcile: createReconcileJob(deps),
    'follow-invoices': createFollowInvoices(deps),
  };
}

/** Wait between two rounds of the pump, in ms: the longest delay a lost job can add. */
const PUMP_EVERY_MS = 200;
/** Wait between two checks of what only the queue knows (the recurring jobs), in ms. */
const REASSERT_EVERY_MS = 30_000;
/** Wait between two deletions of finished jobs from Postgres, in ms. */
const SWEEP_EVERY_MS = 5_000;

/**
 * Works on every queue, and refills the queues from the ledger, until `close` is called. Any number
 * of processes may do so at the same time. `close` waits for the jobs that are running.
 */
export async function runWorker(args: {
  deps: WorkerDeps;
  queues: Queues;
  annual: Annual;
  elapsedMs: () => number;
}): Promise<{ close(): Promise<void> }> {
  const { deps, queues, annual, elapsedMs } = args;
  const processors = createProcessors(deps, queues, annual);
  const workers: RunningWorker[] = [];
  const start = <Name extends JobName>(name: Name) =>
    workers.push(queues.work(name, processors[name]));
  for (const name of Object.keys(processors) as JobName[]) start(name);

  const stop = new AbortController();
  let upToDate = false;
  const restoring = createRestore(deps)
    .beforeWork(stop.signal)
    .then((isDone) => (upToDate = isDone));
  const isUpToDate = () => upToDate;
  const pump = createPump({ ...deps, queues, elapsedMs, isUpToDate });
  const pumping = pump.run(stop.signal, PUMP_EVERY_MS);
  // A queue in the ledger's database is kept in order by this process.
  const isHere = queues.backend === 'postgres';
  const { queueSweep } = deps.ledger;
  const attend = async (name: string, task: () => Promise<unknown>) =>
    task().catch((error: unknown) => {
      const { code = 'error' } = error as { code?: unknown };
      deps.log.warn({ name, code }, 'the queue could not be kept in order');
    });
  const assert = async () => {
    // Recurring jobs exist only in the queue, so they are scheduled again and again.
    await attend('annual', () => queues.schedule('annual', annual.cron, annual.timeZone));
    await attend('reconcile', () => queues.schedule('reconcile', RECONCILE_CRON, 'UTC'));
    if (isHere) await attend('clock', () => queueSweep.setClockRight());
  };
  await assert();
  const asserting = setInterval(() => void assert(), REASSERT_EVERY_MS);
  const sweep = () => void attend('sweep', () => queueSweep.sweep(JOB_NAMES));
  const sweeping = isHere ? setInterval(sweep, SWEEP_EVERY_MS) : undefined;

  return {
    async close() {
      clearInterval(asserting);
      clearInterval(sweeping);
      stop.abort();
      await Promise.all([pumping, restoring]);
      await Promise.all(workers.map((worker) => worker.close()));
    },
  };
}
