import type { Entry, EntryKind } from '../../core/fee/fee.ts';
import { fold } from '../../core/fee/fold.ts';
import { dollars } from '../../core/fee/money.ts';
import { nextOf, type Next } from '../../core/fee/next.ts';
import { plainWords } from '../../core/fee/code-words.ts';
import { describeEntry } from '../../core/fee/describe.ts';
import type { FirstUse } from '../../ledger/evidence.ts';
import type { FeeRecord } from '../../ledger/fees.ts';
import { feeActions } from './fee-actions.ts';
import { html, type Html } from './html.ts';
import { isolated } from './isolated.ts';
import { formToken, may, type Viewer } from './layout.ts';
import { objectionCard } from './objections.ts';
import { stateBadge, STATE_WORDS, type Tone } from './states.ts';
import { day, distance, when } from './times.ts';
import { KIND_WORDS, nextWords } from './words.ts';

/** A piece of evidence with a person's decision on it. */
type Proof = FirstUse & { evidenceId: string; fileName: string; verdict: string | null };

export interface FeeView {
  feeRecord: FeeRecord;
  evidence: Proof[];
  /** The URL of a card page that was just opened; null when none was asked for. */
  cardLink: string | null;
}

/** The page of a fee: its history, what comes next, when and why, and the possible acts. */
export function feeBody({ feeRecord, evidence, cardLink }: FeeView, viewer: Viewer): Html {
  const { clinician, assessment, entries } = feeRecord;
  const fee = fold(entries);
  const next = nextOf(fee, assessment.policy);
  return html`<p class="crumbs">
      <a href="/console">Overview</a> ›
      <a href="/console/assessments/${assessment.assessmentId}"
        >${assessment.vendorName} ${assessment.year}</a
      >
    </p>
    <h1>${isolated(clinician.name)} ${stateBadge(next.state)}</h1>
    <p class="lead">
      ${assessment.vendorName} fee for ${assessment.year}, ${dollars(assessment.amountCents)}.
      ${STATE_WORDS[next.state].means}
    </p>
    ${cardLink && linkCard(cardLink)}
    <div class="fee">
      <div class="now">
        <section class="card">
          <h3>Next</h3>
          ${whatIsNext(next, feeRecord)}
        </section>
        ${objectionCard(feeRecord, fee, viewer)} ${feeActions(feeRecord, fee, viewer)}
        ${
          may(viewer, 'operate') &&
          html`<p>
            <a href="/console/people/${clinician.clinicianId}/move">Moved to another EHR</a>
          </p>`
        }
      </div>
      <section class="past" aria-labelledby="story">
        <h2 id="story" class="first">What happened</h2>
        ${story(feeRecord, next)}
      </section>
      <div class="rest">
        <section class="card">
          <h3>Evidence of use</h3>
          ${proofs(feeRecord, evidence, viewer)}
        </section>
        <section class="card">
          <h3>Facts</h3>
          ${facts(feeRecord, fee.intent)}
        </section>
      </div>
    </div>`;
}

function story({ entries, assessment }: FeeRecord, next: Next): Html {
  const { timeZone } = assessment.policy;
  return html`<ol class="story">
    ${entries.length === 0 && html`<li class="quiet"><p>Nothing has happened yet.</p></li>`}
    ${entries.map(
      (entry) =>
        html`<li class="${toneOf(entry)}" id="entry-${entry.seq}">
          <p>${isolated(describeEntry(entry, { timeZone }))}</p>
          <p class="meta">${when(entry.at, timeZone)} · ${isolated(entry.actor)} · ${entry.seq}</p>
        </li>`,
    )}
    ${
      next.step &&
      html`<li class="coming">
        <p>${sentence(`next: ${nextWords(next.step, next.state)}`)}</p>
        <p class="meta">${next.at && moments(next.at, timeZone)}</p>
      </li>`
    }
  </ol>`;
}

/** The moment 0 is how `next` says "at once". */
function moments(at: Date, timeZone: string): Html {
  return at.getTime() === 0 ? html`at once` : when(at, timeZone);
}

