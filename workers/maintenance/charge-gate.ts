import { chargePermission } from '../../core/circuit-breaker.ts';
import type { Queues } from '../../jobs/queues.ts';
import type { DueFee } from '../../ledger/fees.ts';
import type { AssessmentRecord } from '../../ledger/circuit-breaker.ts';
import { WORKER, type WorkerDeps } from '../deps.ts';

/** Wait between two requests of this process for a check of the same assessment, in ms. */
const ASK_AGAIN_MS = 30_000;

interface CarefulDeps extends Pick<WorkerDeps, 'ledger' | 'log'> {
  queues: Pick<Queues, 'enqueue' | 'clear'>;
  /** A monotonic clock in ms. */
  elapsedMs: () => number;
}

/** What may be charged now: every due fee of the assessments `freely`, and the fees `canaries`. */
export interface Chargeable {
  freely: string[];
  canaries: DueFee[];
}

/**
 * Creates the charge gate. Before charges are queued it asks the circuit breaker how each
 * assessment may go on: a few fees first, then a check, then the rest. It pauses an assessment when
 * the circuit breaker says so.
 */
export function createChargeGate({ ledger, queues, log, elapsedMs }: CarefulDeps) {
  const asked = new Map<string, number>();

  async function pause({ assessmentId }: AssessmentRecord, why: string): Promise<void> {
    if (await ledger.assessments.pause(assessmentId, WORKER, why))
      log.error({ assessmentId, why }, 'charging was paused');
  }

  /** Asks for a check, and asks again when none has finished: the queue may have lost the job. */
  async function askForCheck(assessmentId: string): Promise<void> {
    const last = asked.get(assessmentId);
    if (last !== undefined && elapsedMs() - last < ASK_AGAIN_MS) return;
    if (last !== undefined) log.warn({ assessmentId }, 'charging waits for a check to finish');
    asked.set(assessmentId, elapsedMs());
    await queues.clear('reconcile', { assessmentId });
    await queues.enqueue('reconcile', { assessmentId });
  }

  return async function allowed(): Promise<Chargeable> {
    const freely: string[] = [];
    const canaries: DueFee[] = [];
    for (const standing of await ledger.circuitBreaker.standings()) {
      const { assessmentId, clearedAt, since, policy } = standing;
      const judged = chargePermission(standing);
      if (judged.charge !== 'check') asked.delete(assessmentId);
      if (judged.charge === 'all') {
        freely.push(assessmentId);
        if (!clearedAt && policy.canaryFees > 0)
          await ledger.circuitBreaker.clear(assessmentId, since);
      } else if (judged.charge === 'canary')
        canaries.push(...(await ledger.circuitBreaker.canary(assessmentId)));
      else if (judged.charge === 'check') await askForCheck(assessmentId);
      else if (judged.charge === 'pause') await pause(standing, judged.why);
    }
    return { freely, canaries };
  };
}
