import { delimiterOf } from '../usage/table/csv.ts';
import { createRows } from '../usage/table/csv-rows.ts';
import { createDecoder, encodingOf } from '../usage/decode.ts';
import { sniff } from '../usage/sniff.ts';
import { problem } from './errors.ts';

/** The columns a roster may have. */
export const FIELDS = [
  'ref',
  'name',
  'email',
  'npi',
  'vendor',
  'timeZone',
  'stripeCustomer',
  'paymentMethod',
] as const;
export type Field = (typeof FIELDS)[number];

/** A row as it stands in the file; a field that the row does not have is absent. */
export interface RawRow {
  /** Line of a text file, number of the object in JSON; from 1. */
  line: number;
  cells: Partial<Record<Field, string>>;
  /** Why the row as a whole cannot be read. */
  broken?: { reason: string; message: string };
}

export interface RosterFile {
  rows: RawRow[];
  /** Columns and keys that mean nothing here, as they are written. */
  ignoredColumns: string[];
}

/**
 * Reads a roster in whole: CSV (any usual delimiter and encoding), NDJSON or JSON. Its content
 * decides which. Throws `empty_body` and `invalid_roster`.
 */
export function readRoster(body: Buffer): RosterFile {
  if (body.length === 0) throw problem('empty_body');
  const text = textOf(body);
  const first = text.trimStart()[0];
  if (first === undefined) throw problem('empty_body');
  const file = first === '[' || first === '{' ? fromJson(text) : fromCsv(text, body);
  if (file.rows.length === 0) throw notARoster('It has no rows.');
  return file;
}

function textOf(body: Buffer): string {
  const decoder = createDecoder(encodingOf(body.subarray(0, 4096)));
  const text = decoder.write(body) + decoder.end();
  if (decoder.mixed())
    throw notARoster(
      'It mixes UTF-8 with another encoding.',
      'Save it as UTF-8 and send it again.',
    );
  return text;
}

function fromCsv(text: string, body: Buffer): RosterFile {
  const looks = sniff(body.subarray(0, 64 * 1024));
  if ('looksLike' in looks) throw notARoster(`This looks like ${looks.looksLike}.`);
  let columns: (Field | null)[] | null = null;
  const names: string[] = [];
  const rows: RawRow[] = [];
  const open = new Set<number>();
  const table = createRows(delimiterOf(text.slice(0, 64 * 1024)) ?? ',', {
    row({ cells, line }) {
      if (cells.every((cell) => cell.trim() === '')) return;
      if (columns) rows.push(csvRow(columns, cells, line, open.has(line)));
      else {
        names.push(...cells.map((cell) => cell.trim()));
        columns = columnsOf(names);
      }
    },
    openQuote: (line) => open.add(line),
  });
  table.write(text);
  table.end();
  const known: (Field | null)[] = columns ?? [];
  return { rows, ignoredColumns: names.filter((name, at) => name !== '' && !known[at]) };
}

function csvRow(
  columns: (Field | null)[],
  cells: string[],
  line: number,
  openQuote: boolean,
): RawRow {
  if (openQuote) return broken(line, 'open_quote', 'A quotation mark in this row is never closed.');
  // Not even an empty cell too many: it may stand for a comma that moved all that follow.
  if (cells.length !== columns.length)
    return broken(
      line,
      'column_count',
      `The row has ${cells.length} cells, the header ${columns.length}. Quote cells with commas.`,
    );
  const found: RawRow = { line, cells: {} };
  columns.forEach((field, at) => {
    if (field) found.cells[field] = cells[at] ?? '';
  });
  return found;
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

function fromJson(text: string): RosterFile {
  const ignored = new Set<string>();
  const whole = parsed(text);
  const list = Array.isArray(whole) ? (whole as unknown[]) : clinicians(whole);
  if (list) {
    const rows = list.map((value, at) => jsonRow(value, at + 1, ignored));
    return { rows, ignoredColumns: [...ignored] };
  }
  const rows: RawRow[] = [];
  text.split(/\r\n|\n|\r/).forEach((line, at) => {
    if (line.trim() === '') return;
    const value = parsed(line);
    rows.push(
      value === undefined
        ? broken(at + 1, 'bad_json', 'The line is not a JSON object.')
        : jsonRow(value, at + 1, ignored),
    );
  });
  // One long broken document is not a thousand broken rows.
  if (rows.every((row) => row.broken)) throw problem('invalid_json');
  return { rows, ignoredColumns: [...ignored] };
}

function clinicians(whole: unknown): unknown[] | null {
  if (typeof whole !== 'object' || whole === null) return null;
  const list = (whole as { clinicians?: unknown }).clinicians;
  return Array.isArray(list) ? list : null;
}

function jsonRow(value: unknown, line: number, ignored: Set<string>): RawRow {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return broken(line, 'not_an_object', 'The row is not a JSON object.');
  const row: RawRow = { line, cells: {} };
  for (const [key, content] of Object.entries(value)) {
    const field = fieldOf(key);
    if (!field) ignored.add(key.slice(0, 100));
    else if (content === null) row.cells[field] = '';
    else if (typeof content === 'string' || typeof content === 'number')
      row.cells[field] = String(content);
    else return broken(line, 'not_text', `The field ${field} is neither text nor a number.`);
  }
  return row;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** How people name the columns, in small letters and without anything but letters and digits. */
const NAMES: Record<Field, string> = {
  ref: 'ref reference id clinicianid clinicianref externalid employeeid staffid providerid userid',
  name: 'name fullname clinician clinicianname provider providername therapist therapistname staff',
  email: 'email emailaddress mail workemail',
  npi: 'npi npinumber individualnpi providernpi cliniciannpi',
  vendor: 'vendor ehr emr ehrvendor system software',
  timeZone: 'timezone tz',
  stripeCustomer: 'stripecustomer stripecustomerid customer customerid',
  paymentMethod: 'paymentmethod paymentmethodid stripepaymentmethod stripepaymentmethodid card',
};

const BY_NAME = new Map(
  FIELDS.flatMap((field) => NAMES[field].split(' ').map((name) => [name, field] as const)),
);

function fieldOf(name: string): Field | null {
  return BY_NAME.get(name.toLowerCase().replace(/[^a-z0-9]/g, '')) ?? null;
}

function broken(line: number, reason: string, message: string): RawRow {
  return { line, cells: {}, broken: { reason, message } };
}

function notARoster(message: string, help?: string): Error {
  return problem('invalid_roster', { message: `This is not a roster. ${message}`, help });
}
