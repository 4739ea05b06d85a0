import type { ImportResult } from '../../../ledger/evidence.ts';
import type { Vendor } from '../../../ledger/rates.ts';
import { html, type Html } from '../html.ts';
import { isolated } from '../isolated.ts';
import { may, nothing, type Viewer } from '../layout.ts';
import { table, type Column } from '../table.ts';
import { when } from '../times.ts';
import { uploadForm } from './upload.ts';

export interface ImportsView {
  imports: readonly ImportResult[];
  vendors: readonly Vendor[];
  timeZone: string;
}

/** The form that takes exports, and every file that was read, newest first. */
export function importsBody({ imports, vendors, timeZone }: ImportsView, viewer: Viewer): Html {
  return html`<h1>Exports</h1>
    <p class="lead">
      Files of usage records from the EHR. What is kept of them is that, when and in which kind of
      record a code was used; never which code, for whom, or what was written.
    </p>
    ${may(viewer, 'operate') && uploadForm(vendors, viewer)}
    <h2>Files that were read</h2>
    ${imports.length === 0 ? none(viewer) : table(fileColumns(timeZone), imports)}`;
}

function none(viewer: Viewer): Html {
  return may(viewer, 'operate')
    ? nothing('No file has been read yet. Export the year’s records from your EHR, and send them.')
    : nothing('No file has been read yet. Somebody whose role is “Works” can send one.');
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