function whatIsNext({ state, step, at, why }: Next, { now, assessment }: FeeRecord): Html {
  const { timeZone } = assessment.policy;
  const due = at && (at <= now() ? 'now' : null);
  const stopped = assessment.paused && step !== 'detect' && step !== 'settle';
  return html` ${
      step
        ? html`<p>
            <strong>${sentence(nextWords(step, state))}</strong>,
            ${due ?? (at && html`${when(at, timeZone)} (${distance(at, now())})`)}
          </p>`
        : html`<p><strong>Nothing by itself.</strong></p>`
    }
    <p class="soft">${isolated(sentence(plainWords(why)))}.</p>
    ${stopped && html`<p class="soft">The assessment is paused; it waits for that, too.</p>`}`;
}

function proofs(feeRecord: FeeRecord, evidence: readonly Proof[], viewer: Viewer): Html {
  if (evidence.length === 0)
    return html`<p class="soft">None for ${feeRecord.assessment.year}.</p>`;
  return html`<ul class="proofs">
    ${evidence.map(
      (one) =>
        html`<li>
          <p>${sentence(KIND_WORDS[one.kind])}, first on ${day(one.firstUsedOn)} ${counts(one)}</p>
          <p class="meta">${isolated(one.fileName)}, line ${one.line} · <code>${one.rule}</code></p>
          ${may(viewer, 'operate') && verdictForm(one, feeRecord.feeId, viewer)}
        </li>`,
    )}
  </ul>`;
}

function counts({ certainty, verdict }: Proof): Html {
  if (verdict === 'refused') return html`<span class="badge ended">Refused</span>`;
  if (verdict === 'accepted') return html`<span class="badge good">Accepted</span>`;
  return certainty === 'sure'
    ? html`<span class="badge good">Sure</span>`
    : html`<span class="badge person">Weak: does not count yet</span>`;
}

function verdictForm(
  { evidenceId, certainty, verdict }: Proof,
  feeId: string,
  viewer: Viewer,
): Html {
  const counted = verdict === 'accepted' || (verdict === null && certainty === 'sure');
  return html`<form class="buttons" method="post" action="/console/evidence/${evidenceId}">
    ${formToken(viewer)}<input type="hidden" name="fee" value="${feeId}" />
    ${!counted && html`<button class="link" name="verdict" value="accepted">It counts</button>`}
    ${
      verdict !== 'refused' &&
      html`<button class="link" name="verdict" value="refused">It does not count</button>`
    }
  </form>`;
}

function facts({ clinician, assessment, feeId }: FeeRecord, intent: string | null): Html {
  return html`<dl class="facts">
    <dt>Reference</dt>
    <dd>${isolated(clinician.ref)}</dd>
    <dt>E-mail</dt>
    <dd>${clinician.email ? isolated(clinician.email) : 'none'}</dd>
    <dt>EHR now</dt>
    <dd>${clinician.vendor}</dd>
    <dt>Fee</dt>
    <dd>
      ${dollars(assessment.royaltyCents)} royalty + ${dollars(assessment.processingCents)} vendor’s
      processing + ${dollars(0)} ours
    </dd>
    <dt>Customer</dt>
    <dd><code>${clinician.stripeCustomer ?? 'none'}</code></dd>
    <dt>Intent</dt>
    <dd><code>${intent ?? 'none yet'}</code></dd>
    <dt>Fee id</dt>
    <dd><code>${feeId}</code></dd>
    <dt>Time zone</dt>
    <dd>${assessment.policy.timeZone}</dd>
  </dl>`;
}

function linkCard(url: string): Html {
  return html`<section class="card" role="status">
    <h3>Link to give another card</h3>
    <p>Send it to the clinician; no money moves on that page. It works for a day.</p>
    <p>
      <a href="${url}" rel="noreferrer"><code>${url}</code></a>
    </p>
  </section>`;
}

function toneOf({ kind }: Entry): Tone {
  return TONES[kind] ?? 'quiet';
}

const TONES: Partial<Record<EntryKind, Tone>> = {
  assessed: 'going',
  approved: 'going',
  noticed: 'going',
  attempted: 'going',
  retry_asked: 'going',
  revived: 'going',
  card_updated: 'good',
  released: 'good',
  paid: 'good',
  paid_otherwise: 'good',
  notice_failed: 'person',
  card_missing: 'person',
  declined: 'person',
  held: 'person',
  disputed: 'person',
  objected: 'person',
  refund_failed: 'person',
  email_failed: 'person',
  unknown: 'doubt',
  withdrawn: 'ended',
  waived: 'ended',
  refunded: 'ended',
  gave_up: 'ended',
};

/** The text with its first letter as a capital. */
function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
