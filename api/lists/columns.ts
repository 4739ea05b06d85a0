/** What a cell may hold. A day is YYYY-MM-DD; money is in cents. */
export type Cell = string | number | null;

/** The kinds of cells, which say how a cell is written. */
export type CellKind = 'text' | 'money' | 'number' | 'day';

interface Heading {
  head: string;
  kind: CellKind;
  /** Width in a workbook, in characters; by its kind unless given. */
  width?: number;
}

/** One column of a list: its heading, and the cell of a row. */
export interface ListColumn<Row> extends Heading {
  cell: (row: Row) => Cell;
}

/** A table of cells: its name, and its rows, read as they are written. */
export interface Sheet {
  name: string;
  columns: readonly Heading[];
  rows: AsyncIterable<Cell[]>;
}

/** A sheet of these rows. Whoever stops reading early also stops the cursor behind the rows. */
export function sheetOf<Row>(
  name: string,
  columns: readonly ListColumn<Row>[],
  rows: AsyncIterable<Row>,
): Sheet {
  async function* cells() {
    for await (const row of rows) yield columns.map(({ cell }) => cell(row));
  }
  return { name, columns, rows: cells() };
}
