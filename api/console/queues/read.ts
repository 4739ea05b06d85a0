import { setTimeout as sleep } from 'node:timers/promises';
import { chargePermission, type ChargePermission } from '../../../core/circuit-breaker.ts';
import type { Step } from '../../../core/fee/fee.ts';
import type { Assessment } from '../../../ledger/assessments.ts';
import type { ApiDeps } from '../../deps.ts';

/** The steps of a fee, each with a queue of its own, in their order. */
export const STEPS: readonly Step[] = ['detect', 'notice', 'charge', 'settle', 'email'];

/** What a step has to do, by the ledger, and what its queue holds. */
export interface StepStanding {
  step: Step;
  /** Fees whose step is due, and for how many seconds the oldest has been. */
  due: number;
  oldestSeconds: number | null;
  /** Jobs on the queue; null when it does not answer. */
  jobs: { waiting: number; active: number; failed: number } | null;
}

/** A job that failed, with the fee it was about. */
export interface FailedJob {
  step: Step;
  jobId: string;
  feeId: string | null;
  at: Date | null;
}

export interface QueuesView {
  steps: StepStanding[];
  failed: FailedJob[];
  limiter: { pausedUntil: Date | null; slowedAt: Date | null };
  assessments: { assessment: Assessment; permission: ChargePermission | null }[];
  /** Attempts answered in the last five minutes. */
  answeredLately: number;
  timeZone: string;
}

/** Failed jobs that are listed of each step. */
const FAILED = 5;
/** Longest wait for a queue, in ms: the ledger's side is useful without it. */
const QUEUE_MS = 500;

/** Reads how far the present work is, from the ledger and from the queues. */
export async function readQueues(deps: ApiDeps): Promise<QueuesView> {
  const { ledger } = deps;
  const [due, limiter, standings, all, answeredLately, jobs] = await Promise.all([
    ledger.reports.due(),
    ledger.rateLimiter.standing(),
    ledger.circuitBreaker.standings(),
    ledger.assessments.list(),
    ledger.reports.answeredLately(),
    Promise.all(STEPS.map((step) => inTime(jobsOf(deps, step)))),
  ]);
  const steps = STEPS.map((step, index) => {
    const ofStep = due.find((one) => one.step === step);
    const counts = jobs[index]?.counts ?? null;
    const oldestSeconds = ofStep?.oldestSeconds ?? null;
    return { step, due: ofStep?.fees ?? 0, oldestSeconds, jobs: counts };
  });
  const assessments = all.map((assessment) => {
    const standing = standings.find((one) => one.assessmentId === assessment.assessmentId);
    return { assessment, permission: standing ? chargePermission(standing) : null };
  });
  const failed = jobs.flatMap((one) => one?.failed ?? []);
  const { timeZone } = deps.policy;
  return { steps, failed, limiter, assessments, answeredLately, timeZone };
}

async function jobsOf({ queues }: ApiDeps, step: Step) {
  const queue = queues.queues[step];
  const [counts, failed] = await Promise.all([
    queue.getJobCounts('waiting', 'prioritized', 'delayed', 'active', 'failed'),
    queue.getFailed(0, FAILED - 1),
  ]);
  const { waiting = 0, prioritized = 0, delayed = 0, active = 0 } = counts;
  return {
    counts: { waiting: waiting + prioritized + delayed, active, failed: counts['failed'] ?? 0 },
    failed: failed.map((job): FailedJob => {
      const { feeId } = job.data as { feeId?: unknown };
      const at = job.finishedOn === undefined ? null : new Date(job.finishedOn);
      return { step, jobId: job.id ?? '', feeId: typeof feeId === 'string' ? feeId : null, at };
    }),
  };
}

/** Gives null when a queue does not answer in time, or not at all. */
function inTime<Result>(work: Promise<Result>): Promise<Result | null> {
  return Promise.race([work, sleep(QUEUE_MS, null, { ref: false })]).catch(() => null);
}
