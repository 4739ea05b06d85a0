import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  UNIQUE,
  type Clinician,
  type KnownClinician,
  type Unique,
} from '../../ledger/clinicians.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import type { Vendor } from '../../ledger/rates.ts';
import type { Field, RawRow } from './columns.ts';
import { checkRow, type GoodRow, type Notes, type RowNote } from './validate-row.ts';

/** A row to be written: the clinician as the roster will have them. */
export interface Wanted {
  line: number;
  clinician: Clinician;
  /** The clinician on the roster now; null for a new one. */
  before: KnownClinician | null;
  /** The card Stripe has for them, once Stripe was asked. */
  card: string | null;
  /** Stripe was asked and has no card for them. */
  noCard: boolean;
  /** Stripe was asked and has another e-mail for the customer. */
  otherEmail: boolean;
}

/** What a roster would do, before anything is written or Stripe is asked. */
export interface Plan {
  wanted: Wanted[];
  rows: number;
  unchanged: number;
}

/** Rows checked and compared with the ledger at a time, so that other requests run in between. */
const CHUNK = 250;

/**
 * Checks rows by themselves, against each other and against the roster in the ledger, as they are
 * read. A field the file does not have stays as it is. Duplicates are named and left out, never
 * merged.
 */
export async function planRoster(
  ledger: Pick<Ledger, 'clinicians'>,
  batches: AsyncIterable<RawRow[]>,
  context: { vendors: Vendor[]; vendor: string | null; timeZone: string },
  refused: Notes,
): Promise<Plan> {
  const plan: Plan = { wanted: [], rows: 0, unchanged: 0 };
  const seen = createSeen();
  for await (const batch of batches)
    for (let start = 0; start < batch.length; start += CHUNK) {
      const good: GoodRow[] = [];
      for (const row of batch.slice(start, start + CHUNK)) {
        plan.rows += 1;
        const checked = checkRow(row, context);
        const twice = 'refused' in checked ? checked.refused : seen(checked);
        if (twice.length > 0) refused.add(...twice);
        else good.push(checked as GoodRow);
      }
      // A query lets other requests run; without one, they run here.
      if (good.length === 0) {
        await nextTurn();
        continue;
      }
      const known = createKnown(
        await ledger.clinicians.similar(good.map(({ ref, says }) => ({ ...says, ref }))),
      );
      for (const row of good) {
        const note = compare(plan, row, known, context.timeZone);
        if (note) refused.add(note);
      }
    }
  return plan;
}

/** Names a row whose unique value was found to be another clinician's while it was written. */
export function duplicateNote(
  { line, clinician }: Wanted,
  { field, otherRef }: { field: Unique; otherRef: string },
): RowNote {
  return duplicate({ line, ref: clinician.ref }, field, `${otherRef} on the roster`);
}

/** Names a row that somebody else changed between its plan and its writing. */
export function staleNote({ line, clinician }: Wanted): RowNote {
  const { ref } = clinician;
  const message = 'Somebody else changed this row meanwhile: look at it again.';
  return { line, ref, field: null, reason: 'stale_row', message };
}

/** Remembers what must be of one person alone in one file, and names rows that repeat it. */
function createSeen(): (row: GoodRow) => RowNote[] {
  const lines = new Map<string, number>();
  return (row) => {
    const given = UNIQUE.flatMap((field) => {
      const value = keyOf(field, field === 'ref' ? row.ref : row.says[field]);
      return value ? [{ field, key: `${field} ${value}` }] : [];
    });
    const twice = given.flatMap(({ field, key }) => {
      const line = lines.get(key);
      return line === undefined ? [] : [duplicate(row, field, `line ${line}`)];
    });
    if (twice.length === 0) for (const { key } of given) lines.set(key, row.line);
    return twice;
  };
}

