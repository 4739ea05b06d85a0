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

/** What an uploaded roster would do. */
export interface UploadPlan {
  wanted: Wanted[];
  unchanged: number;
  refused: Notes;
  checkedAtStripe: boolean;
  /** The hash of all that is written or refused: a confirmation names it. */
  hash: string;
}

/** A plan as a person sees it before saying yes. */
export interface UploadPreview extends UploadPlan {
  warnings: RowNote[];
  /** Who is on the roster and not in the file: nothing happens to them. */
  missing: { count: number; first: { clinicianId: string; ref: string; name: string }[] };
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
  const refused = createNotes(NOTES);
  const vendors = await deps.ledger.rates.vendors();
  const options = { vendors, vendor: upload.vendor };
  const prepared = await prepareRoster(deps, allAtOnce(rowsOf(upload)), options, refused);
  const { plan, wanted, checkedAtStripe } = prepared;
  return {
    wanted,
    unchanged: plan.unchanged,
    ...{ refused, checkedAtStripe },
    hash: hashOf(wanted, plan.unchanged, refused),
  };
}

/** Adds what a person looks at before the confirmation, and what is not written. */
export async function previewOf(
  { ledger }: Pick<ApiDeps, 'ledger'>,
  upload: ReadyUpload,
  plan: UploadPlan,
): Promise<UploadPreview> {
  return {
    ...plan,
    warnings: await warningsAbout(plan.wanted, plan.checkedAtStripe, NOTES),
    missing: await ledger.people.others(refsOf(rowsOf(upload)), MISSING),
  };
}

function rowsOf(upload: ReadyUpload): RawRow[] {
  return upload.rows as RawRow[];
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
