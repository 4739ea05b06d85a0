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
  /** All cells by position, of a file whose headings are not known. */
  unnamed?: string[];
  /** Why the row as a whole cannot be read. */
  broken?: { reason: string; message: string };
}

/** Receives what a reader finds. */
export interface RosterSink {
  row(row: RawRow): void;
  /** A column or key that levy does not know, as it is written. */
  ignored(name: string): void;
  /**
   * Receives the headings of a table in which reference or name cannot be told, or a field has two
   * columns; the rows then have unnamed cells. Without this function such a table is refused.
   */
  unknown?(headings: string[]): void;
}

/** Reads the text of a roster, whatever the pieces it arrives in. */
export interface RosterReader {
  write(text: string): void;
  end(): void;
}

/**
 * The longest row, in characters. Its eight fields have 1,300 at most; other columns are ignored,
 * and a row that is never ended must not be collected.
 */
export const ROW_CHARACTERS = 128 * 1024;

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

/** The field a column or key stands for; null for none. */
export function fieldOf(name: string): Field | null {
  return BY_NAME.get(name.toLowerCase().replace(/[^a-z0-9]/g, '')) ?? null;
}

/** A row that cannot be read as a whole. */
export function broken(line: number, reason: string, message: string): RawRow {
  return { line, cells: {}, broken: { reason, message } };
}
