import type { Bucket } from '../../../core/roster.ts';
import type { ChangedField, RosterChange, RosterDifference } from '../../../ledger/roster-views.ts';
import { html, type Html } from '../html.ts';
import type { Viewer } from '../layout.ts';
import { person, table, type Column } from '../table.ts';
import { when } from '../times.ts';
import { BUCKET_WORDS, counted } from '../words.ts';
import { approveOrWait, type Decision } from './decide.ts';

/** The answer to an approval of a roster that has changed meanwhile: who changed, and the form. */
export function differenceBody(
  decision: Decision,
  { shownAt, counts, changes }: RosterDifference,
  viewer: Viewer,
): Html {
  const { assessment, hash } = decision;
  const year = `/console/assessments/${assessment.assessmentId}`;
  const all = counts.came + counts.went + counts.other;
  return html`<p class="crumbs">
      <a href="/console">Overview</a> ›
      <a href="${year}">${assessment.vendorName} ${assessment.year}</a>
    </p>
    <h1>The roster has changed.</h1>
    <div class="warn">
      <p>
        <strong>Nothing was approved.</strong> Since you were shown the roster
        (${when(shownAt, assessment.policy.timeZone)}), ${counted(counts.came, 'person', 'people')}
        came in, ${counted(counts.went, 'person', 'people')} went out, and
        ${counted(counts.other, 'other row')} changed.
      </p>
    </div>
    ${table(COLUMNS, changes)}
    ${
      all > changes.length &&
      html`<p class="soft">And ${counted(all - changes.length, 'more row')}.</p>`
    }
    <section class="card">
      <h2 class="first">The roster as it is now</h2>
      ${hash === null ? html`<p>Nothing is left to approve.</p>` : approveOrWait(decision, viewer)}
      <p><a href="${year}">See the whole roster first</a></p>
    </section>`;
}

const COLUMNS: Column<RosterChange>[] = [
  { head: 'Clinician', kind: 'name', cell: (one) => person(one.name, one.ref, one.feeId) },
  { head: 'Change', cell: ({ kind }) => KINDS[kind] },
  { head: 'Was', cell: ({ was }) => bucketWords(was) },
  { head: 'Is now', cell: ({ now }) => BUCKET_WORDS[now] },
  { head: 'Changed', cell: ({ changed }) => changed.map((field) => FIELDS[field]).join(', ') },
];

const bucketWords = (bucket: Bucket | null) =>
  bucket ? BUCKET_WORDS[bucket] : 'Not to be decided';

const KINDS: Record<RosterChange['kind'], string> = {
  came: 'Came in',
  went: 'Went out',
  other: 'Changed',
};

const FIELDS: Record<ChangedField, string> = {
  amount: 'amount',
  evidence: 'evidence of use',
  email: 'e-mail',
  customer: 'Stripe customer',
  card: 'card',
};
