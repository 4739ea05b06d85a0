import { jobId, type Payload } from '../../jobs/jobs.ts';
import type { Queues } from '../../jobs/queues.ts';

/** What is still due this long after it was queued, in ms, has lost its job and is queued again. */
export const STUCK_MS = 60_000;
/** The same when the queue is empty: the queue has done or lost every job it was given. */
export const EMPTY_MS = 1_000;

interface ReminderDeps {
  queues: Pick<Queues, 'enqueueMany' | 'queued' | 'clear'>;
  /** A monotonic clock in ms. */
  elapsedMs: () => number;
}

/**
 * Queues the items that are open in the ledger. An item is queued again when the queue has lost its
 * job, or when a job that failed for good has the same id.
 */
export function createReminder<Name extends 'webhook-event' | 'open-assessment' | 'bulk-act'>(
  name: Name,
  { queues, elapsedMs }: ReminderDeps,
): (open: Payload<Name>[]) => Promise<number> {
  let offered = new Map<string, number>();
  return async (open) => {
    if (open.length === 0) return 0;
    const keepMs = (await queues.queued(name)) === 0 ? EMPTY_MS : STUCK_MS;
    const kept = new Map<string, number>();
    const due: Payload<Name>[] = [];
    for (const one of open) {
      const at = offered.get(jobId(name, one));
      if (at !== undefined && elapsedMs() - at <= keepMs) kept.set(jobId(name, one), at);
      else due.push(one);
      if (at !== undefined && !kept.has(jobId(name, one))) await queues.clear(name, one);
    }
    await queues.enqueueMany(name, due);
    for (const one of due) kept.set(jobId(name, one), elapsedMs());
    offered = kept;
    return due.length;
  };
}
