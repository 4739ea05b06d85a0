import { isNpi } from '../../core/npi.ts';
import type { Clinician } from '../../ledger/clinicians.ts';
import type { Vendor } from '../../ledger/rates.ts';
import { markedText } from '../http/csv-cell.ts';
import { FIELDS, type Field, type RawRow } from './columns.ts';

/** Something about a row of a roster, by its line. */
export interface RowNote {
  line: number;
  /** The practice's reference where the row has one that can be shown. */
  ref: string | null;
  field: Field | null;
  /** A stable code. */
  reason: string;
  message: string;
}

/** Notes on the rows that were left out: every row is counted, the notes of the first are kept. */
export function createNotes(most: number) {
  let notes: RowNote[] = [];
  let rows = 0;
  const cut = () => {
    notes = notes.sort((a, b) => a.line - b.line).slice(0, most);
  };
  return {
    /** Adds what is to be said about one row. */
    add(...about: RowNote[]): void {
      rows += 1;
      notes.push(...about);
      if (notes.length > 2 * most) cut();
    },
    rows: (): number => rows,
    /** The first notes, in the order of the file. */
    first(): RowNote[] {
      cut();
      return notes;
    },
  };
}
export type Notes = ReturnType<typeof createNotes>;

/** A row that can be written: what it says, and only of the fields the file has. */
export interface GoodRow {
  line: number;
  ref: string;
  says: Partial<Clinician>;
}

/** What a row is checked against, and what stands where a column is missing altogether. */
export interface RowContext {
  vendors: Vendor[];
  /** For rows of a file without a column for it; null when there is none. */
  vendor: string | null;
}

/** Checks one row by itself. Every field that is wrong is named. */
export function checkRow(row: RawRow, context: RowContext): GoodRow | { refused: RowNote[] } {
  const ref = shownRef(row.cells.ref);
  const note = (field: Field | null, reason: string, message: string): RowNote => ({
    line: row.line,
    ref,
    field,
    reason,
    message,
  });
  if (row.broken) return { refused: [note(null, row.broken.reason, row.broken.message)] };
  const says: Record<string, string | null> = {};
  const refused: RowNote[] = [];
  const cells = { ...(context.vendor ? { vendor: context.vendor } : {}), ...row.cells };
  for (const field of FIELDS) {
    const cell = cells[field];
    if (cell === undefined) {
      if (field === 'ref' || field === 'name')
        refused.push(note(field, 'missing', `The row has no ${field}.`));
      continue;
    }
    const checked = checkCell(field, cell, context.vendors);
    if ('value' in checked) says[field] = checked.value;
    else refused.push(note(field, checked.reason, checked.message));
  }
  if (says.paymentMethod && 'stripeCustomer' in says && !says.stripeCustomer)
    refused.push(
      note('paymentMethod', 'card_without_customer', 'A payment method needs its stripe_customer.'),
    );
  if (refused.length > 0) return { refused };
  return { line: row.line, ref: says.ref as string, says };
}

type CheckedCell = { value: string | null } | { reason: string; message: string };

/** Longest of each field, in characters; nothing real comes near. */
export const LENGTHS: Record<Field, number> = {
  ref: 100,
  name: 200,
  email: 254,
  npi: 20,
  vendor: 64,
  timeZone: 64,
  stripeCustomer: 255,
  paymentMethod: 255,
};

function checkCell(field: Field, cell: string, vendors: Vendor[]): CheckedCell {
  // Spaces of every kind at the ends and in a row mean nothing; other controls are no text.
  const trimmed = cell.replace(/^[\s\ufeff]+|[\s\ufeff]+$/g, '').replace(/[ \u00a0]+/g, ' ');
  const text = markedText(trimmed);
  const value = text ?? trimmed;
  if (/\p{C}/u.test(value))
    return bad('control_character', `The ${field} holds a character that is no text.`);
  if (value.length > LENGTHS[field])
    return bad('too_long', `The ${field} is longer than ${LENGTHS[field]} characters.`);
  // A cell that is marked as text begins like a formula by intention: somebody has this name.
  if (text !== null && (field === 'ref' || field === 'name')) return { value };
  return CHECKS[field](value, vendors);
}

const CHECKS: Record<Field, (value: string, vendors: Vendor[]) => CheckedCell> = {
  ref: (value) => words('ref', value),
  name: (value) => words('name', value),
  email: (value) =>
    value === '' || isEmail(value) ? orNull(value) : bad('bad_email', 'This is no e-mail address.'),
  npi: (value) => {
    const digits = value.replace(/[\s-]/g, '');
    if (digits === '' || isNpi(digits)) return orNull(digits);
    const tenDigits = /^\d{10}$/.test(digits);
    return bad('bad_npi', tenDigits ? 'The check digit is wrong.' : 'An NPI has ten digits.');
  },
  vendor: (value, vendors) => {
    if (value === '') return bad('missing', 'The row names no vendor.');
    const known = vendors.find(({ vendor, name }) =>
      [vendor, name].some((one) => same(one, value)),
    );
    if (known) return { value: known.vendor };
    const names = vendors.map(({ vendor }) => vendor).join(', ');
    return bad('unknown_vendor', `Known vendors are ${names}.`);
  },
  timeZone: (value) =>
    value === '' || isTimeZone(value)
      ? orNull(value)
      : bad('bad_time_zone', 'Use an IANA name like America/New_York.'),
  stripeCustomer: (value) =>
    value === '' || /^cus_[A-Za-z0-9_]+$/.test(value)
      ? orNull(value)
      : bad('bad_customer', 'A customer of Stripe begins with cus_.'),
  paymentMethod: (value) =>
    value === '' || /^(pm|card)_[A-Za-z0-9_]+$/.test(value)
      ? orNull(value)
      : bad('bad_payment_method', 'A payment method of Stripe begins with pm_.'),
};

/** A word or more, and nothing that a spreadsheet would run. */
function words(field: Field, value: string): CheckedCell {
  if (value === '') return bad('missing', `The row has no ${field}.`);
  if (/^[=+\-@]/.test(value))
    return bad('formula', `The ${field} begins like a formula of a spreadsheet.`);
  return { value };
}

/** One @, a name before it, dotted labels after it, and nothing an e-mail header is made of. */
function isEmail(value: string): boolean {
  return /^[^\s@<>()[\],;:\\"]{1,64}@([a-z0-9-]{1,63}\.)+[a-z]{2,63}$/i.test(value);
}

/** Zones asked about before: making a formatter is slow, and a roster names the same few. */
const zones = new Map<string, boolean>();

function isTimeZone(value: string): boolean {
  const known = zones.get(value);
  if (known !== undefined) return known;
  let real = true;
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: value });
  } catch {
    real = false;
  }
  // Bounded: there are some 600 zones, and no end to what is none.
  if (zones.size < 1_000) zones.set(value, real);
  return real;
}

function same(known: string, given: string): boolean {
  const plain = (text: string) => text.toLowerCase().replace(/[\s_-]/g, '');
  return plain(known) === plain(given);
}

function orNull(value: string): CheckedCell {
  return { value: value === '' ? null : value };
}

function bad(reason: string, message: string): CheckedCell {
  return { reason, message };
}

function shownRef(ref: string | undefined): string | null {
  const text = ref?.trim() ?? '';
  return text === '' || text.length > LENGTHS.ref || /\p{C}/u.test(text) ? null : text;
}
