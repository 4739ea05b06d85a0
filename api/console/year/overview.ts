import { DAY_MS } from '../../../core/policy.ts';
import { dollars } from '../../../core/fee/money.ts';
import type { FeeStatus } from '../../../core/fee/fee.ts';
import { BUCKETS, type Bucket, type RosterTotals } from '../../../core/roster.ts';
import type { Assessment } from '../../../ledger/assessments.ts';
import type { Mark, MarkCounts } from '../../../ledger/years.ts';
import { html, type Html } from '../html.ts';
import { isolated } from '../isolated.ts';
import { formToken, may, type Viewer } from '../layout.ts';
import { money } from '../home.ts';
import { inOrder, STATE_WORDS, stateBar } from '../states.ts';
import { table, type Column } from '../table.ts';
import { distance, when } from '../times.ts';
import { BUCKET_WORDS, counted } from '../words.ts';
import { decisionCard, type Decision } from './decide.ts';
import { ASKING, COMPARING, everybody, MARK_WORDS } from './words.ts';

export interface YearView extends Decision {
  states: { state: FeeStatus; fees: number; cents: number }[];
  marks: MarkCounts;
  now: Date;
}

/** The page of a year: what is to be decided, what to look at before, and where it stands. */
export function yearBody(view: YearView, viewer: Viewer): Html {
  const { assessment, states } = view;
  const here = `/console/assessments/${assessment.assessmentId}`;
  return html`<p class="crumbs"><a href="/console">Overview</a></p>
    <h1>
      ${assessment.vendorName} ${assessment.year}
      ${assessment.pausedAt && html`<span class="badge person">Paused</span>`}
    </h1>
    ${paused(assessment)}
    <div class="buttons tools">
      <a class="button plain" href="${here}/roster">Roster</a>
      <a class="button plain" href="${here}/progress">Progress</a>
      <a class="button plain" href="${here}/report">Report</a>
      <a class="button plain" href="/console/reports?assessment=${assessment.assessmentId}"
        >Lists for the bookkeeper</a
      >
    </div>
    <div class="columns">
      <div>
        ${decisionCard(view, viewer)} ${lookFirst(view)}
        <h2>Roster</h2>
        ${totalsOf(view)}
      </div>
      <aside>
        <section class="card">
          <h3>Where it stands</h3>
          ${stateBar(states)}${money(states)}${stateTable(assessment, states)}
        </section>
        <section class="card">
          <h3>Terms, frozen when it was opened</h3>
          ${terms(assessment)}
        </section>
        ${may(viewer, 'operate') && pauseForm(assessment, viewer)}
      </aside>
    </div>`;
}

function paused({ pausedAt, pausedBy, pausedWhy, policy }: Assessment): Html | null {
  if (!pausedAt) return null;
  return html`<div class="warn">
    <p>
      <strong>Paused</strong> by ${isolated(pausedBy ?? '')} on ${when(pausedAt, policy.timeZone)}:
      ${isolated(pausedWhy ?? '')}. No notice is sent and no card is charged until it is resumed;
      what is already at Stripe is still settled.
    </p>
  </div>`;
}

/** What is worth a look before an approval: marks that ask, and the year before. */
function lookFirst({
  assessment,
  marks: { marks, cards, previous },
  totals,
}: YearView): Html | null {
  if (everybody(totals) === 0) return null;
  const line = (mark: Mark) =>
    html`<li>
      <span class="count">${marks[mark].toLocaleString('en-US')}</span>
      <span>
        ${
          marks[mark] > 0
            ? html`<a href="/console/assessments/${assessment.assessmentId}/roster?mark=${mark}"
                >${MARK_WORDS[mark].label}</a
              >`
            : MARK_WORDS[mark].label
        }
        <span class="soft">${MARK_WORDS[mark].means}</span>
      </span>
    </li>`;
  return html`<section class="card" aria-labelledby="look">
    <h2 id="look" class="first">Look before you approve</h2>
    <ul class="todo">
      ${ASKING.map(line)}
    </ul>
    ${
      cards.all > 0 &&
      html`<p class="small soft">
        The expiry is known for ${cards.known.toLocaleString('en-US')} of
        ${counted(cards.all, 'card')} not charged yet.
        ${
          cards.known < cards.all &&
          'Stripe is being asked about the others; load this page again in a moment.'
        }
      </p>`
    }
    <h3>Compared with ${assessment.year - 1}</h3>
    ${
      previous
        ? html`<p>${rateChange(assessment, previous.amountCents)}</p>
            <ul class="todo">
              ${COMPARING.map(line)}
            </ul>`
        : html`<p class="soft">
            ${assessment.vendorName} ${assessment.year - 1} was not assessed here, so there is
            nothing to compare with.
          </p>`
    }
  </section>`;
}

function rateChange({ amountCents, year }: Assessment, before: number): Html {
  if (amountCents === before) return html`The fee is ${dollars(amountCents)}, as in ${year - 1}.`;
  return html`The fee was ${dollars(before)} and is <strong>${dollars(amountCents)}</strong> now,
    for everybody.`;
}

