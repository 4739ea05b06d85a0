import type { FeeStatus } from '../../../core/fee/fee.ts';
import { BULK_ACTIONS } from '../../../core/fee/outlook.ts';
import { FAILED_STATES, whereOf, type FeeSelection } from '../../../core/fee/selection.ts';
import { dollars } from '../../../core/fee/money.ts';
import type { Assessment } from '../../../ledger/assessments.ts';
import type { BulkAct } from '../../../ledger/bulk-acts.ts';
import type { DeskLine, SavedFilter } from '../../../ledger/desk.ts';
import { scopeOf } from '../../routes/actions.ts';
import { html, type Html } from '../html.ts';
import { isolated } from '../isolated.ts';
import { formToken, may, nothing, type Viewer } from '../layout.ts';
import { option } from '../option.ts';
import { stateBadge, STATE_WORDS } from '../states.ts';
import { person, table, type Column } from '../table.ts';
import { distance, when } from '../times.ts';
import { counted, declineCode, nextWords } from '../words.ts';
import { deskPath } from './filter.ts';
import { BULK_STATE_WORDS, BULK_WORDS } from './words.ts';

export interface DeskView {
  selection: FeeSelection;
  assessments: Assessment[];
  /** Of every state of the desk, whatever state is chosen. */
  counts: { state: FeeStatus; fees: number; cents: number }[];
  declines: { decline: string; fees: number }[];
  lines: DeskLine[];
  /** The last fee on this page when there are more, else null. */
  next: string | null;
  saved: SavedFilter[];
  acts: BulkAct[];
  /** Charge jobs that the queue's board lists as failed; null while the queue is away. */
  failedJobs: number | null;
  /** Why the last form was refused. */
  refusal: string | null;
  now: Date;
}

/** The desk of those who chase failed cards: all that is owed, not paid and stands still. */
export function deskBody(view: DeskView, viewer: Viewer): Html {
  const { selection, lines, next, refusal } = view;
  const shown = ofSelection(view);
  return html`<h1>Failed cards</h1>
    <p class="lead">Everything that is owed and not paid, by its reason. A fee is charged once.</p>
    ${refusal && html`<p class="refused" role="alert">${refusal}</p>`} ${tabs(view)}
    ${filterForm(view)}
    ${
      selection.states.length === 1 &&
      selection.states[0] === 'unknown' &&
      html`<p>
        <a href="/console/unknown">What was asked of Stripe, and when it is asked again</a>
      </p>`
    }
    ${
      lines.length === 0
        ? nothing('No fee is like this.')
        : html`<p>
              <strong>${counted(shown.fees, 'fee')}</strong>, ${dollars(shown.cents)}, longest
              waiting first.
            </p>
            ${may(viewer, 'operate') && actForm(selection, shown.fees, viewer)}
            ${table(columns(view.now), lines)}`
    }
    ${next && html`<p><a href="${deskPath(selection, next)}">Next page</a></p>`}
    ${view.failedJobs !== null && boardNote(view.failedJobs)}
    <div class="columns">${savedFilters(view, viewer)} ${latestActs(view)}</div>`;
}

/** How the failed jobs of the queue's board differ from what is owed. */
function boardNote(failedJobs: number): Html {
  return html`<p class="soft small">
    <a href="/queues/queue/charge?status=failed">The board of the queues</a> lists
    ${counted(failedJobs, 'charge')} as failed. It keeps every refused charge, also when the fee was
    paid later, and forgets one that is run again there. What is owed is on this page.
  </p>`;
}

/** Counts of the chosen states alone. */
function ofSelection({ counts, selection }: DeskView): { fees: number; cents: number } {
  const chosen = counts.filter(({ state }) => selection.states.includes(state));
  return {
    fees: chosen.reduce((sum, { fees }) => sum + fees, 0),
    cents: chosen.reduce((sum, { cents }) => sum + cents, 0),
  };
}

function tabs({ counts, selection }: DeskView): Html {
  const all = selection.states.length > 1;
  const tab = (states: FeeStatus[], label: string, isPresent: boolean) => {
    const some = counts.filter(({ state }) => states.includes(state));
    const fees = some.reduce((sum, one) => sum + one.fees, 0);
    const cents = some.reduce((sum, one) => sum + one.cents, 0);
    return html`<li>
      <a href="${deskPath({ ...selection, states })}" ${isPresent && html` aria-current="page"`}
        >${label} <strong>${fees.toLocaleString('en-US')}</strong>
        <span class="soft">${dollars(cents)}</span></a
      >
    </li>`;
  };
  return html`<ul class="tabs">
    ${tab([...FAILED_STATES], 'All', all)}
    ${FAILED_STATES.map((state) =>
      tab([state], STATE_WORDS[state].label, !all && selection.states[0] === state),
    )}
  </ul>`;
}

