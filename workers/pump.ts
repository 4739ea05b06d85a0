import { setTimeout as sleep } from 'node:timers/promises';
import type { Step } from '../core/fee.ts';
import type { Queues } from '../jobs/queues.ts';
import type { DueFee } from '../ledger/fees.ts';
import { createCareful } from './careful.ts';
import type { WorkerDeps } from './deps.ts';

/** Most jobs kept on one queue: a few seconds of work, so that a lost queue costs seconds. */
const WINDOW = 1_000;
/** Jobs per call to the queue. */
const CHUNK = 250;
/** A fee still due this long after its job was put on the queue has lost it: put it there again. */
const STUCK_MS = 60_000;

/** Longest wait between rounds while the database or the queue is away. */
const FAILING_MS = 5_000;

/**
 * A fee just offered is in somebody's hands, also when its entries have grown since: it is not
 * offered a second time meanwhile.
 */
const IN_HAND_MS = 2_000;

/** In this order: what finishes comes before what begins. */
const STEPS: readonly Step[] = ['settle', 'charge', 'letter', 'notice', 'detect'];

interface PumpDeps extends Pick<WorkerDeps, 'ledger' | 'log'> {
  queues: Pick<Queues, 'enqueue' | 'enqueueMany' | 'queued' | 'clear'>;
  /** A monotonic clock in ms. */
  elapsedMs: () => number;
}

/**
 * Puts on the queue what the ledger says is due, a window at a time. It is the only way in: a
 * queue that was flushed, lost or swapped is filled again from the ledger by the next round.
 */
export function createPump({ ledger, queues, log, elapsedMs }: PumpDeps) {
  const offered = new Map<Step, Map<string, DueFee & { at: number }>>(
    STEPS.map((step) => [step, new Map()]),
  );
  const allowed = createCareful({ ledger, queues, log, elapsedMs });

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

  async function pumpStep(step: Step): Promise<number> {
    const before = offered.get(step) as Map<string, DueFee & { at: number }>;
    const queued = await queues.queued(step);
    // An empty queue has lost or done what it was given: whatever is still due goes on again.
    const keepMs = queued === 0 ? Math.min(STUCK_MS, 1_000) : STUCK_MS;
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

  async function pumpEvents(): Promise<number> {
    const events = await ledger.events.open(CHUNK);
    await queues.enqueueMany(
      'hint',
      events.map(({ id }) => ({ eventId: id })),
    );
    return events.length;
  }

  async function pumpAssessments(): Promise<void> {
    for (const { assessmentId, enrolledAt } of await ledger.assessments.list())
      if (!enrolledAt) await queues.enqueue('assessment', { assessmentId });
  }

  /** One round over every step. Gives how many jobs were put on the queue. */
  async function once(): Promise<number> {
    await pumpAssessments();
    await pumpEvents();
    let count = 0;
    for (const step of STEPS) count += await pumpStep(step);
    return count;
  }

  /** Rounds until `stop` is aborted; one that fails is logged, and tried again less and less often. */
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

/** A fee that is not to be offered: at that number, or at any when it is null. */
interface Except {
  feeId: string;
  seq: number | null;
}

const keyOf = ({ feeId, seq }: DueFee): string => `${feeId} ${seq}`;
