import { dollars } from '../../../core/fee/money.ts';
import type { Bucket, RosterTotals } from '../../../core/roster.ts';
import type { FirstApproval } from '../../../ledger/approval.ts';
import type { Assessment } from '../../../ledger/assessments.ts';
import { html, type Html } from '../html.ts';
import { isolated } from '../isolated.ts';
import { formToken, may, type Viewer } from '../layout.ts';
import { counted } from '../words.ts';
import { ACTED_ON, approvalWords, everybody } from './words.ts';
import { day, when } from '../times.ts';

/** What somebody who may approve decides on. */
export interface Decision {
  assessment: Assessment;
  totals: RosterTotals;
  /** The hash that an approval must name; null while there is nothing to approve. */
  hash: string | null;
  /** One person's approval of this roster, which waits for a second; null: there is none. */
  first: FirstApproval | null;
  /** The first day of a charge if it is approved now, YYYY-MM-DD. */
  chargeDay: string;
}

/** The card with the approval: what it would mean, and the button that says so. */
export function decisionCard(decision: Decision, viewer: Viewer): Html {
  return html`<section class="card" aria-labelledby="approval">
    <h2 id="approval" class="first">Approval</h2>
    ${content(decision, viewer)}
  </section>`;
}

function content(decision: Decision, viewer: Viewer): Html {
  const { assessment, totals, hash, chargeDay } = decision;
  const looking = totals.detecting?.clinicians ?? 0;
  if (!assessment.enrolledAt)
    return html`<p>
      The roster can be approved when it is drawn up and everybody’s records have been looked at;
      these have not been looked at yet.
    </p>`;
  if (looking > 0)
    return html`<p>
      The records of ${counted(looking, 'clinician')} have not been looked at yet; the roster can be
      approved when all have been.
    </p>`;
  if (hash === null) return html`<p>${nothingToApprove(totals)}</p>`;
  return html`<ul class="reasons">
      ${ACTED_ON.map((bucket) => {
        const { clinicians = 0, cents = 0 } = totals[bucket] ?? {};
        return (
          clinicians > 0 &&
          html`<li>${whatFollows(bucket, clinicians, cents, assessment, chargeDay)}</li>`
        );
      })}
    </ul>
    ${assessment.policy.approvers > 1 && secondPerson(decision, viewer)}
    ${approveOrWait(decision, viewer)}
    <p class="small soft">Roster hash <span class="hash">${hash}</span></p>`;
}

function nothingToApprove(totals: RosterTotals): string {
  if (everybody(totals) === 0) return 'Nothing to approve: nobody is on the roster.';
  const past = ['under_way', 'settled', 'waived', 'held'] as const;
  const before = past.reduce((sum, name) => sum + (totals[name]?.clinicians ?? 0), 0);
  return before > 0
    ? 'Nothing to approve: everybody who owes a fee was decided on before.'
    : 'Nothing to approve: nobody on the roster owes this fee.';
}

/** What an approval means for the clinicians of a bucket. */
function whatFollows(
  bucket: Bucket,
  clinicians: number,
  cents: number,
  { policy }: Assessment,
  chargeDay: string,
): Html {
  const who = html`<strong>${counted(clinicians, 'clinician')}</strong>`;
  if (bucket === 'no_card') return html`${who} without a card: will be asked for one, not charged.`;
  if (bucket === 'no_email') return html`${who} without an e-mail: cannot be told, so not charged.`;
  return html`${who} will get a notice and be charged <strong>${dollars(cents)}</strong> in all,
    once each, ${counted(policy.noticeDays, 'day')} after the notice at the earliest: from
    ${day(chargeDay)} if it is approved now.`;
}

/** Who approved it so far, where two people must. */
function secondPerson({ first, assessment }: Decision, viewer: Viewer): Html {
  if (!first) return html`<p>Two people must approve this roster.</p>`;
  const isOwn = first.person === viewer.caller.person;
  return html`<p>
    <strong>${isOwn ? 'You' : isolated(first.actor)}</strong> approved it on
    ${when(first.at, assessment.policy.timeZone)}. A second person must approve it before anything
    is sent. If the roster changes, both must approve it again.
  </p>`;
}

/** The form of the approval, or why this viewer has none. */
export function approveOrWait(decision: Decision, viewer: Viewer): Html | null {
  const { caller } = viewer;
  if (caller.approvesWithApp)
    return html`<p>
      Before you can approve, <a href="/console/me">set up your authenticator app</a>.
    </p>`;
  if (!may(viewer, 'approve'))
    return html`<p class="soft">Only somebody whose role is “Approves” can approve it.</p>`;
  const isTwo = decision.assessment.policy.approvers > 1;
  if (isTwo && caller.person === null)
    return html`<p class="soft">
      You are signed in with a token that belongs to nobody in particular. Sign in as yourself to
      approve it.
    </p>`;
  if (isTwo && decision.first !== null && decision.first.person === caller.person) return null;
  return approveForm(decision, viewer);
}

/** The form of the approval. Its button names people, amount and day. */
function approveForm({ assessment, totals, hash, chargeDay }: Decision, viewer: Viewer): Html {
  return html`<form method="post" action="/console/assessments/${assessment.assessmentId}/approve">
    ${formToken(viewer)}<input type="hidden" name="hash" value="${hash}" />
    <p>
      <label
        ><input type="checkbox" name="read" value="yes" required /> I have read this roster</label
      >
    </p>
    <button>${approvalWords(totals, chargeDay)}</button>
  </form>`;
}
