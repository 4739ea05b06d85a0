import type { Imported } from '../../imports/import-file.ts';
import type { Vendor } from '../../../ledger/rates.ts';
import { html, type Html, type Part } from '../html.ts';
import { isolated } from '../isolated.ts';
import { formToken, nothing, type Viewer } from '../layout.ts';
import { counted } from '../words.ts';

/** What came of one file: what was read of it, or why it was refused. */
export type FileOutcome =
  | { fileName: string; imported: Imported }
  | { fileName: string; refused: { message: string; help: string } };

/** The form that takes one or many exports; script/upload.js sends each file by itself. */
export function uploadForm(vendors: readonly Vendor[], viewer: Viewer): Html {
  return html`<form
      class="card fields"
      id="upload"
      method="post"
      action="/console/imports"
      enctype="multipart/form-data"
    >
      ${formToken(viewer)}
      <div>
        <label for="vendor">EHR (optional)</label>
        <select id="vendor" name="vendor" aria-describedby="vendor-hint">
          <option value="">Not said</option>
          ${vendors.map(({ vendor, name }) => html`<option value="${vendor}">${name}</option>`)}
        </select>
        <p class="small soft" id="vendor-hint">
          A name that you match to somebody is remembered for this EHR alone.
        </p>
      </div>
      <fieldset class="period">
        <legend>Period of the export (optional)</legend>
        <label for="from">From</label>
        <input id="from" name="from" type="date" aria-describedby="period-hint" />
        <label for="to">to</label>
        <input id="to" name="to" type="date" aria-describedby="period-hint" />
        <p class="small soft" id="period-hint">
          Within one year. It stands in for dates that the records do not have.
        </p>
      </fieldset>
      <div class="drop">
        <label for="files">Files</label>
        <input id="files" name="file" type="file" multiple required aria-describedby="files-hint" />
        <p class="small soft" id="files-hint">
          X12 (837, 835), FHIR, CSV, Excel or text, up to 4 GB each. A file is read and not stored,
          and the same file twice changes nothing.
        </p>
      </div>
      <p class="buttons"><button>Read the files</button></p>
    </form>
    <ul class="outcomes" id="queue" aria-label="Files being sent" hidden></ul>
    <p class="visually-hidden" id="upload-news" role="status"></p>`;
}

/** The page after files were sent: each file, and what came of it. */
export function outcomesBody(outcomes: readonly FileOutcome[]): Html {
  return html`<p class="crumbs"><a href="/console/imports">Exports</a></p>
    <h1>What came of ${counted(outcomes.length, 'file')}</h1>
    ${
      outcomes.length === 0
        ? nothing('No file was sent: choose at least one.')
        : html`<ul class="outcomes">
            ${outcomes.map(outcomeItem)}
          </ul>`
    }
    <p><a class="button" href="/console/imports">Send more</a></p>`;
}

function outcomeItem(outcome: FileOutcome): Html {
  if ('refused' in outcome) {
    const { message, help } = outcome.refused;
    return html`<li class="outcome refused">
      <strong>${isolated(outcome.fileName)}</strong>
      <span>Refused. ${message} ${help}</span>
    </li>`;
  }
  const { imported } = outcome;
  const name = isolated(outcome.fileName);
  return html`<li class="outcome read">
    <a href="/console/imports/${imported.importId}">${name}</a>
    <span>${known(imported)}${readWords(imported)}</span>
  </li>`;
}

function known({ created, evidenceAdded }: Imported): Part {
  if (created) return 'Read. ';
  return evidenceAdded === 0
    ? 'Known already: nothing has changed. '
    : `Known already, and ${counted(evidenceAdded, 'use')} more by the roster of now. `;
}

function readWords(imported: Imported): string {
  const { records, findings, matched, unmatched, ambiguous, undated, refused, weak } = imported;
  const open = unmatched + ambiguous;
  const parts = [
    `${counted(records, 'record')}, ${counted(findings, 'use')} found`,
    `${matched.toLocaleString('en-US')} matched to the roster`,
    open > 0 && `${open.toLocaleString('en-US')} not matched to anybody`,
    undated > 0 && `${undated.toLocaleString('en-US')} without a date`,
    refused > 0 && `${counted(refused, 'row')} not readable`,
    weak > 0 && `${counted(weak, 'weak finding')} to look at`,
  ];
  return `${parts.filter(Boolean).join(', ')}.`;
}
