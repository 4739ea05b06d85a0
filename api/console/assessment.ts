import { DAY_MS } from '../../core/policy.ts';
import { dollars } from '../../core/fee/money.ts';
import type { RecordKind, FeeStatus } from '../../core/fee/fee.ts';
import { BUCKETS, type Bucket, type RosterTotals } from '../../core/roster.ts';
import type { FirstApproval, RosterRow } from '../../ledger/approval.ts';
import type { Assessment } from '../../ledger/assessments.ts';
import { html, type Html } from './html.ts';
import { isolated } from './isolated.ts';
import { formToken, may, nothing, type Viewer } from './layout.ts';
import { money } from './home.ts';
import { inOrder, stateBadge, STATE_WORDS, stateBar } from './states.ts';
import { person, table, type Column } from './table.ts';
import { day, when } from './times.ts';
import { BUCKET_WORDS, counted, KIND_WORDS } from './words.ts';

export interface AssessmentView {
  assessment: Assessment;
  states: { state: FeeStatus; fees: number; cents: number }[];
  totals: RosterTotals;
  /** The roster's hash, which an approval must name. */
  hash: string;
  /** One person's approval of this roster, which waits for a second; null: there is none. */
  first: FirstApproval | null;
  bucket: Bucket | null;
  rows: RosterRow[];
  /** The last reference on this page when there are more, else null. */
  next: string | null;
}

