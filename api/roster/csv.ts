import { delimiterOf } from '../../usage/table/csv.ts';
import { createRows } from '../../usage/table/csv-rows.ts';
import { problem } from '../http/errors.ts';
import {
  broken,
  fieldOf,
  FIELDS,
  ROW_CHARACTERS,
  type Field,
  type RawRow,
  type RosterReader,
  type RosterSink,
} from './columns.ts';

/** More unclosed quotation marks than this are not slips; searching for each one's end is slow. */
const OPEN_QUOTES = 100;

/** Reads a roster as a table with a header line. Throws `invalid_roster` and `empty_body`. */
export function createCsvReader(head: string, sink: RosterSink): RosterReader {
  let columns: Columns | null = null;
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

/** The field of each column; how many columns there are, when their fields are not known. */
type Columns = (Field | null)[] | number;

function headerOf(cells: string[], sink: RosterSink): Columns {
  const names = cells.map((cell) => cell.trim());
  const columns = names.map(fieldOf);
  const wrong = wrongHeader(columns);
  if (wrong && !sink.unknown) throw notARoster(wrong.message, wrong.help);
  if (wrong) {
    sink.unknown?.(names.map((name) => name.slice(0, 100)));
    return names.length;
  }
  names.forEach((name, at) => {
    if (name !== '' && !columns[at]) sink.ignored(name.slice(0, 100));
  });
  return columns;
}

function rowOf(columns: Columns, cells: string[], line: number, openQuote: boolean): RawRow {
  if (openQuote) return broken(line, 'open_quote', 'A quotation mark in this row is never closed.');
  const count = typeof columns === 'number' ? columns : columns.length;
  // Not even one empty cell too many is allowed: a stray comma may have moved all later cells.
  if (cells.length !== count)
    return broken(
      line,
      'column_count',
      `The row has ${cells.length} cells, the header ${count}. Quote cells with commas.`,
    );
  if (typeof columns === 'number') return { line, cells: {}, unnamed: cells };
  const found: Partial<Record<Field, string>> = {};
  columns.forEach((field, at) => {
    if (field) found[field] = cells[at] ?? '';
  });
  return { line, cells: found };
}

/** Why a header does not say what the columns are; null when it does. */
function wrongHeader(columns: (Field | null)[]): { message: string; help?: string } | null {
  for (const field of FIELDS) {
    const count = columns.filter((one) => one === field).length;
    if (count > 1) return { message: `Its header has two columns for ${field}.` };
  }
  for (const field of ['ref', 'name'] as const)
    if (!columns.includes(field))
      return {
        message: `Its header has no column ${field}.`,
        help:
          'Send the columns ref, name, email, npi, vendor, time_zone, stripe_customer, ' +
          'payment_method; ref and name are needed.',
      };
  return null;
}

/** A refusal of the file as a whole. */
export function notARoster(message: string, help?: string): Error {
  return problem('invalid_roster', { message: `This is not a roster. ${message}`, help });
}
