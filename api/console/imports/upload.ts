import type { ImportOutcome } from '../../imports/import-file.ts';
import type { Vendor } from '../../../ledger/rates.ts';
import { html, type Html } from '../html.ts';
import { isolated } from '../isolated.ts';
import { formToken, type Viewer } from '../layout.ts';
import { counted } from '../words.ts';

/** What came of one file: it was read, or why it was not. */
export type FileOutcome =
  { fileName: string; read: ImportOutcome } | { fileName: string; refused: string[] };

/**
 * The form that takes the exports of an EHR. With script/upload.js files can be dropped on it, and
 * each shows its progress; without, it sends them all in one go.
 */
export function uploadForm(vendors: Vendor[], refusal: string[], viewer: Viewer): Html {
  return html`<p class="crumbs"><a href="/console/imports">Exports</a></p>
    <h1>Upload exports of your EHR</h1>
    <p class="lead">
      Claims, notes, spreadsheets: whatever your EHR exports. levy keeps that a code was used, when,
      and in which kind of record. The file itself is not kept.
    </p>
    ${
      refusal.length > 0 &&
      html`<div class="refused" role="alert">${refusal.map((one) => html`<p>${one}</p>`)}</div>`
    }
    <form
      class="card fields"
      method="post"
      action="/console/imports/upload"
      enctype="multipart/form-data"
      data-upload
    >
      ${formToken(viewer)}
      <div>
        <label for="vendor">EHR they come from</label>
        <select id="vendor" name="vendor" aria-describedby="vendor-hint">
          <option value="">Not said</option>
          ${vendors.map(({ vendor, name }) => html`<option value="${vendor}">${name}</option>`)}
        </select>
        <p class="small soft" id="vendor-hint">
          A name that you match to somebody is remembered for this EHR alone.
        </p>
      </div>
      <div>
        <label for="from">First day, if the records have no dates</label>
        <input id="from" name="from" type="date" aria-describedby="period-hint" />
        <p class="small soft" id="period-hint">Both days, in one year, or neither.</p>
      </div>
      <div>
        <label for="to">Last day</label>
        <input id="to" name="to" type="date" aria-describedby="period-hint" />
      </div>
      <div>
        <label for="files">Files</label>
        <input
          id="files"
          name="files"
          type="file"
          multiple
          required
          aria-describedby="files-hint"
        />
        <p class="small soft" id="files-hint">
          Any number, each up to 4 GB: X12 837 and 835, FHIR, CSV, Excel (.xlsx) or text.
          <span class="scripted">You can drop them anywhere on this page.</span>
        </p>
      </div>
      <p class="buttons"><button>Read these files</button></p>
    </form>
    <ul class="uploads" id="uploads" aria-live="polite"></ul>`;
}

/** The page after an upload, file by file. */
export function uploadedBody(files: readonly FileOutcome[]): Html {
  return html`<p class="crumbs"><a href="/console/imports">Exports</a></p>
    <h1>${counted(files.length, 'file')} came in</h1>
    <ul class="uploads" id="uploads">
      ${files.map(outcome)}
    </ul>
    <p class="buttons">
      <a class="button" href="/console/imports/upload">Upload more</a>
      <a class="button plain" href="/console">Overview</a>
    </p>`;
}

function outcome(file: FileOutcome): Html {
  if ('refused' in file)
    return html`<li class="card">
      <h2 class="first">${isolated(file.fileName)}</h2>
      <p><strong>Not read.</strong> ${file.refused.join(' ')} Nothing of it was kept.</p>
    </li>`;
  const { read } = file;
  const { created, findings, clinicians, unmatched, ambiguous, refused, undated, weak } = read;
  return html`<li class="card">
    <h2 class="first">
      <a href="/console/imports/${read.importId}">${isolated(file.fileName)}</a>
    </h2>
    <p>
      ${created ? 'Read' : 'Known already, and matched with today’s roster'}:
      <strong>${counted(findings, 'use')}</strong> of a code, by
      ${counted(clinicians, 'clinician')}.
    </p>
    ${
      unmatched + ambiguous + refused + undated + weak > 0 &&
      html`<ul class="reasons">
        ${unmatched > 0 && html`<li>${counted(unmatched, 'use')} of people not on the roster</li>`}
        ${ambiguous > 0 && html`<li>${counted(ambiguous, 'use')} that fit several people</li>`}
        ${undated > 0 && html`<li>${counted(undated, 'record')} without a day</li>`}
        ${refused > 0 && html`<li>${counted(refused, 'record')} that could not be read</li>`}
        ${
          weak > 0 &&
          html`<li>${counted(weak, 'weak finding')} to <a href="/console/review">decide on</a></li>`
        }
      </ul>`
    }
  </li>`;
}
