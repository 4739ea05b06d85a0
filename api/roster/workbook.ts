import { openWorkbook, readWithin } from '../../usage/workbook/workbook.ts';
import type { RosterSink } from './columns.ts';
import { createTable, isBlank, notARoster } from './table.ts';

const AS_CSV = 'Save the sheet with the people as CSV and send that.';

/**
 * Reads a roster from the one sheet of a workbook that has rows. Yields after each piece, so that
 * rows can be handed on. Throws `invalid_roster` for a workbook with people on several sheets, and
 * for one that is damaged or too large.
 */
export async function* readRosterWorkbook(
  zip: Buffer,
  sink: RosterSink,
  characters: number,
): AsyncGenerator<void> {
  const workbook = await openWorkbook(zip);
  if (!workbook) throw notARoster('The workbook is too large.', AS_CSV);
  const { whole, textsSound, sheets } = workbook;
  if (!whole || !textsSound) throw damaged();
  let used = false;
  for (const sheet of sheets) {
    let hasRows = false;
    const table = createTable(sink);
    const pieces = readWithin(sheet, characters, ({ cells, line }) => {
      if (isBlank(cells)) return;
      if (used) throw notARoster('It has rows on more than one sheet.', AS_CSV);
      hasRows = true;
      table.row(padded(cells, table.width()), line);
    });
    const end = yield* pieces;
    if (end === 'damaged') throw damaged();
    if (end === 'too_large') throw notARoster('A sheet of it is too large.', AS_CSV);
    used ||= hasRows;
  }
}

function damaged(): Error {
  return notARoster('The workbook is damaged.', 'Open it, save it again, and send it again.');
}

/** A sheet leaves out empty cells at the end of a row, and may hold blank ones beyond its table. */
function padded(cells: string[], width: number): string[] {
  if (width === 0) return withoutEnd(cells, 0);
  const kept = withoutEnd(cells, width);
  return Array.from({ length: Math.max(width, kept.length) }, (_, at) => kept[at] ?? '');
}

/** The cells without blank ones at the end, but at least `least` of them when there are so many. */
function withoutEnd(cells: string[], least: number): string[] {
  let end = cells.length;
  while (end > least && (cells[end - 1] ?? '').trim() === '') end -= 1;
  return cells.slice(0, end);
}
