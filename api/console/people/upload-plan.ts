import { createHash } from 'node:crypto';
import type { Clinician } from '../../../ledger/clinicians.ts';
import type { RosterUpload } from '../../../ledger/roster-uploads.ts';
import type { ApiDeps } from '../../deps.ts';
import { markedText } from '../../http/csv-cell.ts';
import { FIELDS, type Field, type RawRow } from '../../roster/columns.ts';
import type { Wanted } from '../../roster/plan.ts';
import { prepareRoster } from '../../roster/prepare.ts';
import { createNotes, type Notes, type RowNote } from '../../roster/validate-row.ts';
import { warningsAbout } from '../../roster/warnings.ts';

/** Most notes of each kind on a page. */
const NOTES = 200;
/** Most people on a page who are on the roster and not in the file. */
const MISSING = 100;

/** What an uploaded roster would do, as a person sees it before saying yes. */
export interface UploadPlan {
  wanted: Wanted[];
  unchanged: number;
  refused: Notes;
  warnings: RowNote[];
  /** Who is on the roster and not in the file: nothing happens to them. */
  missing: { count: number; first: { clinicianId: string; ref: string; name: string }[] };
  checkedAtStripe: boolean;
  /** The hash of all that is written or refused: a confirmation names it. */
  hash: string;
}

/** An upload whose columns are known and whose rows are still there. */
export type ReadyUpload = RosterUpload & { rows: object[]; headings: null };

export function isReady(upload: RosterUpload): upload is ReadyUpload {
  return upload.rows !== null && upload.headings === null;
}

/**
 * Plans an upload against the roster of now; writes nothing. Throws `PaymentsUnavailable` and
 * `roster_looks_shifted`.
 */
export async function planUpload(deps: ApiDeps, upload: ReadyUpload): Promise<UploadPlan> {
  const rows = upload.rows as RawRow[];
  const refused = createNotes(NOTES);
  const vendors = await deps.ledger.rates.vendors();
  const options = { vendors, vendor: upload.vendor };
  const prepared = await prepareRoster(deps, allAtOnce(rows), options, refused);
  const { plan, wanted, checkedAtStripe } = prepared;
  return {
    wanted,
    unchanged: plan.unchanged,
    refused,
    warnings: await warningsAbout(wanted, checkedAtStripe, NOTES),
    missing: await deps.ledger.people.others(refsOf(rows), MISSING),
    checkedAtStripe,
    hash: hashOf(wanted, plan.unchanged, refused),
  };
}

async function* allAtOnce(rows: RawRow[]): AsyncGenerator<RawRow[]> {
  yield rows;
}

/** The references in a file, also of rows that are refused: their people are not missing. */
function refsOf(rows: readonly RawRow[]): string[] {
  return rows.flatMap(({ cells: { ref } }) => {
    const text = ref?.trim() ?? '';
    // No person has a reference with this sign, and Postgres takes no text with it.
    return text === '' || text.includes('\u0000') ? [] : [markedText(text) ?? text];
  });
}

function hashOf(wanted: readonly Wanted[], unchanged: number, refused: Notes): string {
  const values = (row: Clinician | null) => row && FIELDS.map((field) => row[field]);
  const hash = createHash('sha256').update(JSON.stringify([unchanged, refused.rows()]));
  for (const { line, clinician, before } of wanted)
    hash.update(JSON.stringify([line, values(clinician), values(before)]));
  for (const { line, field, reason } of refused.first())
    hash.update(JSON.stringify([line, field, reason]));
  return hash.digest('hex');
}

/** The rows of a file after somebody said which column is which; other columns are dropped. */
export function namedRows(rows: readonly object[], columns: Map<Field, number>): RawRow[] {
  return (rows as RawRow[]).map(({ unnamed, ...row }) => {
    if (!unnamed) return row;
    const cells: RawRow['cells'] = {};
    for (const [field, at] of columns) cells[field] = unnamed[at] ?? '';
    return { ...row, cells };
  });
}
