import { setTimeout as sleep } from 'node:timers/promises';
import type { Step } from '../../core/fee/fee.ts';
import { jobId, type Payload } from '../../jobs/jobs.ts';
import type { Queues } from '../../jobs/queues.ts';
import type { DueFee } from '../../ledger/fees.ts';
import { createChargeGate } from './charge-gate.ts';
import type { WorkerDeps } from '../deps.ts';

/** Most jobs kept on one queue: a few seconds of work, which is all a lost queue can delay. */
const WINDOW = 1_000;
/** Jobs per call to the queue. */
const CHUNK = 250;
/** A fee still due this long after it was queued, in ms, has lost its job and is queued again. */
const STUCK_MS = 60_000;
/** The same when the queue is empty: the queue has done or lost every job it was given. */
const EMPTY_MS = 1_000;

/** Longest wait between rounds while the database or the queue is unavailable, in ms. */
const FAILING_MS = 5_000;

/**
 * For so many ms after a fee was queued, a worker may be busy with it. The fee is not queued again
 * in that time, even if its entries have grown.
 */
const IN_HAND_MS = 2_000;

/** In this order: steps that finish something come before steps that begin something. */
const STEPS: readonly Step[] = ['settle', 'charge', 'email', 'notice', 'detect'];
/** The steps that neither charge nor e-mail anybody. */
const INWARD: readonly Step[] = ['settle', 'detect'];

interface PumpDeps extends Pick<WorkerDeps, 'ledger' | 'log'> {
  queues: Pick<Queues, 'enqueue' | 'enqueueMany' | 'queued' | 'clear'>;
  /** A monotonic clock in ms. */
  elapsedMs: () => number;
  /**
   * False while it is not known whether the ledger is behind Stripe. Until then the pump queues no
   * step that charges or e-mails anybody. True unless given.
   */
  isUpToDate?: () => boolean;
}

/**
 * Queues the steps that are due by the ledger, at most `WINDOW` per step. No other code queues
 * steps: after a queue was flushed, lost or swapped, the next round fills it again from the ledger.
 */
export function createPump(deps: PumpDeps) {
  const { ledger, queues, log, elapsedMs, isUpToDate = () => true } = deps;
  const offered = new Map<Step, Offered>(STEPS.map((step) => [step, new Map()]));
  const allowed = createChargeGate({ ledger, queues, log, elapsedMs });

  async function dueNow(step: Step, room: number, except: Except[]): Promise<DueFee[]> {
    if (step !== 'charge') return room > 0 ? ledger.fees.due(step, room, except) : [];
    // The gate is asked even when the queue has no room, so that a pause takes effect at once.
    const { freely, canaries } = await allowed();
    if (room <= 0) return [];
    const first = canaries.filter(
      (one) => !except.some((old) => old.feeId === one.feeId && (old.seq ?? one.seq) === one.seq),
    );
    return [...first, ...(await ledger.fees.due(step, room, except, freely))];
  }

  /** Forgets the fees that have moved on since they were queued: they need no exception. */
  async function forget(step: Step, before: Offered): Promise<void> {
    if (before.size <= WINDOW) return;
    const older = [...before.values()].filter(({ at }) => elapsedMs() - at >= IN_HAND_MS);
    const still = new Set((await ledger.fees.still(step, older)).map(keyOf));
    for (const one of older) if (!still.has(keyOf(one))) before.delete(keyOf(one));
  }

  async function pumpStep(step: Step): Promise<number> {
    const before = offered.get(step) as Offered;
    const queued = await queues.queued(step);
    // An empty queue has lost or done every job it was given: what is still due is queued again.
    const keepMs = queued === 0 ? EMPTY_MS : STUCK_MS;
    await forget(step, before);
    const stuck = new Set<string>();
    for (const [id, one] of before)
      if (elapsedMs() - one.at > keepMs) {
        before.delete(id);
        stuck.add(id);
      }
    const except = [...before.values()].map(({ feeId, seq, at }) => {
      return { feeId, seq: elapsedMs() - at < IN_HAND_MS ? null : seq };
    });
    const due = await dueNow(step, queued > WINDOW / 2 ? 0 : WINDOW - queued, except);
    for (let start = 0; start < due.length; start += CHUNK) {
      const chunk = due.slice(start, start + CHUNK);
      // A finished job under the same id would make the queue ignore the new job silently.
      for (const one of chunk) if (stuck.has(keyOf(one))) await queues.clear(step, one);
      await queues.enqueueMany(step, chunk);
      for (const one of chunk) before.set(keyOf(one), { ...one, at: elapsedMs() });
    }
    return due.length;
  }

  const remindOfEvents = createReminder('webhook-event', { queues, elapsedMs });
  const remindOfBulkActs = createReminder('bulk-act', { queues, elapsedMs });
  const remindOfOpenings = createReminder('open-assessment', { queues, elapsedMs });

  async function pumpEvents(): Promise<number> {
    const events = await ledger.events.open(CHUNK);
    return remindOfEvents(events.map(({ id }) => ({ eventId: id })));
  }

  async function pumpAssessments(): Promise<number> {
    const all = await ledger.assessments.list();
    const open = all.filter(({ enrolledAt }) => !enrolledAt);
    return remindOfOpenings(open.map(({ assessmentId }) => ({ assessmentId })));
  }

  async function pumpBulkActs(): Promise<number> {
    const running = await ledger.bulkActs.running();
    return remindOfBulkActs(running.map((bulkId) => ({ bulkId })));
  }

  /**
   * Runs one round over everything. Gives how many jobs were put on the queue. An error in one part
   * does not stop the other parts; the first error is thrown at the end.
   */
  async function once(): Promise<number> {
    const steps = isUpToDate() ? STEPS : INWARD;
    const parts = [
      pumpAssessments,
      pumpEvents,
      pumpBulkActs,
      ...steps.map((step) => () => pumpStep(step)),
    ];
    const troubles: unknown[] = [];
    let count = 0;
    for (const part of parts)
      try {
        count += await part();
      } catch (error) {
        troubles.push(error);
      }
    if (troubles.length > 0) throw troubles[0];
    return count;
  }

  /** Runs rounds until `stop` is aborted; logs a failed round and waits longer before the next. */
  async function run(stop: AbortSignal, everyMs: number): Promise<void> {
    let failures = 0;
    while (!stop.aborted) {
      try {
        await once();
        failures = 0;
      } catch (error) {
        failures += 1;
        const { name, code } = error as { name?: unknown; code?: unknown };
        log.warn({ error: name, code, failures }, 'a round of the pump failed');
      }
      const waitMs = Math.min(everyMs * 2 ** failures, FAILING_MS);
      await sleep(waitMs, undefined, { signal: stop }).catch(() => undefined);
    }
  }

  return { once, run };
}

/**
 * Queues the items that are open in the ledger. An item is queued again when the queue has lost its
 * job, or when a job that failed for good has the same id.
 */
function createReminder<Name extends 'webhook-event' | 'open-assessment' | 'bulk-act'>(
  name: Name,
  { queues, elapsedMs }: Pick<PumpDeps, 'queues' | 'elapsedMs'>,
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

/** The fees queued for a step, by `keyOf`, each with the time on the monotonic clock. */
type Offered = Map<string, DueFee & { at: number }>;

/** A fee that is not to be queued: at this entry number, or at any number when it is null. */
interface Except {
  feeId: string;
  seq: number | null;
}

const keyOf = ({ feeId, seq }: DueFee): string => `${feeId} ${seq}`;