/** The page of an assessment: its amounts and rules, its roster, and the buttons for it. */
export function assessmentBody(view: AssessmentView, viewer: Viewer): Html {
  const { assessment, states } = view;
  return html`<p class="crumbs"><a href="/console">Overview</a></p>
    <h1>
      ${assessment.vendorName} ${assessment.year}
      ${assessment.pausedAt && html`<span class="badge person">Paused</span>`}
    </h1>
    ${paused(assessment)}
    <div class="columns">
      <div>
        ${approval(view, viewer)}
        <h2>Roster</h2>
        ${totals(view)} ${roster(view)}
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

/** The buckets an approval acts on. */
const ACTED_ON: Bucket[] = ['will_be_charged', 'no_card', 'no_email'];

function approval(view: AssessmentView, viewer: Viewer): Html {
  const { totals, hash, assessment } = view;
  const waiting = ACTED_ON.reduce((sum, bucket) => sum + (totals[bucket]?.clinicians ?? 0), 0);
  const looking = totals.detecting?.clinicians ?? 0;
  if (!assessment.enrolledAt || looking > 0)
    return html`<section class="card">
      <h3>Approval</h3>
      <p>
        The records of ${counted(looking, 'clinician')} have not been looked at yet; the roster can
        be approved when all have been.
      </p>
    </section>`;
  if (waiting === 0)
    return html`<section class="card">
      <h3>Approval</h3>
      <p>Nothing to approve.</p>
    </section>`;
  return html`<section class="card">
    <h3>Approval</h3>
    <ul class="reasons">
      ${ACTED_ON.map((bucket) => {
        const { clinicians = 0, cents = 0 } = totals[bucket] ?? {};
        return (
          clinicians > 0 && html`<li>${whatFollows(bucket, clinicians, cents, assessment)}</li>`
        );
      })}
    </ul>
    ${view.assessment.policy.approvers > 1 && secondPerson(view, viewer)}
    ${approveOrWait(view, viewer)}
    <p class="small soft">Roster hash <span class="hash">${hash}</span></p>
  </section>`;
}

/** What an approval means for the clinicians of a bucket. */
function whatFollows(
  bucket: Bucket,
  clinicians: number,
  cents: number,
  { policy }: Assessment,
): Html {
  const who = html`<strong>${counted(clinicians, 'clinician')}</strong>`;
  if (bucket === 'no_card') return html`${who} without a card: will be asked for one, not charged.`;
  if (bucket === 'no_email') return html`${who} without an e-mail: cannot be told, so not charged.`;
  return html`${who} will get a notice and be charged <strong>${dollars(cents)}</strong> in all,
    once each, ${counted(policy.noticeDays, 'day')} later at the earliest.`;
}

/** Who approved it so far, where two people must. */
function secondPerson({ first, assessment }: AssessmentView, viewer: Viewer): Html {
  if (!first) return html`<p>Two people must approve this roster.</p>`;
  const isOwn = first.person === viewer.caller.person;
  return html`<p>
    <strong>${isOwn ? 'You' : isolated(first.actor)}</strong> approved it on
    ${when(first.at, assessment.policy.timeZone)}. A second person must approve it before anything
    is sent. If the roster changes, both must approve it again.
  </p>`;
}

function approveOrWait(view: AssessmentView, viewer: Viewer): Html | null {
  const { caller } = viewer;
  if (caller.approvesWithApp)
    return html`<p>
      Before you can approve, <a href="/console/me">set up your authenticator app</a>.
    </p>`;
  if (!may(viewer, 'approve'))
    return html`<p class="soft">Only somebody whose role is “Approves” can approve it.</p>`;
  const isTwo = view.assessment.policy.approvers > 1;
  if (isTwo && caller.person === null)
    return html`<p class="soft">
      You are signed in with a token that belongs to nobody in particular. Sign in as yourself to
      approve it.
    </p>`;
  if (isTwo && view.first !== null && view.first.person === caller.person) return null;
  return approveForm(view, viewer);
}

function approveForm({ assessment, hash }: AssessmentView, viewer: Viewer): Html {
  return html`<form method="post" action="/console/assessments/${assessment.assessmentId}/approve">
    ${formToken(viewer)}<input type="hidden" name="hash" value="${hash}" />
    <p>
      <label
        ><input type="checkbox" name="read" value="yes" required /> I have read this roster</label
      >
    </p>
    <button>Approve this roster</button>
  </form>`;
}

function totals({ totals, assessment, bucket }: AssessmentView): Html {
  const here = `/console/assessments/${assessment.assessmentId}`;
  const buckets = (Object.keys(BUCKETS) as Bucket[]).filter((name) => totals[name]);
  if (buckets.length === 0) return nothing('The roster is still being drawn up.');
  const columns: Column<Bucket>[] = [
    {
      head: 'Bucket',
      kind: 'name',
      cell: (name) =>
        html`<a href="${here}?bucket=${name}#people" ${name === bucket && html`aria-current="true"`}
          >${BUCKET_WORDS[name]}</a
        >`,
    },
    { head: 'Meaning', cell: (name) => BUCKETS[name] },
    { head: 'Clinicians', kind: 'number', cell: (name) => totals[name]?.clinicians },
    { head: 'Amount', kind: 'number', cell: (name) => dollars(totals[name]?.cents ?? 0) },
  ];
  return table(columns, buckets);
}

function roster({ assessment, bucket, rows, next }: AssessmentView): Html {
  const here = `/console/assessments/${assessment.assessmentId}`;
  const filter = bucket ? `bucket=${bucket}&` : '';
  return html`<h2 id="people">${bucket ? BUCKET_WORDS[bucket] : 'Everybody'}</h2>
    ${bucket && html`<p><a href="${here}#people">Show everybody</a></p>`}
    ${rows.length === 0 ? nothing('Nobody here.') : table(PEOPLE, rows)}
    ${
      next &&
      html`<p><a href="${here}?${filter}after=${encodeURIComponent(next)}#people">Next page</a></p>`
    }`;
}

const PEOPLE: Column<RosterRow>[] = [
  { head: 'Clinician', kind: 'name', cell: (one) => person(one.name, one.ref, one.feeId) },
  {
    head: 'Stands',
    cell: ({ state, bucket }) =>
      html`${stateBadge(state)} ${SAYS_MORE.has(bucket) && BUCKET_WORDS[bucket]}`,
  },
  {
    head: 'First use',
    cell: ({ firstUsedOn, kind }) =>
      firstUsedOn &&
      html`${day(firstUsedOn)} <span class="small soft">${KIND_WORDS[kind as RecordKind]}</span>`,
  },
  {
    head: 'Fee',
    kind: 'number',
    cell: ({ amountCents }) => amountCents > 0 && dollars(amountCents),
  },
];

/** Buckets that say more than the state. */
const SAYS_MORE = new Set<Bucket>([...ACTED_ON, 'vendor_does_not_levy', 'other_vendor']);

function stateTable(assessment: Assessment, states: AssessmentView['states']): Html {
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
            <td class="number">${fees}</td>
          </tr>`,
      )}
    </tbody>
  </table>`;
}

function terms(assessment: Assessment): Html {
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
