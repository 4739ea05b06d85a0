import type { ImportProblem, ImportResult } from '../../../ledger/evidence.ts';
import { html, type Html } from '../html.ts';
import { isolated } from '../isolated.ts';
import { formToken, may, nothing, type Viewer } from '../layout.ts';
import { table, type Column } from '../table.ts';
import { when } from '../times.ts';
import { peopleToMatch, type PeopleToMatch } from './people.ts';

export interface ImportView {
  result: ImportResult;
  problems: ImportProblem[];
  people: PeopleToMatch;
  /** There are more problems than are shown. */
  more: boolean;
  timeZone: string;
}

/** The page of one import, with what a person must look at. */
export function importBody(view: ImportView, viewer: Viewer): Html {
  const { result, problems, people, more, timeZone } = view;
  return html`<p class="crumbs"><a href="/console/imports">Exports</a></p>
    <h1>${isolated(result.fileName)}</h1>
    <section class="card">
      <dl class="facts">
        <dt>Read as</dt>
        <dd>${result.format}</dd>
        <dt>Read</dt>
        <dd>${when(result.importedAt, timeZone)} by ${isolated(result.importedBy)}</dd>
        <dt>Size</dt>
        <dd>${result.bytes.toLocaleString('en-US')} bytes</dd>
        <dt>Records</dt>
        <dd>${result.records.toLocaleString('en-US')}</dd>
        <dt>Uses found</dt>
        <dd>
          ${result.findings.toLocaleString('en-US')}, of which
          ${result.matched.toLocaleString('en-US')} matched to a clinician
        </dd>
        <dt>SHA-256</dt>
        <dd class="hash">${result.sha256}</dd>
      </dl>
    </section>
    <h2>What needs a person</h2>
    ${
      problems.length === 0 && people.people.length === 0
        ? nothing('Nothing: every record was read, and matched or decided on.')
        : null
    }
    ${peopleToMatch(people, viewer)} ${problems.length > 0 && rows(view, viewer)}
    ${more && html`<p class="soft">Only the first ${problems.length} rows are shown.</p>`}
    <p class="small"><a href="/console/imports/names">Names that were decided on</a></p>`;
}

function rows({ problems, result }: ImportView, viewer: Viewer): Html {
  return html`<h3>Rows that could not be used</h3>
    <p class="soft">
      Correct the file or the roster, and send the file again: what is known already is not counted
      twice.
    </p>
    ${table(PROBLEM_COLUMNS, problems)}
    ${
      may(viewer, 'operate') &&
      html`<div class="acts after">
        <details>
          <summary>Let these rows be</summary>
          <form method="post" action="/console/imports/${result.importId}/dismiss">
            ${formToken(viewer)}
            <p>
              <label for="why-rows">Because</label>
              <input id="why-rows" name="why" required maxlength="500" />
            </p>
            <p><button>Let all of them be</button></p>
          </form>
        </details>
      </div>`
    }`;
}

const PROBLEM_COLUMNS: Column<ImportProblem>[] = [
  { head: 'Line', kind: 'number', cell: ({ line }) => line.toLocaleString('en-US') },
  {
    head: 'What is wrong',
    cell: ({ message, field }) =>
      html`${message} ${field && html`<span class="small soft">field ${field}</span>`}`,
  },
  {
    head: 'As written',
    cell: ({ clinicianName, clinicianNpi }) =>
      (clinicianName ?? clinicianNpi) &&
      html`${clinicianName && isolated(clinicianName)}
      ${clinicianNpi && html`<span class="small soft">NPI ${clinicianNpi}</span>`}`,
  },
  { head: 'Times', kind: 'number', cell: ({ times }) => times.toLocaleString('en-US') },
];
