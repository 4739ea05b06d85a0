import { problem } from '../http/errors.ts';
import { broken, fieldOf, FIELDS, type Field, type RawRow, type RosterSink } from './columns.ts';

/**
 * Makes rows of a roster from the rows of a table. Its first row is the header. Throws
 * `invalid_roster` for a header that does not say what the columns are.
 */
export function createTable(sink: RosterSink) {
  let columns: Columns | null = null;
  return {
    hasHeader: () => columns !== null,
    /** Takes a row that is not blank. */
    row(cells: string[], line: number): void {
      if (columns === null) columns = headerOf(cells, sink);
      else sink.row(rowOf(columns, cells, line));
    },
    /** How many cells the header has; 0 before it was read. */
    width: () => (typeof columns === 'number' ? columns : (columns?.length ?? 0)),
  };
}

export function isBlank(cells: string[]): boolean {
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

function rowOf(columns: Columns, cells: string[], line: number): RawRow {
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
