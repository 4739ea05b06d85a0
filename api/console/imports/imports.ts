import type { ImportProblem, ImportResult, WeakEvidence } from '../../../ledger/evidence.ts';
import { html, type Html } from '../html.ts';
import { isolated } from '../isolated.ts';
import { formToken, may, nothing, type Viewer } from '../layout.ts';
import { table, type Column } from '../table.ts';
import { day, when } from '../times.ts';
import { counted, KIND_WORDS } from '../words.ts';

/** Every file of usage records that was read, newest first. */
export function importsBody(
  imports: readonly ImportResult[],
  timeZone: string,
  viewer: Viewer,
): Html {
  return html`<h1>Exports of the EHR</h1>
    <p class="lead">
      Files of usage records that were read. What is kept of them is that, when and in which kind of
      record a code was used; never which code, for whom, or what was written.
    </p>
    ${
      may(viewer, 'operate') &&
      html`<p><a class="button" href="/console/imports/upload">Upload exports</a></p>`
    }
    ${
      imports.length === 0
        ? nothing('No export has been read yet.')
        : table(fileColumns(timeZone), imports)
    }`;
}

function fileColumns(timeZone: string): Column<ImportResult>[] {
  return [
    {
      head: 'File',
      kind: 'name',
      cell: (one) =>
        html`<a href="/console/imports/${one.importId}">${isolated(one.fileName)}</a>
          <span class="small soft">${one.format}</span>`,
    },
    {
      head: 'Read',
      cell: (one) =>
        html`${when(one.importedAt, timeZone)}
          <span class="small soft">by ${isolated(one.importedBy)}</span>`,
    },
    { head: 'Records', kind: 'number', cell: (one) => one.records.toLocaleString('en-US') },
    { head: 'Uses found', kind: 'number', cell: (one) => one.findings.toLocaleString('en-US') },
    { head: 'Matched', kind: 'number', cell: (one) => one.matched.toLocaleString('en-US') },
  ];
}

export interface ImportView {
  result: ImportResult;
  problems: ImportProblem[];
  /** There are more problems than are shown. */
  more: boolean;
  timeZone: string;
}

/** The page of one import, with what a person must look at. */
export function importBody({ result, problems, more, timeZone }: ImportView): Html {
  return html`<p class="crumbs"><a href="/console/imports">Exports</a></p>
    <h1>${isolated(result.fileName)}</h1>
    <section class="card">
      <dl class="facts">
        <dt>Read as</dt>
        <dd>${result.format}</dd>
        <dt>Read</dt>
        <dd>${when(result.importedAt, timeZone)} by ${result.importedBy}</dd>
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
      problems.length === 0
        ? nothing('Nothing: every record was read and matched.')
        : html`<p class="soft">
              Correct the roster (a missing NPI, reference or name) or the file, and import it
              again: what is known already is not counted twice.
            </p>
            ${table(PROBLEM_COLUMNS, problems)}`
    }
    ${more && html`<p class="soft">Only the first ${problems.length} are shown.</p>`}`;
}

const PROBLEM_COLUMNS: Column<ImportProblem>[] = [
  { head: 'Line', kind: 'number', cell: ({ line }) => line.toLocaleString('en-US') },
  { head: 'Reason', cell: ({ reason }) => html`<code>${reason}</code>` },
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

/** Weak evidence that waits for a person's decision. */
export function reviewBody(weak: readonly WeakEvidence[], more: boolean, viewer: Viewer): Html {
  return html`<h1>Review</h1>
    <p class="lead">
      Records that may show a use of a code, but not surely: open the file at the line, and say.
      Nobody owes anything for these before somebody has accepted one, and what that makes due still
      has to be approved on the roster.
    </p>
    ${
      weak.length === 0
        ? nothing('Nothing waits for a verdict.')
        : html`<p class="soft">
              ${counted(weak.length, 'finding')}${more && ', and more after these'}.
              ${!may(viewer, 'operate') && 'Somebody whose role is “Works” can decide on them.'}
            </p>
            ${table(weakColumns(viewer), weak)}`
    }`;
}

function weakColumns(viewer: Viewer): Column<WeakEvidence>[] {
  const columns: Column<WeakEvidence>[] = [
    { head: 'Clinician', kind: 'name', cell: ({ ref }) => html`${isolated(ref)}` },
    {
      head: 'First use',
      cell: (one) =>
        html`${day(one.firstUsedOn)}
          <span class="soft">in ${KIND_WORDS[one.kind]}, for ${one.year}</span>`,
    },
    { head: 'Where', cell: (one) => html`${isolated(one.fileName)}, line ${one.line}` },
    { head: 'Why weak', cell: ({ rule }) => html`<code>${rule}</code>` },
  ];
  if (may(viewer, 'operate'))
    columns.push({ head: 'Counts as use?', cell: (one) => verdictForm(one, viewer) });
  return columns;
}

function verdictForm({ evidenceId }: WeakEvidence, viewer: Viewer): Html {
  return html`<form class="buttons" method="post" action="/console/evidence/${evidenceId}">
    ${formToken(viewer)}
    <button class="small" name="verdict" value="accepted">Accept</button>
    <button class="small plain" name="verdict" value="refused">Refuse</button>
  </form>`;
}
