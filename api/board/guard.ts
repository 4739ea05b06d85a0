import type { AppJob, ControllerHandlerReturnType } from '@bull-board/api/dist/types.js';
import { checkPayload, JOB_NAMES, type JobName } from '../../jobs/jobs.ts';

/**
 * The second protection of Bull Board. The first is that no personal data enter a job. This one
 * shows only words that levy itself could have written, so that nothing else is shown after a
 * mistake elsewhere or when a payload comes from another program.
 */

/** A payload as it may be shown: the fields of its schema, or nothing if it does not fit. */
export function shownPayload(name: JobName, payload: unknown): unknown {
  try {
    return checkPayload(name, payload);
  } catch {
    return { hidden: `not the payload of a ${name} job; it would be refused` };
  }
}

/** Rewrites an answer of the board's API: every text that is not surely ours is masked. */
export function shownAnswer(answer: ControllerHandlerReturnType): ControllerHandlerReturnType {
  return { ...answer, body: shown(answer.body) as ControllerHandlerReturnType['body'] };
}

/**
 * Masks everything in a text that could be a name, an address, a code of a procedure or diagnosis,
 * a person's number or a quotation. It keeps words in small letters, short numbers, dates, times,
 * amounts, ids, and the names and codes of errors.
 */
export function speakable(text: string): string {
  const words = text.slice(0, 300).replace(QUOTED, MASK).split(/(\s+)/);
  return words
    .map((word, index) => (KEPT.test(word) || isErrorCode(word, words[index - 2]) ? word : MASK))
    .join('');
}

const MASK = '▒▒▒';

/** A quotation: up to its closing mark, or to the end without one. */
const QUOTED = /["“„«][^"”“»]*["”»]?/g;

const KEPT = new RegExp(
  `^(?:\\s*|[(]?(?:${[
    "[a-z][a-z'-]*(?:_[a-z0-9]+)*", // a word, or a code such as insufficient_funds, smtp_550
    '\\$?\\d{1,3}(?:,\\d{3})*(?:[.]\\d\\d)?%?', // a count or an amount
    '20\\d\\d', // a year
    '\\d{4}-\\d\\d-\\d\\d(?:T[\\d:.]+Z?)?', // a date, perhaps with the time
    '(?:[a-z]+-)?[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?:-\\d+)?', // an id, or a job's
    '(?:pi|pm|cus|evt|ch|py|re|dp|du)_[A-Za-z0-9_]+', // an id of Stripe's
    '[A-Za-z]*(?:Error|Exception)',
    'E[A-Z]{3,20}', // a system error: ECONNREFUSED
    "(?:Stripe|Postgres|Redis|SMTP|BullMQ)(?:'s)?",
  ].join('|')})[,.:;)]*)$`,
);

/** A SQLSTATE looks like a procedure code, so it is kept only directly after "error". */
function isErrorCode(word: string, before: string | undefined): boolean {
  return /^[0-9A-Z]{5}$/.test(word) && before !== undefined && /(^e|E)rror:?$/.test(before);
}

function shown(body: unknown): unknown {
  if (Array.isArray(body))
    return body.map((one: unknown) => (typeof one === 'string' ? speakable(one) : one));
  if (typeof body !== 'object' || body === null) return body;
  const { job, queues, schedulers, flowRoot } = body as Record<string, unknown>;
  if (isJob(job)) return { ...body, job: shownJob(job) };
  if (Array.isArray(queues)) return { ...body, queues: queues.map(shownQueue) };
  if (Array.isArray(schedulers)) return { ...body, schedulers: schedulers.map(shownScheduler) };
  if (flowRoot) return { ...body, flowRoot: null, isFlowNode: false };
  return body;
}

function shownQueue(queue: { jobs: AppJob[] }): unknown {
  return { ...queue, jobs: queue.jobs.map(shownJob) };
}

function shownJob(job: AppJob): AppJob {
  return {
    ...job,
    name: shownName(job.name),
    progress: typeof job.progress === 'number' ? job.progress : 0,
    failedReason: job.failedReason && speakable(job.failedReason),
    deferredFailure: job.deferredFailure && speakable(job.deferredFailure),
    stacktrace: job.stacktrace?.map(speakable) ?? [],
    returnValue: typeof job.returnValue === 'string' ? speakable(job.returnValue) : null,
    opts: Object.fromEntries(
      Object.entries(job.opts as Record<string, unknown>).filter(([key]) => SHOWN_OPTIONS.has(key)),
    ),
  };
}

const SHOWN_OPTIONS = new Set([
  'attempts',
  'backoff',
  'delay',
  'jobId',
  'priority',
  'removeOnComplete',
  'removeOnFail',
  'repeat',
  'timestamp',
]);

function shownScheduler(scheduler: { name?: string }): unknown {
  return { ...scheduler, name: scheduler.name && shownName(scheduler.name), template: undefined };
}

function shownName(name: string): string {
  return (JOB_NAMES as string[]).includes(name) ? name : MASK;
}

function isJob(value: unknown): value is AppJob {
  return typeof value === 'object' && value !== null && 'opts' in value;
}
