import type { Clinician, KnownClinician } from '../ledger/clinicians.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Vendor } from '../ledger/rates.ts';
import type { Field, RawRow } from './roster-file.ts';
import { checkRow, type GoodRow, type RowNote } from './roster-row.ts';

/** A row to be written: the clinician as they shall stand on the roster. */
export interface Wanted {
  line: number;
  clinician: Clinician;
  /** How they stand now; null for somebody new. */
  before: KnownClinician | null;
  /** The card Stripe has for them, once Stripe was asked. */
  card: string | null;
  /** Stripe was asked and has no card for them. */
  noCard: boolean;
}

/** What a roster would do, before anything is written or Stripe is asked. */
export interface Plan {
  wanted: Wanted[];
  unchanged: number;
  refused: RowNote[];
}

/** Rows compared with the ledger at a time. */
const CHUNK = 1_000;

/**
 * Checks rows by themselves, against each other and against the roster in the ledger. A field the
 * file does not have stays as it is. Duplicates are named and left out, never merged.
 */
export async function planRoster(
  ledger: Pick<Ledger, 'clinicians'>,
  rows: RawRow[],
  context: { vendors: Vendor[]; vendor: string | null; timeZone: string },
): Promise<Plan> {
  const plan: Plan = { wanted: [], unchanged: 0, refused: [] };
  const good: GoodRow[] = [];
  const seen = createSeen();
  for (const row of rows) {
    const checked = checkRow(row, context);
    const twice = 'refused' in checked ? checked.refused : seen(checked);
    if (twice.length > 0) plan.refused.push(...twice);
    else good.push(checked as GoodRow);
  }
  for (let start = 0; start < good.length; start += CHUNK) {
    const chunk = good.slice(start, start + CHUNK);
    const known = createKnown(
      await ledger.clinicians.similar(chunk.map(({ ref, says }) => ({ ...says, ref }))),
    );
    for (const row of chunk) compare(plan, row, known, context.timeZone);
  }
  return plan;
}

/** Names a row that turned out to share its NPI or e-mail with somebody while it was written. */
export function duplicateNote(
  { line, clinician }: Wanted,
  { field, otherRef }: { field: 'npi' | 'email'; otherRef: string },
): RowNote {
  return duplicate({ line, ref: clinician.ref }, field, `${otherRef} on the roster`);
}

/** Remembers references, NPIs and e-mails of one file, and names rows that repeat one. */
function createSeen(): (row: GoodRow) => RowNote[] {
  const lines = {
    ref: new Map<string, number>(),
    npi: new Map<string, number>(),
    email: new Map<string, number>(),
  };
  return (row) => {
    const keys = { ref: row.ref, npi: row.says.npi, email: row.says.email };
    const given = (['ref', 'npi', 'email'] as const).flatMap((field) => {
      const key = keys[field]?.toLowerCase();
      return key ? [{ field, key }] : [];
    });
    const twice = given.flatMap(({ field, key }) => {
      const line = lines[field].get(key);
      return line === undefined ? [] : [duplicate(row, field, `line ${line}`)];
    });
    if (twice.length === 0) for (const { field, key } of given) lines[field].set(key, row.line);
    return twice;
  };
}

/** Finds people on the roster by what must be theirs alone. */
function createKnown(people: KnownClinician[]) {
  const by = (field: 'ref' | 'npi' | 'email') =>
    new Map(people.map((person) => [person[field]?.toLowerCase(), person]));
  const maps = { ref: by('ref'), npi: by('npi'), email: by('email') };
  return (field: keyof typeof maps, value: string | null | undefined): KnownClinician | null =>
    (value ? maps[field].get(value.toLowerCase()) : null) ?? null;
}

function compare(
  plan: Plan,
  row: GoodRow,
  known: ReturnType<typeof createKnown>,
  timeZone: string,
): void {
  const before = known('ref', row.ref);
  if (before && before.ref !== row.ref) {
    plan.refused.push(duplicate(row, 'ref', `${before.ref} on the roster`));
    return;
  }
  for (const field of ['npi', 'email'] as const) {
    const other = known(field, row.says[field]);
    if (other && other !== before) {
      plan.refused.push(duplicate(row, field, `${other.ref} on the roster`));
      return;
    }
  }
  const clinician = merged(row, before, timeZone);
  if ('reason' in clinician) plan.refused.push(clinician);
  else if (before && isSame(clinician, before)) plan.unchanged += 1;
  else plan.wanted.push({ line: row.line, clinician, before, card: null, noCard: false });
}

function merged(row: GoodRow, before: KnownClinician | null, timeZone: string) {
  const { says } = row;
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

function isSame(clinician: Clinician, before: KnownClinician): boolean {
  return (Object.keys(clinician) as (keyof Clinician)[]).every(
    (field) => clinician[field] === before[field],
  );
}

function duplicate(
  row: { line: number; ref: string },
  field: 'ref' | 'npi' | 'email',
  other: string,
): RowNote {
  const what = { ref: 'reference', npi: 'NPI', email: 'e-mail' }[field];
  return note(row, field, `duplicate_${field}`, `The same ${what} as ${other}: one person twice?`);
}

function note(
  { line, ref }: { line: number; ref: string },
  field: Field,
  reason: string,
  message: string,
): RowNote {
  return { line, ref, field, reason, message };
}
