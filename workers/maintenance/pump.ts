import { setTimeout as sleep } from 'node:timers/promises';
import type { Step } from '../../core/fee/fee.ts';
import { jobId, type Payload } from '../../jobs/jobs.ts';
import type { Queues } from '../../jobs/queues.ts';
import type { DueFee } from '../../ledger/fees.ts';
import { createChargeGate } from './charge-gate.ts';
import type { WorkerDeps } from '../deps.ts';

/** Most jobs kept on one queue: a few seconds of work, so that a lost queue costs seconds. */
const WINDOW = 1_000;
/** Jobs per call to the queue. */
const CHUNK = 250;
/** A fee still due this long after its job was put on the queue has lost it: put it there again. */
const STUCK_MS = 60_000;
/** The same when the queue is empty: it has done or lost everything it was given. */
const EMPTY_MS = 1_000;

/** Longest wait between rounds while the database or the queue is away. */
const FAILING_MS = 5_000;

/**
 * A fee just offered is in somebody's hands, also when its entries have grown since: it is not
 * offered a second time meanwhile.
 */
const IN_HAND_MS = 2_000;

/** In this order: what finishes comes before what begins. */
const STEPS: readonly Step[] = ['settle', 'charge', 'email', 'notice', 'detect'];
/** What neither charges nor writes to anybody. */
const INWARD: readonly Step[] = ['settle', 'detect'];

interface PumpDeps extends Pick<WorkerDeps, 'ledger' | 'log'> {
  queues: Pick<Queues, 'enqueue' | 'enqueueMany' | 'queued' | 'clear'>;
  /** A monotonic clock in ms. */
  elapsedMs: () => number;
  /**
   * False while it is not known yet whether the ledger is behind Stripe: nothing that charges or
   * writes to people is offered before. True unless given.
   */
  isUpToDate?: () => boolean;
}

/**
 * Puts on the queue what the ledger says is due, a window at a time. It is the only way in: a
 * queue that was flushed, lost or swapped is filled again from the ledger by the next round.
 */
export function createPump(deps: PumpDeps) {
  const { ledger, queues, log, elapsedMs, isUpToDate = () => true } = deps;
  const offered = new Map<Step, Offered>(STEPS.map((step) => [step, new Map()]));
  const allowed = createChargeGate({ ledger, queues, log, elapsedMs });

  async function dueNow(step: Step, room: number, except: Except[]): Promise<DueFee[]> {
    if (step !== 'charge') return room > 0 ? ledger.fees.due(step, room, except) : [];
    // Asked also when nothing more fits, so that a pause does not wait for room.
    const { freely, canaries } = await allowed();
    if (room <= 0) return [];
    const first = canaries.filter(
      (one) => !except.some((old) => old.feeId === one.feeId && (old.seq ?? one.seq) === one.seq),
    );
    return [...first, ...(await ledger.fees.due(step, room, except, freely))];
  }

  /** Remembers no more than what is under way: those that have moved on need no exception. */
  async function forget(step: Step, before: Offered): Promise<void> {
    if (before.size <= WINDOW) return;
    const older = [...before.values()].filter(({ at }) => elapsedMs() - at >= IN_HAND_MS);
    const still = new Set((await ledger.fees.still(step, older)).map(keyOf));
    for (const one of older) if (!still.has(keyOf(one))) before.delete(keyOf(one));
  }

  async function pumpStep(step: Step): Promise<number> {
    const before = offered.get(step) as Offered;
    const queued = await queues.queued(step);
    // An empty queue has lost or done what it was given: whatever is still due goes on again.
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
      // A finished job that stands under the same id would silently swallow the new one.
      for (const one of chunk) if (stuck.has(keyOf(one))) await queues.clear(step, one);
      await queues.enqueueMany(step, chunk);
      for (const one of chunk) before.set(keyOf(one), { ...one, at: elapsedMs() });
    }
    return due.length;
  }

  const remindOfEvents = createReminder('webhook-event', { queues, elapsedMs });
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

  /**
   * One round over everything. Gives how many jobs were put on the queue. Trouble with one part
   * keeps no other from its turn; it is thrown at the end.
   */
  async function once(): Promise<number> {
    const steps = isUpToDate() ? STEPS : INWARD;
    const parts = [pumpAssessments, pumpEvents, ...steps.map((step) => () => pumpStep(step))];
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

  /** Rounds until `stop` is aborted; one that fails is logged and tried again, ever less often. */
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
 * Offers what stays open until its job is done: again when the queue has lost it, and when a job
 * that failed for good stands in its place.
 */
function createReminder<Name extends 'webhook-event' | 'open-assessment'>(
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

/** What was put on the queue of a step, by `keyOf`, and when by the monotonic clock. */
type Offered = Map<string, DueFee & { at: number }>;

/** A fee that is not to be offered: at that number, or at any when it is null. */
interface Except {
  feeId: string;
  seq: number | null;
}

const keyOf = ({ feeId, seq }: DueFee): string => `${feeId} ${seq}`;
