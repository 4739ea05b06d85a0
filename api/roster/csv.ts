import { delimiterOf } from '../../usage/table/csv.ts';
import { createRows } from '../../usage/table/csv-rows.ts';
import { problem } from '../http/errors.ts';
import {
  broken,
  fieldOf,
  FIELDS,
  ROW_CHARACTERS,
  type Field,
  type RosterReader,
  type RosterSink,
} from './columns.ts';

/** More unclosed quotation marks than this are not slips; searching for each one's end is slow. */
const OPEN_QUOTES = 100;

/** Reads a roster as a table with a header line. Throws `invalid_roster` and `empty_body`. */
export function createCsvReader(head: string, sink: RosterSink): RosterReader {
  let columns: (Field | null)[] | null = null;
  let unread = 0;
  const open = new Set<number>();
  const table = createRows(delimiterOf(head) ?? ',', {
    row({ cells, line }) {
      if (columns) {
        if (!isBlank(cells)) sink.row(rowOf(columns, cells, line, open.has(line)));
      } else if (!isBlank(cells)) columns = headerOf(cells, sink);
    },
    openQuote(line) {
      open.add(line);
      if (open.size > OPEN_QUOTES) throw notARoster('Its quotation marks are not closed.');
    },
  });
  return {
    write(text) {
      const before = table.count();
      table.write(text);
      // Empty lines are counted too, though they give no row.
      unread = table.count() === before ? unread + text.length : 0;
      if (unread > ROW_CHARACTERS) throw notARoster('A row of it is too long.');
    },
    end() {
      table.end();
      if (!columns) throw problem('empty_body');
    },
  };
}

function isBlank(cells: string[]): boolean {
  return cells.every((cell) => cell.trim() === '');
}

function headerOf(cells: string[], sink: RosterSink): (Field | null)[] {
  const names = cells.map((cell) => cell.trim());
  const columns = columnsOf(names);
  names.forEach((name, at) => {
    if (name !== '' && !columns[at]) sink.ignored(name.slice(0, 100));
  });
  return columns;
}

function rowOf(columns: (Field | null)[], cells: string[], line: number, openQuote: boolean) {
  if (openQuote) return broken(line, 'open_quote', 'A quotation mark in this row is never closed.');
  // Not even one empty cell too many is allowed: a stray comma may have moved all later cells.
  if (cells.length !== columns.length)
    return broken(
      line,
      'column_count',
      `The row has ${cells.length} cells, the header ${columns.length}. Quote cells with commas.`,
    );
  const found: Partial<Record<Field, string>> = {};
  columns.forEach((field, at) => {
    if (field) found[field] = cells[at] ?? '';
  });
  return { line, cells: found };
}

function columnsOf(names: string[]): (Field | null)[] {
  const columns = names.map(fieldOf);
  for (const field of FIELDS) {
    const count = columns.filter((one) => one === field).length;
    if (count > 1) throw notARoster(`Its header has two columns for ${field}.`);
  }
  for (const field of ['ref', 'name'] as const)
    if (!columns.includes(field))
      throw notARoster(
        `Its header has no column ${field}.`,
        'Send the columns ref, name, email, npi, vendor, time_zone, stripe_customer, ' +
          'payment_method; ref and name are needed.',
      );
  return columns;
}

/** A refusal of the file as a whole. */
export function notARoster(message: string, help?: string): Error {
  return problem('invalid_roster', { message: `This is not a roster. ${message}`, help });
}
