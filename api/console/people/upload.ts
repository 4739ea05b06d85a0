import type { Vendor } from '../../../ledger/rates.ts';
import type { RosterUpload } from '../../../ledger/roster-uploads.ts';
import { fieldOf, FIELDS, type RawRow } from '../../roster/columns.ts';
import { html, type Html } from '../html.ts';
import { isolated } from '../isolated.ts';
import { formToken, type Viewer } from '../layout.ts';
import { when } from '../times.ts';
import { counted } from '../words.ts';
import { FIELD_WORDS } from './words.ts';

/** The largest file that the console takes, and in the words of the page. */
export const UPLOAD_LIMITS = { bytes: 10 * 1024 * 1024, rows: 20_000 };

/** The form that takes a roster file. */
export function uploadForm(vendors: Vendor[], refusal: string[], viewer: Viewer): Html {
  return html`<p class="crumbs"><a href="/console/people">People</a></p>
    <h1>Upload a roster</h1>
    <p class="lead">
      You see first what the file would change. Nothing is written before you confirm it.
    </p>
    ${
      refusal.length > 0 &&
      html`<div class="refused" role="alert">${refusal.map((one) => html`<p>${one}</p>`)}</div>`
    }
    <form
      class="card fields"
      method="post"
      action="/console/people/upload"
      enctype="multipart/form-data"
    >
      ${formToken(viewer)}
      <div>
        <label for="vendor">EHR, if the file has no column for it</label>
        <select id="vendor" name="vendor" aria-describedby="vendor-hint">
          <option value="">The file says it</option>
          ${vendors.map(({ vendor, name }) => html`<option value="${vendor}">${name}</option>`)}
        </select>
        <p class="small soft" id="vendor-hint">It then stands for everybody in the file.</p>
      </div>
      <div>
        <label for="file">File</label>
        <input
          id="file"
          name="file"
          type="file"
          required
          accept=".csv,.xlsx,.tsv,.txt,.json,.ndjson"
          aria-describedby="file-hint"
        />
        <p class="small soft" id="file-hint">
          CSV, Excel (.xlsx) or JSON, up to 10 MB and ${UPLOAD_LIMITS.rows.toLocaleString('en-US')}
          people.
        </p>
      </div>
      <p class="buttons">
        <button>Show what would change</button>
        <a class="button plain" href="/console/people/template.csv">Download an empty file</a>
      </p>
    </form>`;
}

/** The page on which somebody says which column of a file is which field. */
export function columnsForm(
  upload: RosterUpload & { headings: string[] },
  refusal: string | null,
  viewer: Viewer,
): Html {
  const { headings, fileName, uploadId } = upload;
  const rows = (upload.rows ?? []) as RawRow[];
  const example = rows.find(({ unnamed }) => unnamed)?.unnamed ?? [];
  return html`<p class="crumbs">
      <a href="/console/people">People</a> › <a href="/console/people/upload">Upload a roster</a>
    </p>
    <h1>Which column is which?</h1>
    <p class="lead">
      The headings of ${isolated(fileName)} do not say it. Reference and name are needed; what has
      no column in the file stays as it is on the roster.
    </p>
    ${refusal && html`<p class="refused" role="alert">${refusal}</p>`}
    <form class="card fields" method="post" action="/console/people/upload/${uploadId}/columns">
      ${formToken(viewer)}
      ${FIELDS.map((field) => {
        const guess = headings.findIndex((heading) => fieldOf(heading) === field);
        return html`<div>
          <label for="${field}">${FIELD_WORDS[field]}</label>
          <select id="${field}" name="${field}">
            <option value="">Not in the file</option>
            ${headings.map(
              (heading, at) =>
                html`<option value="${at}" ${at === guess && html`selected`}>
                  ${heading || `Column ${at + 1}`}${shortly(example[at])}
                </option>`,
            )}
          </select>
        </div>`;
      })}
      <p class="buttons"><button>Show what would change</button></p>
    </form>
    ${discardForm(uploadId, viewer)}`;
}

function shortly(value: string | undefined): string {
  const text = value?.trim() ?? '';
  if (text === '') return '';
  return ` (${text.length > 24 ? `${text.slice(0, 24)}…` : text})`;
}

/** The button that removes an upload. */
export function discardForm(uploadId: string, viewer: Viewer): Html {
  return html`<form method="post" action="/console/people/upload/${uploadId}/discard">
    ${formToken(viewer)} <button class="plain">Discard this upload</button>
  </form>`;
}

const AGAIN = 'Sending the same confirmation again changes nothing.';

/** The page of an upload that was written. */
export function writtenBody(upload: RosterUpload, late: LateRow[], timeZone: string): Html {
  const { fileName, outcome, writtenAt, writtenBy } = upload;
  const count = (name: string): string => Number(outcome?.[name] ?? 0).toLocaleString('en-US');
  return html`<p class="crumbs"><a href="/console/people">People</a></p>
    <h1>The roster was written</h1>
    <p class="lead">
      From ${isolated(fileName)}, by
      ${isolated(writtenBy ?? '')}${writtenAt && html`, ${when(writtenAt, timeZone)}`}. ${AGAIN}
    </p>
    ${
      late.length > 0 &&
      html`<div class="warn">
        <p>
          <strong>${counted(late.length, 'row')}</strong> changed on the roster while the file was
          being written, and stayed as it is there. Upload the file again to see what is left:
        </p>
        <ul class="reasons">
          ${late.map(
            ({ line, ref, message }) =>
              html`<li>Line ${line}, ${ref && isolated(ref)}: ${message}</li>`,
          )}
        </ul>
      </div>`
    }
    <dl class="figures">
      ${WRITTEN.map(
        ([name, label]) =>
          html`<div>
            <dt>${label}</dt>
            <dd>${count(name)}</dd>
          </div>`,
      )}
    </dl>
    <p><a class="button" href="/console/people">See the roster</a></p>`;
}

/** A row that was refused only when it was written. */
export interface LateRow {
  line: number;
  ref: string | null;
  message: string;
}

const WRITTEN = [
  ['created', 'Added'],
  ['updated', 'Changed'],
  ['unchanged', 'As before'],
  ['refused', 'Left out'],
  ['enrolled', 'New fees'],
  ['feesChanged', 'Fees changed'],
] as const;

/** The page when an upload is not there any more. */
export function goneBody(): Html {
  return html`<section class="card narrow">
    <h1>This upload is not there any more</h1>
    <p>
      An upload is kept for a day, or until it is discarded. Nothing of it was written since you saw
      it.
    </p>
    <p><a class="button" href="/console/people/upload">Upload the file again</a></p>
  </section>`;
}