function filterForm({ selection, assessments, declines }: DeskView): Html {
  const { states, assessmentId, minDays, text } = selection;
  const [decline = null] = selection.declines;
  return html`<form class="row" method="get" action="/console/desk" role="search">
    ${states.length === 1 && html`<input type="hidden" name="state" value="${states[0]}" />`}
    <div>
      <label for="text">Name, e-mail, reference or NPI</label>
      <input id="text" name="text" type="search" value="${text}" maxlength="200" />
    </div>
    <div>
      <label for="assessment">Year</label
      ><select id="assessment" name="assessment">
        ${option('', 'Any', assessmentId === null)}
        ${assessments.map((one) =>
          option(
            one.assessmentId,
            `${one.vendorName} ${one.year}`,
            assessmentId === one.assessmentId,
          ),
        )}
      </select>
    </div>
    <div>
      <label for="decline">Latest decline</label
      ><select id="decline" name="decline">
        ${option('', 'Any', decline === null)}
        ${
          decline !== null &&
          !declines.some((one) => one.decline === decline) &&
          option(decline, decline, true)
        }
        ${declines.map((one) =>
          option(one.decline, `${one.decline} (${one.fees})`, decline === one.decline),
        )}
      </select>
    </div>
    <div>
      <label for="days">Days in this state</label>
      <input
        id="days"
        name="days"
        inputmode="numeric"
        size="4"
        value="${minDays}"
        pattern="[0-9]{0,4}"
      />
    </div>
    <button>Show</button>
    <p class="small"><a href="/console/desk/recovery">How much is recovered</a></p>
  </form>`;
}

/** The form that previews an act on everything that matches, not on the page alone. */
function actForm(selection: FeeSelection, fees: number, viewer: Viewer): Html {
  const acts = BULK_ACTIONS.filter((act) => may(viewer, scopeOf(act)));
  return html`<form class="card row" method="post" action="/console/desk/preview">
    ${formToken(viewer)} <input type="hidden" name="where" value="${whereOf(selection)}" />
    <div>
      <label for="act">Do to all ${counted(fees, 'fee')} that match</label
      ><select id="act" name="act">
        ${acts.map((act) => html`<option value="${act}">${BULK_WORDS[act].label}</option>`)}
      </select>
    </div>
    <div class="wide">
      <label for="why">Reason, or the text of the note</label>
      <input id="why" name="why" maxlength="500" aria-describedby="why-hint" />
      <p class="small soft" id="why-hint">Needed to hold, waive, refund and note.</p>
    </div>
    <button>Show what would happen</button>
  </form>`;
}

function columns(now: Date): Column<DeskLine>[] {
  return [
    { head: 'Clinician', kind: 'name', cell: (fee) => person(fee.name, fee.ref, fee.feeId) },
    {
      head: 'Fee',
      cell: ({ vendor, year, amountCents }) =>
        html`${vendor} ${year} <span class="soft">${dollars(amountCents)}</span>`,
    },
    {
      head: 'Reason',
      cell: ({ state, decline }) => html`${stateBadge(state)} ${decline && declineCode(decline)}`,
    },
    { head: 'Since', cell: ({ since }) => distance(since, now) },
    { head: 'Tries', kind: 'number', cell: ({ attempts }) => attempts },
    {
      head: 'Next',
      cell: ({ nextStep, state, dueAt, timeZone }) =>
        nextStep &&
        html`${nextWords(nextStep, state)}${
          dueAt && dueAt > now
            ? html` <span class="soft">${when(dueAt, timeZone)}, ${distance(dueAt, now)}</span>`
            : ', due now'
        }`,
    },
  ];
}

function savedFilters({ saved, selection }: DeskView, viewer: Viewer): Html {
  const mayChange = may(viewer, 'operate');
  return html`<section class="card">
    <h2 class="first">Saved filters</h2>
    ${
      saved.length === 0
        ? html`<p class="soft">None yet.</p>`
        : html`<ul class="reasons">
            ${saved.map(
              ({ name, selection: of, savedBy }) =>
                html`<li>
                  <a href="${deskPath(of)}">${isolated(name)}</a>
                  <span class="small soft">${whereOf(of)}, by ${isolated(savedBy)}</span>
                  ${
                    mayChange &&
                    html`<form class="inline" method="post" action="/console/desk/filters/remove">
                      ${formToken(viewer)}<input type="hidden" name="name" value="${name}" />
                      <button class="link" aria-label="Remove the filter ${name}">Remove</button>
                    </form>`
                  }
                </li>`,
            )}
          </ul>`
    }
    ${
      mayChange &&
      html`<form class="row" method="post" action="/console/desk/filters">
        ${formToken(viewer)}<input type="hidden" name="where" value="${whereOf(selection)}" />
        <div>
          <label for="filter-name">Save this filter as</label>
          <input id="filter-name" name="name" required maxlength="80" />
        </div>
        <button class="plain">Save</button>
      </form>`
    }
  </section>`;
}

function latestActs({ acts }: DeskView): Html {
  return html`<section class="card">
    <h2 class="first">Acts on many fees</h2>
    ${
      acts.length === 0
        ? html`<p class="soft">None yet.</p>`
        : html`<ul class="reasons">
            ${acts.map(
              (one) =>
                html`<li>
                  <a href="/console/desk/acts/${one.bulkId}"
                    >${BULK_WORDS[one.act].label}, ${counted(one.members, 'fee')}</a
                  >
                  <span class="small soft"
                    >${BULK_STATE_WORDS[one.state]}, by ${isolated(one.startedBy ?? '')}</span
                  >
                </li>`,
            )}
          </ul>`
    }
  </section>`;
}
