import { createHash } from 'node:crypto';
import type { Clinician, KnownClinician } from '../../../ledger/clinicians.ts';
import { audited, type By } from '../../routes/actions.ts';
import type { ApiDeps } from '../../deps.ts';
import { marked } from '../../http/csv-cell.ts';
import { FIELDS, type RawRow } from '../../roster/columns.ts';
import { staleNote } from '../../roster/plan.ts';
import { prepareRoster } from '../../roster/prepare.ts';
import { createNotes, type RowNote } from '../../roster/validate-row.ts';
import { warningsAbout } from '../../roster/warnings.ts';
import { writeRoster } from '../../roster/write.ts';
import type { Typed } from './form.ts';

/** Most notes about one row: each field has a few reasons at most. */
const NOTES = 50;

/** What came of a form: the person, and what to look at; or why nothing was written. */
export type Saved = { clinicianId: string; warned: string[] } | { notes: RowNote[] };

/** What a row says, as a short text that differs when the row differs. */
export function fingerprintOf(person: Clinician): string {
  const values = FIELDS.map((field) => person[field]);
  return createHash('sha256').update(JSON.stringify(values)).digest('base64url');
}

/**
 * Writes what somebody typed by the same way as a row of an uploaded roster: the same checks, the
 * same warnings, the same consequences for fees. Throws `PaymentsUnavailable`.
 * @param person  whose row is edited; null for somebody new
 * @param seen  the fingerprint of the row that was shown: another row is not overwritten
 */
export async function savePerson(
  deps: ApiDeps,
  by: By,
  typed: Typed,
  { person, seen }: { person: KnownClinician | null; seen: string },
): Promise<Saved> {
  const refused = createNotes(NOTES);
  const vendors = await deps.ledger.rates.vendors();
  const rows = oneRow({ line: 1, cells: cellsOf(typed, person) });
  const options = { vendors, vendor: null, check: 'stripe' as const };
  const { wanted, checkedAtStripe } = await prepareRoster(deps, rows, options, refused);
  if (refused.rows() > 0) return { notes: refused.first() };
  const [row] = wanted;
  if (!person && (!row || row.before)) return { notes: [taken(typed.ref ?? '')] };
  // A row that is written already as it was typed needs no writing, whoever wrote it.
  if (!row) return { clinicianId: person?.clinicianId ?? '', warned: [] };
  if (row.before && fingerprintOf(row.before) !== seen) return { notes: [staleNote(row)] };
  const write = async (): Promise<Saved> => {
    const written = await writeRoster(deps, by, wanted, vendors, refused, { asPlanned: true });
    if (refused.rows() > 0) return { notes: refused.first() };
    const clinicianId = person?.clinicianId ?? (await idOf(deps, row.clinician.ref));
    act.object = `clinician ${clinicianId}`;
    act.detail = { created: written.created, enrolled: written.enrolled };
    const warnings = await warningsAbout(wanted, checkedAtStripe, NOTES);
    return { clinicianId, warned: warnings.map(({ reason }) => reason) };
  };
  const act = { action: 'add_clinician', object: 'roster', detail: {} };
  // The ledger itself writes down who changed a row, with the old and new values.
  return person ? write() : audited(deps, by, act, write);
}

async function* oneRow(row: RawRow): AsyncGenerator<RawRow[]> {
  yield [row];
}

/** The cells of the row. A value that stays as it is on the roster is not refused now. */
function cellsOf(typed: Typed, person: KnownClinician | null): RawRow['cells'] {
  const cells: RawRow['cells'] = {};
  for (const field of FIELDS) {
    const value = typed[field] ?? '';
    cells[field] = person && value === person[field] ? marked(value) : value;
  }
  if (person) cells.ref = marked(person.ref);
  return cells;
}

async function idOf({ ledger }: ApiDeps, ref: string): Promise<string> {
  const people = await ledger.clinicians.similar([{ ref }]);
  return people.find((one) => one.ref === ref)?.clinicianId ?? '';
}

function taken(ref: string): RowNote {
  return {
    line: 1,
    ref,
    field: 'ref',
    reason: 'duplicate_ref',
    message: 'Somebody on the roster has this reference already.',
  };
}
