import type { RecordKind } from '../../../core/fee/fee.ts';
import { dollars } from '../../../core/fee/money.ts';
import { BUCKETS, type Bucket } from '../../../core/roster.ts';
import type { Assessment } from '../../../ledger/assessments.ts';
import { MARKS, type Mark, type MarkedRow, type RosterFilter } from '../../../ledger/years.ts';
import { html, type Html } from '../html.ts';
import { nothing } from '../layout.ts';
import { option } from '../option.ts';
import { stateBadge } from '../states.ts';
import { person, table, type Column } from '../table.ts';
import { day } from '../times.ts';
import { BUCKET_WORDS, KIND_WORDS } from '../words.ts';
import { ACTED_ON, MARK_WORDS } from './words.ts';

export interface RosterView {
  assessment: Assessment;
  filter: RosterFilter;
  rows: MarkedRow[];
  /** The last reference on this page when there are more, else null. */
  next: string | null;
  /** This is not the first page. */
  later: boolean;
}

/** The roster of a year as a list, narrowed and searched. */
export function rosterBody(view: RosterView): Html {
  const { assessment, filter, rows, next, later } = view;
  const year = `/console/assessments/${assessment.assessmentId}`;
  return html`<p class="crumbs">
      <a href="/console">Overview</a> ›
      <a href="${year}">${assessment.vendorName} ${assessment.year}</a>
    </p>
    <h1>Roster</h1>
    ${search(view)} ${meaning(filter)}
    ${rows.length === 0 ? nothing('Nobody here.') : table(ROWS, rows)}
    ${
      (next !== null || later) &&
      html`<p class="buttons">
        ${later && html`<a href="${year}/roster${queryOf(filter)}">First page</a>`}
        ${next && html`<a href="${year}/roster${queryOf(filter, next)}">Next page</a>`}
      </p>`
    }`;
}

function meaning({ bucket, mark }: RosterFilter): Html | null {
  if (!bucket && !mark) return null;
  return html`<p class="lead">
    ${bucket && html`${BUCKET_WORDS[bucket]}: ${BUCKETS[bucket]}.`}
    ${mark && html`${MARK_WORDS[mark].label}: ${MARK_WORDS[mark].means}`}
  </p>`;
}

function search({ assessment, filter }: RosterView): Html {
  return html`<form
    class="row"
    method="get"
    action="/console/assessments/${assessment.assessmentId}/roster"
    role="search"
  >
    <div>
      <label for="q">Name, e-mail, reference or NPI</label>
      <input id="q" name="q" type="search" value="${filter.text}" maxlength="200" dir="auto" />
    </div>
    <div>
      <label for="bucket">Who</label
      ><select id="bucket" name="bucket">
        ${option('', 'Everybody', filter.bucket === null)}
        ${(Object.keys(BUCKETS) as Bucket[]).map((bucket) =>
          option(bucket, BUCKET_WORDS[bucket], filter.bucket === bucket),
        )}
      </select>
    </div>
    <div>
      <label for="mark">Worth a look</label
      ><select id="mark" name="mark">
        ${option('', 'Anything or nothing', filter.mark === null)}
        ${MARKS.map((mark) => option(mark, MARK_WORDS[mark].label, filter.mark === mark))}
      </select>
    </div>
    <button>Show</button>
  </form>`;
}

const ROWS: Column<MarkedRow>[] = [
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
  { head: 'Worth a look', cell: marksOf },
  {
    head: 'Fee',
    kind: 'number',
    cell: ({ amountCents }) => amountCents > 0 && dollars(amountCents),
  },
];

/** Buckets that say more than the state. */
const SAYS_MORE = new Set<Bucket>([...ACTED_ON, 'vendor_does_not_levy', 'other_vendor']);

function marksOf({ marks, card }: MarkedRow): Html | null {
  const shown = marks.filter((mark) => mark !== 'still');
  if (shown.length === 0) return null;
  return html`<ul class="marks">
    ${shown.map(
      (mark) =>
        html`<li>
          ${MARK_WORDS[mark].label}${
            mark === 'expiring' &&
            card &&
            html`<span class="small soft">
              (${card.brand} ending in ${card.last4}, good to
              ${String(card.expMonth).padStart(2, '0')}/${String(card.expYear)})</span
            >`
          }
        </li>`,
    )}
  </ul>`;
}

function queryOf(
  filter: { text: string | null; bucket: Bucket | null; mark: Mark | null },
  after?: string,
): string {
  const query = new URLSearchParams();
  if (filter.text) query.set('q', filter.text);
  if (filter.bucket) query.set('bucket', filter.bucket);
  if (filter.mark) query.set('mark', filter.mark);
  if (after) query.set('after', after);
  const text = query.toString();
  return text ? `?${text}` : '';
}
