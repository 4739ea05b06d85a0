import type { ChargePermission } from '../../../core/circuit-breaker.ts';
import type { Step } from '../../../core/fee/fee.ts';
import { html, type Html } from '../html.ts';
import { isolated } from '../isolated.ts';
import { nothing } from '../layout.ts';
import { table, type Column } from '../table.ts';
import { when } from '../times.ts';
import { counted } from '../words.ts';
import type { FailedJob, QueuesView, StepStanding } from './read.ts';

/** How far the present work is, at a glance. */
export function queuesBody(view: QueuesView): Html {
  return html`<h1>Queues</h1>
    <p class="lead">
      What levy has to do now, and how far it is. Work that waits for a day that has not come yet,
      such as the end of a notice period, is not counted here.
    </p>
    <div data-live="/console/live/queues">${queuesRegion(view)}</div>
    <p><a href="/queues">Every job, on the board of the queues</a></p>`;
}

/** The part of the page that changes by itself. */
export function queuesRegion(view: QueuesView): Html {
  return html`<section class="card">
      <h2 class="first">When is it done?</h2>
      <p>${estimate(view)}</p>
      <p>${limiterWords(view)}</p>
    </section>
    <h2>Steps</h2>
    ${table(STEP_COLUMNS, view.steps)} ${breakers(view)} ${failedJobs(view)}`;
}

/** Fewer answers than this are no pace to reckon with. */
const FEWEST = 5;

/** An honest estimate: from the pace of the last five minutes, or none. */
function estimate({ steps, answeredLately, assessments }: QueuesView): string {
  const due = steps.reduce((sum, one) => sum + one.due, 0);
  if (due === 0) return 'Nothing is due now.';
  const charges = steps.find(({ step }) => step === 'charge')?.due ?? 0;
  const here = `${counted(due, 'fee')} ${due === 1 ? 'is' : 'are'} due now.`;
  const isHeldBack = assessments.some(
    ({ assessment, permission }) =>
      assessment.pausedAt !== null || (permission !== null && permission.charge !== 'all'),
  );
  if (charges === 0 || isHeldBack || answeredLately < FEWEST) return `${here} No estimate yet.`;
  const minutes = Math.ceil((charges / answeredLately) * 5);
  return (
    `${here} At the pace of the last five minutes, the ${counted(charges, 'charge')} among them ` +
    `${minutes <= 1 ? 'are done within a minute or so' : `take about ${minutes} minutes more`}.`
  );
}

function limiterWords({ limiter: { pausedUntil, slowedAt }, timeZone }: QueuesView): Html {
  if (pausedUntil)
    return html`Stripe has asked to slow down: nothing is sent to it until
    ${when(pausedUntil, timeZone)}.`;
  return slowedAt
    ? html`Stripe takes requests. It last asked to slow down ${when(slowedAt, timeZone)}.`
    : html`Stripe takes requests, and has never asked to slow down.`;
}

const STEP_NAMES: Record<Step, string> = {
  detect: 'Look at the records',
  notice: 'Send notices',
  charge: 'Charge cards',
  settle: 'Refunds and waivers at Stripe',
  email: 'Send other e-mails',
};

const number = (count: number | undefined) => count?.toLocaleString('en-US') ?? 'not known';

const STEP_COLUMNS: Column<StepStanding>[] = [
  { head: 'Step', kind: 'name', cell: ({ step }) => STEP_NAMES[step] },
  { head: 'Due', kind: 'number', cell: ({ due }) => number(due) },
  {
    head: 'Oldest due',
    cell: ({ oldestSeconds }) => oldestSeconds !== null && `for ${span(oldestSeconds)}`,
  },
  { head: 'Waiting', kind: 'number', cell: ({ jobs }) => number(jobs?.waiting) },
  { head: 'In hand', kind: 'number', cell: ({ jobs }) => number(jobs?.active) },
  {
    head: 'Failed',
    kind: 'number',
    cell: ({ step, jobs }) =>
      jobs && jobs.failed > 0
        ? html`<a href="/queues/queue/${step}?status=failed">${number(jobs.failed)}</a>`
        : number(jobs?.failed),
  },
];

/** A time in its largest unit. It changes seldom, so that a page is not sent again each second. */
function span(seconds: number): string {
  if (seconds < 60) return 'less than a minute';
  if (seconds < 3_600) return counted(Math.floor(seconds / 60), 'minute');
  if (seconds < 86_400) return counted(Math.floor(seconds / 3_600), 'hour');
  return counted(Math.floor(seconds / 86_400), 'day');
}

function breakers({ assessments }: QueuesView): Html {
  return html`<h2>May cards be charged?</h2>
    ${
      assessments.length === 0
        ? nothing('No assessment has been opened yet.')
        : html`<ul class="reasons">
            ${assessments.map(
              ({
                assessment: { assessmentId, vendorName, year, pausedAt, pausedWhy },
                permission,
              }) =>
                html`<li>
                  <a href="/console/assessments/${assessmentId}">${isolated(vendorName)} ${year}</a
                  >:
                  ${
                    pausedAt
                      ? html`paused. ${pausedWhy && isolated(pausedWhy)}`
                      : permissionWords(permission)
                  }
                </li>`,
            )}
          </ul>`
    }`;
}

const PERMISSION_WORDS: Record<Exclude<ChargePermission['charge'], 'pause'>, string> = {
  all: 'yes, whatever is due.',
  canary: 'only the first few, until their banks have answered.',
  wait: 'not now: the first few are left alone for a while before the others follow.',
  check: 'not now: a check of the whole assessment by Stripe’s own books comes first.',
};

function permissionWords(permission: ChargePermission | null): string {
  if (!permission) return 'no charge is due now.';
  return permission.charge === 'pause'
    ? `no: it will be paused. ${permission.why}`
    : PERMISSION_WORDS[permission.charge];
}

function failedJobs({ failed, timeZone }: QueuesView): Html {
  return html`<h2>Jobs that failed</h2>
    <p class="soft">
      A declined card counts as failed here. Nothing is lost: the ledger says when it is tried
      again.
    </p>
    ${failed.length === 0 ? nothing('None is kept.') : table(failedColumns(timeZone), failed)}`;
}

function failedColumns(timeZone: string): Column<FailedJob>[] {
  return [
    {
      head: 'Job',
      kind: 'name',
      cell: ({ step, jobId }) =>
        html`<a href="/queues/queue/${step}/${encodeURIComponent(jobId)}">${STEP_NAMES[step]}</a>`,
    },
    {
      head: 'Fee',
      cell: ({ feeId }) => feeId && html`<a href="/console/fees/${feeId}">${feeId.slice(0, 8)}</a>`,
    },
    { head: 'Failed', cell: ({ at }) => at && when(at, timeZone) },
  ];
}