/** Finds people on the roster by what must be theirs alone. */
function createKnown(people: KnownClinician[]) {
  const by = new Map(
    people.flatMap((person) =>
      UNIQUE.map((field) => [`${field} ${keyOf(field, person[field])}`, person] as const),
    ),
  );
  return (field: Unique, value: string | null | undefined): KnownClinician | null =>
    (value ? by.get(`${field} ${keyOf(field, value)}`) : null) ?? null;
}

/** What two values of a field have in common when they mean the same; null for no value. */
function keyOf(field: Unique, value: string | null | undefined): string | null {
  if (!value) return null;
  return field === 'stripeCustomer' ? value : value.toLowerCase();
}

/** Plans one row, or says why it is left out. */
function compare(
  plan: Plan,
  row: GoodRow,
  known: ReturnType<typeof createKnown>,
  timeZone: string,
): RowNote | null {
  const before = known('ref', row.ref);
  if (before && before.ref !== row.ref) return duplicate(row, 'ref', `${before.ref} on the roster`);
  for (const field of ['npi', 'email', 'stripeCustomer'] as const) {
    const other = known(field, row.says[field]);
    if (other && other !== before) return duplicate(row, field, `${other.ref} on the roster`);
  }
  const clinician = merged(row, before, timeZone);
  if ('reason' in clinician) return clinician;
  if (before && isSame(clinician, before)) plan.unchanged += 1;
  else
    plan.wanted.push({
      line: row.line,
      clinician,
      before,
      card: null,
      noCard: false,
      otherEmail: false,
    });
  return null;
}

function merged(row: GoodRow, before: KnownClinician | null, timeZone: string) {
  const says = withMadeCustomer(row.says, before);
  const vendor = says.vendor ?? before?.vendor;
  if (!vendor) return note(row, 'vendor', 'missing', 'Somebody new needs a vendor.');
  const otherCustomer =
    says.stripeCustomer !== undefined && says.stripeCustomer !== (before?.stripeCustomer ?? null);
  const clinician: Clinician = {
    ref: row.ref,
    name: says.name ?? before?.name ?? '',
    email: (says.email === undefined ? before?.email : says.email) ?? null,
    npi: (says.npi === undefined ? before?.npi : says.npi) ?? null,
    vendor,
    timeZone: says.timeZone ?? before?.timeZone ?? timeZone,
    stripeCustomer:
      (says.stripeCustomer === undefined ? before?.stripeCustomer : says.stripeCustomer) ?? null,
    // A card belongs to one customer: with another customer the old card means nothing.
    paymentMethod:
      (says.paymentMethod === undefined && !otherCustomer
        ? before?.paymentMethod
        : says.paymentMethod) ?? null,
  };
  if (clinician.paymentMethod && !clinician.stripeCustomer)
    return note(row, 'paymentMethod', 'card_without_customer', 'Add its stripe_customer.');
  return clinician;
}

/** An empty field does not take away a customer that levy created because the field was empty. */
function withMadeCustomer(says: GoodRow['says'], before: KnownClinician | null): GoodRow['says'] {
  if (!before?.customerMade || says.stripeCustomer !== null) return says;
  return { ...says, stripeCustomer: before.stripeCustomer };
}

function isSame(clinician: Clinician, before: KnownClinician): boolean {
  return (Object.keys(clinician) as (keyof Clinician)[]).every(
    (field) => clinician[field] === before[field],
  );
}

function duplicate(row: { line: number; ref: string }, field: Unique, other: string): RowNote {
  const what = { ref: 'reference', npi: 'NPI', email: 'e-mail', stripeCustomer: 'Stripe customer' };
  const message = `The same ${what[field]} as ${other}: one person twice?`;
  const help = field === 'stripeCustomer' ? ` ${MOVE_CUSTOMER}` : '';
  return note(row, field, `duplicate_${field}`, `${message}${help}`);
}

const MOVE_CUSTOMER =
  'A customer belongs to one person. To move one, or to swap two, first send a roster in which ' +
  'stripe_customer is empty for whoever has it now.';

function note(
  { line, ref }: { line: number; ref: string },
  field: Field,
  reason: string,
  message: string,
): RowNote {
  return { line, ref, field, reason, message };
}
