import type { ImportResult } from '../../../ledger/evidence.ts';
import { html, type Html } from '../html.ts';
import { isolated } from '../isolated.ts';
import { may, nothing, type Viewer } from '../layout.ts';
import { table, type Column } from '../table.ts';
import { when } from '../times.ts';

/** Every export that was read, newest first. */
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
      html`<p class="buttons">
        <a class="button" href="/console/imports/upload">Upload exports</a>
        <a class="button plain" href="/console/imports/names">Names that were decided on</a>
      </p>`
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
