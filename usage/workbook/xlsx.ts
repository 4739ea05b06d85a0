import type { Sink } from '../finding.ts';
import { type CellScanner, createRowReader } from '../table/rows.ts';
import { openWorkbook } from './workbook.ts';

/** A workbook is held in memory as it came, compressed; larger ones are better sent as CSV. */
export const WORKBOOK_MAX = 64 * 1024 * 1024;

/**
 * Reads every worksheet of an .xlsx workbook as a table. Sheets are unpacked piece by piece, and
 * nothing is written to disk. Yields after each piece, so that findings can be handed on.
 */
export async function* readWorkbook(
  zip: Buffer,
  sink: Sink,
  scanText: CellScanner,
): AsyncGenerator<number> {
  const workbook = await openWorkbook(zip);
  if (!workbook) {
    sink(problem('workbook_too_large', TOO_LARGE));
    return;
  }
  const { whole, textsSound, epoch1904, sheets } = workbook;
  if (!whole) sink(problem('truncated', TRUNCATED));
  if (sheets.length === 0) {
    sink(problem('not_a_usage_file', NO_SHEETS));
    return;
  }
  if (!textsSound) sink(problem('workbook_broken', BROKEN_TEXTS));
  const table = createRowReader(sink, scanText, { epoch1904 });
  for (const [i, sheet] of sheets.entries()) {
    try {
      const pieces = sheet.read((row) => table.row({ ...row, sheet: i + 1 }));
      let piece = await pieces.next();
      for (; !piece.done; piece = await pieces.next()) yield table.records();
      if (!piece.value) sink(problem('workbook_broken', FAULTY));
    } catch {
      sink(problem('workbook_broken', BROKEN));
    }
    table.end();
    yield table.records();
  }
}

const TRUNCATED = 'The workbook is cut off; what could be unpacked was read. Save it again.';
const NO_SHEETS =
  'This looks like a zip archive without worksheets. Send X12, FHIR JSON, CSV, xlsx or text.';
const TOO_LARGE = 'This workbook is too large to read at once. Save its sheets as CSV.';
const BROKEN = 'A worksheet is damaged; the rows before the damage were read. Save it again.';
const FAULTY = 'A worksheet is not well-formed XML; what could be read was read. Save it again.';
const BROKEN_TEXTS = 'The texts of the workbook are damaged, so cells may be empty. Save it again.';

function problem(reason: string, message: string) {
  return { type: 'problem' as const, line: 1, field: null, reason, message };
}