function totalsOf({ totals, assessment, now }: YearView): Html {
  const here = `/console/assessments/${assessment.assessmentId}/roster`;
  const buckets = (Object.keys(BUCKETS) as Bucket[]).filter((name) => totals[name]);
  if (buckets.length === 0) return nobody(assessment, now);
  const columns: Column<Bucket>[] = [
    {
      head: 'Bucket',
      kind: 'name',
      cell: (name) => html`<a href="${here}?bucket=${name}">${BUCKET_WORDS[name]}</a>`,
    },
    { head: 'Meaning', cell: (name) => BUCKETS[name] },
    {
      head: 'Clinicians',
      kind: 'number',
      cell: (name) => totals[name]?.clinicians.toLocaleString('en-US'),
    },
    { head: 'Amount', kind: 'number', cell: (name) => dollars(totals[name]?.cents ?? 0) },
  ];
  return html`${isElsewhere(totals) && nobodyHere(assessment)} ${table(columns, buckets)}`;
}

/** Everybody on the roster works in another EHR. */
function isElsewhere(totals: RosterTotals): boolean {
  const elsewhere: string[] = ['vendor_does_not_levy', 'other_vendor'];
  return Object.keys(totals).every((name) => elsewhere.includes(name));
}

function nobodyHere({ vendorName }: Assessment): Html {
  return html`<p class="empty">
    Nobody is on the roster of this vendor: everybody on the roster works in another EHR than
    ${vendorName}, and nobody is written to. ${LATER}
  </p>`;
}

const LATER = html`Whoever is added under <a href="/console/people">People</a>, or moved to this
  vendor there, is taken into this assessment by itself.`;

/** How long drawing up a roster may take before it is worth a question, in ms. */
const SLOW_MS = 600_000;

function nobody({ enrolledAt, openedAt }: Assessment, now: Date): Html {
  if (enrolledAt)
    return html`<p class="empty">
      Nobody is on the roster of this vendor: the practice’s roster is empty. ${LATER}
    </p>`;
  const slow = now.getTime() - openedAt.getTime() > SLOW_MS;
  return html`<p class="empty">
    The roster is being drawn up; load this page again in a moment.
    ${
      slow &&
      html`It was asked for ${distance(openedAt, now)}, which is long: see under
        <a href="/queues">Queues</a> whether a worker is running.`
    }
  </p>`;
}

function stateTable(assessment: Assessment, states: YearView['states']): Html {
  return html`<table>
    <tbody>
      ${inOrder(states).map(
        ({ state, fees }) =>
          html`<tr>
            <th scope="row">
              <a href="/console/fees?assessment=${assessment.assessmentId}&amp;state=${state}"
                >${STATE_WORDS[state].label}</a
              >
            </th>
            <td class="number">${fees.toLocaleString('en-US')}</td>
          </tr>`,
      )}
    </tbody>
  </table>`;
}

/** The amounts and rules of an assessment, as facts. */
export function terms(assessment: Assessment): Html {
  const { policy, royaltyCents, processingCents, amountCents } = assessment;
  return html`<dl class="facts">
    <dt>Fee</dt>
    <dd>
      ${dollars(amountCents)}: royalty ${dollars(royaltyCents)}, vendor’s processing
      ${dollars(processingCents)}, our part ${dollars(0)}
    </dd>
    <dt>Source</dt>
    <dd>${isolated(assessment.rateSource)}</dd>
    <dt>Notice</dt>
    <dd>
      ${counted(policy.noticeDays, 'day')} before the
      charge${policy.dayMs !== DAY_MS && ` (rehearsal: a day is ${policy.dayMs / 1_000} s)`}
    </dd>
    <dt>Passed on</dt>
    <dd>
      ${
        policy.passOn === 'invoice'
          ? 'only what a confirmed invoice of the vendor carries'
          : 'by evidence of use'
      }
    </dd>
    <dt>Charging</dt>
    <dd>from ${policy.chargeHour}:00, at most ${policy.attemptsMax} attempts per card</dd>
    <dt>Time zone</dt>
    <dd>${policy.timeZone}</dd>
    <dt>Opened</dt>
    <dd>by ${isolated(assessment.openedBy)}, ${when(assessment.openedAt, policy.timeZone)}</dd>
    <dt>Approval</dt>
    <dd>
      ${
        assessment.autoApprove
          ? 'automatic'
          : policy.approvers > 1
            ? 'by two people'
            : 'by a person'
      }
    </dd>
  </dl>`;
}

function pauseForm(assessment: Assessment, viewer: Viewer): Html {
  const here = `/console/assessments/${assessment.assessmentId}`;
  if (assessment.pausedAt)
    return html`<form class="card" method="post" action="${here}/resume">
      ${formToken(viewer)}
      <h3>Paused</h3>
      <p class="soft">
        Notices and charges go on where they stopped. Those already charged are not charged again.
      </p>
      <button>Resume</button>
    </form>`;
  return html`<form class="card" method="post" action="${here}/pause">
    ${formToken(viewer)}
    <h3>Stop everything</h3>
    <p class="soft">Takes effect before the next e-mail or charge.</p>
    <p><label for="why">Reason</label> <input id="why" name="why" required maxlength="500" /></p>
    <button class="danger">Pause</button>
  </form>`;
}
