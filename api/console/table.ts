import { html, type Html, type Part } from './html.ts';
import { isolated } from './isolated.ts';

/** One column: its head, and its content for a row. */
export interface Column<Row> {
  head: string;
  cell: (row: Row) => Part;
  /** `name`: what the row is about. */
  kind?: 'text' | 'number' | 'name';
}

/**
 * Rows in columns. On a narrow screen each row becomes a block in which the column's head stands
 * before its content, and empty cells are left out.
 */
export function table<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): Html {
  return html`<table class="stack">
    <thead>
      <tr>
        ${columns.map(
          ({ head, kind = 'text' }) => html`<th scope="col" class="${kind}">${head}</th>`,
        )}
      </tr>
    </thead>
    <tbody>
      ${rows.map(
        (row) =>
          html`<tr>
            ${columns.map((column) => cellOf(column, row))}
          </tr>`,
      )}
    </tbody>
  </table>`;
}

/** A clinician in a table: the name links to the fee, followed by the reference. */
export function person(name: string, ref: string, feeId: string): Html {
  return html`<a href="/console/fees/${feeId}">${isolated(name)}</a>
    <span class="small soft">${isolated(ref)}</span>`;
}

function cellOf<Row>({ head, cell, kind = 'text' }: Column<Row>, row: Row): Html {
  const content = cell(row);
  if (kind === 'name')
    return html`<th scope="row" class="name" data-label="${head}"><span>${content}</span></th>`;
  const blank = content === null || content === undefined || content === false || content === '';
  return html`<td class="${kind}${blank && ' blank'}" data-label="${head}">
    <span>${content}</span>
  </td>`;
}
