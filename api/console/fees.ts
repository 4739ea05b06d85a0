import { dollars } from '../../core/fee/money.ts';
import type { FeeStatus } from '../../core/fee/fee.ts';
import type { Assessment } from '../../ledger/assessments.ts';
import type { FeeLine } from '../../ledger/reports.ts';
import { html, type Html } from './html.ts';
import { nothing } from './layout.ts';
import { option } from './option.ts';
import { STATE_WORDS, stateBadge } from './states.ts';
import { person, table, type Column } from './table.ts';
import { distance, when } from './times.ts';
import { declineCode, nextWords } from './words.ts';

/** The filter of a list of fees; null means everything. */
export interface FeeFilter {
  state: FeeStatus | null;
  assessment: string | null;
  ref: string | null;
}

export interface FeesView {
  filter: FeeFilter;
  assessments: Assessment[];
  fees: FeeLine[];
  /** The last fee on this page when there are more, else null. */
  next: string | null;
  now: Date;
  /** The zone for fees whose assessment is not loaded. */
  timeZone: string;
}

/** Fees in a table, narrowed by state, assessment and the clinician's reference. */
export function feesBody(view: FeesView): Html {
  const { filter, fees, next } = view;
  return html`<h1>Fees</h1>
    <p class="lead">${lead(filter)}</p>
    <ul class="tabs">
      ${TABS.map(
        ({ state, label }) =>
          html`<li>
            <a
              href="/console/fees${queryOf({ ...filter, state })}"
              ${filter.state === state && html` aria-current="page"`}
              >${label}</a
            >
          </li>`,
      )}
    </ul>
    ${search(view)}
    ${fees.length === 0 ? nothing('No fee is like this.') : table(columns(view), fees)}
    ${next && html`<p><a href="/console/fees${queryOf(filter, next)}">Next page</a></p>`}`;
}

const TABS: { state: FeeFilter['state']; label: string }[] = [
  { state: null, label: 'All' },
  { state: 'held', label: STATE_WORDS.held.label },
  { state: 'notice_failed', label: STATE_WORDS.notice_failed.label },
  { state: 'noticed', label: STATE_WORDS.noticed.label },
  { state: 'paid', label: STATE_WORDS.paid.label },
  { state: 'disputed', label: STATE_WORDS.disputed.label },
];

function lead({ state }: FeeFilter): string {
  return state ? STATE_WORDS[state].means : 'Every clinician of every assessment.';
}

function search({ filter, assessments }: FeesView): Html {
  return html`<form class="row" method="get" action="/console/fees">
    <div>
      <label for="ref">Clinician’s reference</label>
      <input id="ref" name="ref" value="${filter.ref}" maxlength="200" />
    </div>
    <div>
      <label for="state">State</label
      ><select id="state" name="state">
        ${option('', 'Any', filter.state === null)}
        ${(Object.keys(STATE_WORDS) as FeeStatus[]).map((state) =>
          option(state, STATE_WORDS[state].label, filter.state === state),
        )}
      </select>
    </div>
    <div>
      <label for="assessment">Assessment</label
      ><select id="assessment" name="assessment">
        ${option('', 'Any', filter.assessment === null)}
        ${assessments.map(({ assessmentId, vendorName, year }) =>
          option(assessmentId, `${vendorName} ${year}`, filter.assessment === assessmentId),
        )}
      </select>
    </div>
    <button>Show</button>
  </form>`;
}

function columns({ assessments, now, timeZone }: FeesView): Column<FeeLine>[] {
  const byId = new Map(assessments.map((one) => [one.assessmentId, one]));
  return [
    { head: 'Clinician', kind: 'name', cell: (fee) => person(fee.name, fee.ref, fee.feeId) },
    {
      head: 'Fee',
      cell: (fee) => {
        const assessment = byId.get(fee.assessmentId);
        return html`${assessment?.vendorName ?? fee.vendor} ${fee.year}
        ${assessment && html`<span class="soft">${dollars(assessment.amountCents)}</span>`}`;
      },
    },
    { head: 'State', cell: ({ state }) => stateBadge(state) },
    { head: 'Declined', cell: ({ declinedCode: code }) => code && declineCode(code) },
    {
      head: 'Next',
      cell: (fee) => nextOf(fee, now, byId.get(fee.assessmentId)?.policy.timeZone ?? timeZone),
    },
  ];
}

function nextOf(fee: FeeLine, now: Date, timeZone: string): Html | null {
  if (!fee.nextStep || !fee.dueAt) return null;
  const what = nextWords(fee.nextStep, fee.state);
  if (fee.dueAt <= now) return html`${what}, due now`;
  return html`${what}
    <span class="soft">${when(fee.dueAt, timeZone)}, ${distance(fee.dueAt, now)}</span>`;
}

function queryOf(filter: FeeFilter, after?: string): string {
  const query = new URLSearchParams();
  for (const name of ['state', 'assessment', 'ref'] as const) {
    const value = filter[name];
    if (value) query.set(name, value);
  }
  if (after) query.set('after', after);
  const text = query.toString();
  return text ? `?${text}` : '';
}
