import type { RosterUpload } from '../../../ledger/roster-uploads.ts';
import { FIELDS } from '../../roster/columns.ts';
import type { Wanted } from '../../roster/plan.ts';
import type { RowNote } from '../../roster/validate-row.ts';
import { html, type Html, type Part } from '../html.ts';
import { isolated } from '../isolated.ts';
import { formToken, type Viewer } from '../layout.ts';
import { table, type Column } from '../table.ts';
import { when } from '../times.ts';
import { counted } from '../words.ts';
import { discardForm } from './upload.ts';
import type { UploadPreview } from './upload-plan.ts';
import { FIELD_WORDS } from './words.ts';

/** Rows of each table; the counts are of all. */
const SHOWN = 200;

export interface PreviewView {
  upload: RosterUpload;
  plan: UploadPreview;
  /** Why a confirmation was not carried out; null when none was sent. */
  refusal: string | null;
  timeZone: string;
}

/** What an upload would do, and the button that does it. */
export function previewBody(
  { upload, plan, refusal, timeZone }: PreviewView,
  viewer: Viewer,
): Html {
  const created = plan.wanted.filter(({ before }) => before === null);
  const changed = plan.wanted.filter(({ before }) => before !== null);
  const warnings = table(NOTES, plan.warnings);
  return html`<p class="crumbs">
      <a href="/console/people">People</a> › <a href="/console/people/upload">Upload a roster</a>
    </p>
    <h1>What the file would change</h1>
    <p class="lead">
      ${isolated(upload.fileName)}, uploaded by ${isolated(upload.uploadedBy)},
      ${when(upload.uploadedAt, timeZone)}. Kept until ${when(upload.expiresAt, timeZone)}; nothing
      is written yet.
    </p>
    ${refusal && html`<p class="refused" role="alert">${refusal}</p>`}
    <dl class="figures">
      ${figure('To be added', created.length)} ${figure('To be changed', changed.length)}
      ${figure('As before', plan.unchanged)} ${figure('Left out', plan.refused.rows())}
      ${figure('Not in the file', plan.missing.count)}
    </dl>
    ${confirmation(upload, plan, viewer)} ${notRead(upload, plan)}
    ${part('Left out', plan.refused.rows(), 'row', table(NOTES, plan.refused.first()))}
    ${part('To be changed', changed.length, 'person', table(CHANGED, changed.slice(0, SHOWN)))}
    ${part('To be added', created.length, 'person', table(CREATED, created.slice(0, SHOWN)))}
    ${part('To look at', plan.warnings.length, 'row', warnings)} ${missing(plan)}`;
}

function figure(label: string, count: number): Html {
  return html`<div>
    <dt>${label}</dt>
    <dd>${count.toLocaleString('en-US')}</dd>
  </div>`;
}

function confirmation({ uploadId }: RosterUpload, plan: UploadPreview, viewer: Viewer): Html {
  const count = plan.wanted.length;
  return html`<div class="buttons tools">
    ${
      count > 0
        ? html`<form method="post" action="/console/people/upload/${uploadId}/confirm">
            ${formToken(viewer)} <input type="hidden" name="plan" value="${plan.hash}" />
            <button>Write ${counted(count, 'row')}</button>
          </form>`
        : html`<p><strong>There is nothing to write.</strong></p>`
    }
    ${discardForm(uploadId, viewer)}
  </div>`;
}

function notRead({ ignored }: RosterUpload, plan: UploadPreview): Html {
  return html`${
    ignored.length > 0 &&
    html`<p class="soft">
      Columns that are not read and were not kept:
      ${ignored.map((name, at) => html`${at > 0 && ', '}${isolated(name)}`)}.
    </p>`
  }
  ${
    !plan.checkedAtStripe &&
    html`<p class="soft">
      The file is large: Stripe was asked about some of the new customers and cards only.
    </p>`
  }`;
}

function part(title: string, count: number, one: string, rows: Html): Html | null {
  if (count === 0) return null;
  const many = one === 'person' ? 'people' : `${one}s`;
  return html`<h2>${title}: ${counted(count, one, many)}</h2>
    ${rows} ${count > SHOWN && html`<p class="soft">Only the first ${SHOWN} are shown.</p>`}`;
}

function missing({ missing: { count, first } }: UploadPreview): Html | null {
  if (count === 0) return null;
  const more = (count - first.length).toLocaleString('en-US');
  return html`<h2>Not in the file: ${counted(count, 'person', 'people')}</h2>
    <p class="soft">Nothing happens to them: they stay on the roster as they are.</p>
    <ul class="reasons">
      ${first.map(
        ({ clinicianId, ref, name }) =>
          html`<li>
            <a href="/console/people/${clinicianId}">${isolated(name)}</a>
            <span class="small soft">${isolated(ref)}</span>
          </li>`,
      )}
      ${count > first.length && html`<li>and ${more} more</li>`}
    </ul>`;
}

function named({ clinician }: Wanted): Html {
  return html`${isolated(clinician.name)}
    <span class="small soft">${isolated(clinician.ref)}</span>`;
}

const LINE = { head: 'Line', kind: 'number' as const };

const CREATED: Column<Wanted>[] = [
  { ...LINE, cell: ({ line }) => line },
  { head: 'Person', kind: 'name', cell: named },
  { head: 'EHR', cell: ({ clinician }) => clinician.vendor },
  { head: 'E-mail', cell: ({ clinician }) => valueOf(clinician.email) },
  { head: 'NPI', cell: ({ clinician }) => clinician.npi },
  { head: 'Stripe customer', cell: ({ clinician }) => clinician.stripeCustomer },
];

const CHANGED: Column<Wanted>[] = [
  { ...LINE, cell: ({ line }) => line },
  { head: 'Person', kind: 'name', cell: named },
  {
    head: 'Changes',
    cell: ({ clinician, before }) =>
      FIELDS.filter((field) => before && before[field] !== clinician[field]).map(
        (field) =>
          html`<span class="change"
            ><span class="soft">${FIELD_WORDS[field]}</span>
            <del>${valueOf(before?.[field] ?? null)}</del> →
            <ins>${valueOf(clinician[field])}</ins></span
          > `,
      ),
  },
];

const NOTES: Column<RowNote>[] = [
  { ...LINE, cell: ({ line }) => line },
  { head: 'Reference', kind: 'name', cell: ({ ref }) => ref && isolated(ref) },
  { head: 'Field', cell: ({ field }) => field && FIELD_WORDS[field] },
  { head: 'Why', cell: ({ message }) => message },
];

function valueOf(value: string | null): Part {
  return value === null ? html`<span class="soft">none</span>` : isolated(value);
}
