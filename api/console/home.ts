import type { FeeStatus } from '../../core/fee/fee.ts';
import { dollars } from '../../core/fee/money.ts';
import type { Assessment } from '../../ledger/assessments.ts';
import type { ImportResult } from '../../ledger/evidence.ts';
import { html, type Html, type Part } from './html.ts';
import { isolated } from './isolated.ts';
import type { Rate, Vendor } from '../../ledger/rates.ts';
import { may, nothing, type Viewer } from './layout.ts';
import { inOrder, NEEDS_PERSON, STATE_WORDS, stateBar } from './states.ts';
import { when } from './times.ts';
import { counted } from './words.ts';

type StateCount = { state: FeeStatus; fees: number; cents: number };

export interface Overview {
  assessments: { assessment: Assessment; states: StateCount[] }[];
  /** Objections without an answer, and whether there are more than were counted. */
  objections: { count: number; more: boolean };
  /** Weak evidence that waits for a decision, and whether there is more than was counted. */
  weak: { count: number; more: boolean };
  /** Recent imports with problems that a person must look at. */
  withProblems: ImportResult[];
  rates: Rate[];
  vendors: Vendor[];
}

/** The first page: what needs a person, then each assessment with its counts and money. */
export function homeBody(overview: Overview, viewer: Viewer): Html {
  return html`<h1>Overview</h1>
    <div data-live="/console/live/overview">${homeRegion(overview)}</div>
    ${may(viewer, 'operate') && opening(overview)}`;
}

/** The part of the page that changes by itself; it is the same for everybody. */
export function homeRegion(overview: Overview): Html {
  return html`${needsPerson(overview)}
    <h2>Assessments</h2>
    ${
      overview.assessments.length === 0
        ? nothing('No assessment has been opened yet.')
        : overview.assessments.map(card)
    }`;
}

/** Years with a confirmed rate that have no assessment yet. */
function opening({ assessments, rates, vendors }: Overview): Html | null {
  const known = new Set(assessments.map(({ assessment: { vendor, year } }) => `${vendor} ${year}`));
  const open = rates
    .filter(({ vendor, year, status }) => status === 'confirmed' && !known.has(`${vendor} ${year}`))
    .sort((a, b) => b.year - a.year);
  if (open.length === 0) return null;
  const names = new Map(vendors.map(({ vendor, name }) => [vendor, name]));
  return html`<h2>Open another</h2>
    <form class="row card" method="get" action="/console/assessments/new">
      <div>
        <label for="rate">Vendor and year</label
        ><select id="rate" name="rate">
          ${open.map(
            ({ vendor, year, amountCents }) =>
              html`<option value="${vendor} ${year}">
                ${names.get(vendor) ?? vendor} ${year}, ${dollars(amountCents)}
              </option>`,
          )}
        </select>
      </div>
      <button class="plain">Look</button>
      <p class="soft small">Shows what opening it will mean, before anything is opened.</p>
    </form>`;
}

function needsPerson({ assessments, objections, weak, withProblems }: Overview): Html {
  const sum = (state: FeeStatus) =>
    assessments
      .flatMap(({ states }) => states)
      .filter((count) => count.state === state)
      .reduce((total, { fees }) => total + fees, 0);
  const rows = [
    ...assessments.map(({ assessment, states }) =>
      todoRow(
        states.find(({ state }) => state === 'ready')?.fees ?? 0,
        `/console/assessments/${assessment.assessmentId}`,
        `${assessment.vendorName} ${assessment.year}`,
        'Waits for its roster to be read and approved.',
      ),
    ),
    todoRow(
      objections.count,
      '/console/objections',
      'Objections',
      'Answer the clinician; nothing is charged before.',
      objections.more,
    ),
    ...NEEDS_PERSON.map(({ state, todo }) =>
      todoRow(sum(state), `/console/fees?state=${state}`, STATE_WORDS[state].label, todo),
    ),
    todoRow(
      sum('unknown'),
      '/console/unknown',
      STATE_WORDS.unknown.label,
      'Stripe is asked again by itself; look here if it lasts.',
    ),
    todoRow(
      weak.count,
      '/console/review',
      'Weak findings',
      'Say whether each counts as use; nobody is charged for them before.',
      weak.more,
    ),
    ...withProblems.map((one) =>
      todoRow(
        null,
        `/console/imports/${one.importId}`,
        html`Import ${isolated(one.fileName)}`,
        'Some of its records could not be matched or read.',
      ),
    ),
  ].filter((row) => row !== null);
  return html`<section class="card" aria-labelledby="todo">
    <h2 id="todo" class="first">What needs a person</h2>
    ${
      rows.length === 0
        ? html`<p class="soft">Nothing. The run looks after itself.</p>`
        : html`<ul class="todo">
            ${rows}
          </ul>`
    }
  </section>`;
}

function todoRow(
  count: number | null,
  href: string,
  label: Part,
  todo: string,
  more = false,
): Html | null {
  if (count === 0) return null;
  return html`<li>
    <span class="count">${count?.toLocaleString('en-US') ?? '•'}${more && '+'}</span>
    <span><a href="${href}">${label}</a> <span class="soft">${todo}</span></span>
  </li>`;
}

function card({ assessment, states }: Overview['assessments'][number]): Html {
  const { assessmentId, vendorName, year, amountCents, policy, openedAt } = assessment;
  const fees = states.reduce((sum, count) => sum + count.fees, 0);
  return html`<section class="card">
    <h3>
      <a href="/console/assessments/${assessmentId}">${vendorName} ${year}</a>
      ${assessment.pausedAt && html`<span class="badge person">Paused</span>`}
    </h3>
    <p class="soft">
      ${dollars(amountCents)} per clinician · ${counted(fees, 'clinician')} · opened
      ${when(openedAt, policy.timeZone)}
    </p>
    ${stateBar(states)} ${money(states)}
    <ul class="tabs">
      ${inOrder(states).map(
        ({ state, fees }) =>
          html`<li>
            <a href="/console/fees?assessment=${assessmentId}&amp;state=${state}"
              >${STATE_WORDS[state].label} ${fees.toLocaleString('en-US')}</a
            >
          </li>`,
      )}
    </ul>
  </section>`;
}

/** The sums of an assessment's fees, by their states. */
export function money(states: readonly StateCount[]): Html {
  const cents = (...names: FeeStatus[]) =>
    states.filter(({ state }) => names.includes(state)).reduce((sum, one) => sum + one.cents, 0);
  const all = states.reduce((sum, one) => sum + one.cents, 0);
  const paid = cents('paid', 'paid_otherwise');
  const ended = cents('waived', 'refunded', 'gave_up');
  return html`<dl class="figures">
    <div>
      <dt>Passed on in all</dt>
      <dd>${dollars(all)}</dd>
    </div>
    <div>
      <dt>Paid</dt>
      <dd>${dollars(paid)}</dd>
    </div>
    <div>
      <dt>Still open</dt>
      <dd>${dollars(all - paid - ended)}</dd>
    </div>
    <div>
      <dt>Waived, refunded, given up</dt>
      <dd>${dollars(ended)}</dd>
    </div>
  </dl>`;
}
