import type { Clinician } from '../../ledger/clinicians.ts';
import type { FeeRow, Violation } from './check/violation.ts';
import type { Dump } from './dump.ts';
import type { ExpectedBulkAct } from './expected-bulk-act.ts';
import type { ExpectedInvoice } from './expected-invoice.ts';
import type { PersonPlan } from './plan.ts';

/** A person of the practice, as they are and not as levy believes. */
export interface Person {
  plan: PersonPlan;
  /** Null until they are on the roster. */
  clinicianId: string | null;
  /** Whether the practice has ever put them on a roster. */
  joined: boolean;
  /** What the practice's roster says of them now. */
  row: Clinician;
  /** The practice changes a row when it is done with the change before. */
  changing: Promise<void>;
  evidence: ExpectedEvidence[];
  /** The first import about them that nobody answered, and that may count since; or Infinity. */
  importedUnheard: number;
  /** When the imports were asked for that have no answer yet. */
  importing: Set<number>;
  /** The EHRs they worked in, each from the moment levy was told and had answered. */
  vendors: { from: number; vendor: string }[];
  /** The Stripe customers the roster named for them, each from when levy was told and answered. */
  customers: { askedAt: number; from: number; customer: string | null }[];
}

/** A ledger that was lost, or replaced by an older one, as it was at its end. */
export interface Era {
  until: number;
  fees: FeeRow[];
}

/** A piece of evidence, and since when it counts or does not. */
export interface ExpectedEvidence {
  evidenceId: string;
  standing: { from: number; stands: boolean }[];
}

/** Something a person asked of levy, and what came of it. */
export interface Acted {
  act: string;
  feeId: string | null;
  askedAt: number;
  answeredAt: number;
  /** `done`, or the code of the refusal. */
  outcome: string;
}

/** What levy is expected to have done, by what the people know: its own word counts for nothing. */
export interface Expected {
  people: Person[];
  acts: Acted[];
  /** Pauses: from the answer to the pause until the question to go on. */
  pauses: { from: number; until: number }[];
  /** The acts on many fees that were previewed, and how many previews were asked for. */
  bulkActs: ExpectedBulkAct[];
  previews: number;
  /** The invoices of the vendor that the practice has entered, in that order. */
  invoices: ExpectedInvoice[];
  /** The assessments every opening gave: one, if all is well. */
  opened: Set<string>;
  /** Questions of which nobody knows whether, or when, they were carried out. */
  unanswered: Set<string>;
  /** Everything levy's own logger was told. */
  logged: string[];
  /** A dump of the time before the year was opened, in seeds that restore one. */
  before: { takenAt: number; dump: Dump } | null;
  /** What the ledger was before the present one, the oldest first. */
  eras: Era[];
  /** Violations that were found when a ledger ended. */
  found: Violation[];
  /** Every error a job or a request ended with. */
  errors: unknown[];
}

export function emptyExpected(): Expected {
  return {
    people: [],
    acts: [],
    pauses: [],
    bulkActs: [],
    previews: 0,
    invoices: [],
    opened: new Set(),
    unanswered: new Set(),
    logged: [],
    errors: [],
    before: null,
    eras: [],
    found: [],
  };
}

/** Whether the person had evidence that counts at some moment of a stretch of time. */
export function hadEvidence(person: Person, from: number, until: number): boolean {
  return person.evidence.some(({ standing }) =>
    standing.some(({ stands, from: since }, index) => {
      const ends = standing[index + 1]?.from ?? Infinity;
      return stands && since <= until && ends > from;
    }),
  );
}
