import type { RecordKind } from '../core/fee/fee.ts';

/**
 * Who a record names as the clinician, as written there. `organisation` is true where the record
 * names only a company or a group (X12 entity type 2, a FHIR Organization): its NPI is shown, so
 * that a person can recognise it, but it is nobody's on the roster.
 */
export interface Clinician {
  npi: string | null;
  name: string | null;
  id: string | null;
  organisation?: true;
}

/** Where in the file a finding stands. Lines, rows and segments count from 1. */
export interface Place {
  line: number;
  segment?: string;
  row?: number;
  resource?: string;
}

/** `sure` counts as use; `weak` waits for a person to accept or refuse it. */
export type Certainty = 'sure' | 'weak';

/** One use of one code, with everything needed to say how it is known. */
export interface Finding {
  type: 'finding';
  /** The code as published, upper case. Shown by `levy detect` only; never stored. */
  code: string;
  modifiers: string[];
  kind: RecordKind;
  clinician: Clinician;
  /** Service date, YYYY-MM-DD, or null where the record has none. */
  date: string | null;
  where: Place;
  certainty: Certainty;
  /** The rule that decided, e.g. `x12.sv1.2310B`: see docs/decisions/0003-what-counts-as-use.md. */
  rule: string;
}

/**
 * Something that could not be read. `reason` is a stable code, `message` says what to do; neither
 * ever repeats what the record says.
 */
export interface Problem {
  type: 'problem';
  line: number;
  field: string | null;
  reason: string;
  message: string;
}

export type Format = 'x12' | 'fhir' | 'csv' | 'xlsx' | 'text';

/** The last item of every reading: what was read. */
export interface Counted {
  type: 'counted';
  format: Format;
  /** Claims, resources, rows or lines, by format. */
  records: number;
  bytes: number;
}

export type UsageItem = Finding | Problem | Counted;

/** A reader takes decoded text piece by piece and hands findings and problems to its sink. */
export interface Reader {
  write(text: string): void;
  end(): void;
  records(): number;
}

export type Sink = (item: Finding | Problem) => void;
