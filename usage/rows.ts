import { codesInCodeCell, codesInServiceCell, type CellCode } from './code-cell.ts';
import { modifier } from './cpt.ts';
import type { Row } from './csv-rows.ts';
import { dayOrSerial } from './day.ts';
import type { Clinician, Sink } from './finding.ts';
import { isHeaderRow, type Layout, layoutFromContent, layoutFromHeader } from './layout.ts';
import { isGone, isGoneFlag } from './attendance.ts';

/** Rows looked at before the reader settles for a table without a heading. */
const HEADER_WITHIN = 40;

/** Scans one cell of running text; finds nothing by itself. */
export type CellScanner = (text: string) => {
  code: string;
  modifiers: string[];
  certainty: 'sure' | 'weak';
  rule: string;
}[];

/**
 * Turns the rows of any table (CSV, TSV, a worksheet) into findings: columns get their roles from
 * the heading or, without one, from what they contain; then each row is read by those roles.
 */
export function createRowReader(
  sink: Sink,
  scanText: CellScanner,
  { epoch1904 = false }: { epoch1904?: boolean } = {},
) {
  let waiting: Row[] = [];
  let layout: Layout | null = null;
  let records = 0;

  function use(next: Layout, line: number): void {
    layout = next;
    if (next.notUse) sink({ type: 'problem', line, field: null, ...next.notUse });
  }

  function settle(): void {
    if (!layout && waiting.length > 0) use(layoutFromContent(waiting), waiting[0]!.line);
    const rows = waiting;
    waiting = [];
    for (const row of rows) read(row);
  }

  function read(row: Row): void {
    const current = layout!;
    if (repeatsHeading(row, current)) return use(layoutFromHeader(row, []), row.line);
    records++;
    if (current.notUse) return;
    const codes = codesOf(row, current);
    const texts = current.texts.length > 0;
    if (codes.length === 0 && !texts) return;
    if (rowIsGone(row, current)) return;
    const clinician = clinicianOf(row, current);
    const date = dateOf(row, current, epoch1904);
    const sheet = row.sheet === undefined ? {} : { resource: `sheet ${row.sheet}` };
    const where = { line: row.line, row: row.row, ...sheet };
    for (const { code, modifiers, rule } of codes) {
      const certainty = current.certainty;
      sink({
        type: 'finding',
        code,
        modifiers,
        kind: 'billing',
        clinician,
        date,
        where,
        certainty,
        rule,
      });
    }
    if (!texts) return;
    const seen = new Set(codes.map((found) => found.code));
    for (const { index, kind } of current.texts) {
      for (const found of scanText(row.cells[index] ?? '')) {
        if (seen.has(found.code)) continue;
        seen.add(found.code);
        sink({ type: 'finding', kind, clinician, date, where, ...found });
      }
    }
  }

  return {
    row(row: Row): void {
      if (layout) return read(row);
      if (isHeaderRow(row)) {
        const titles = waiting;
        waiting = [];
        return use(layoutFromHeader(row, titles), row.line);
      }
      waiting.push(row);
      if (waiting.length >= HEADER_WITHIN) settle();
    },
    /** A table ends; the next one (another worksheet) brings its own heading. */
    end(): void {
      settle();
      layout = null;
    },
    records: () => records,
  };
}

/** A heading in the middle: pages of a report, or exports pasted together. */
function repeatsHeading(row: Row, layout: Layout): boolean {
  const index = layout.probe;
  if (index < 0) return false;
  const cell = row.cells[index];
  if (cell === undefined || cell === '') return false;
  for (let i = 0; i < cell.length; i++) {
    const char = cell.charCodeAt(i);
    if (char >= 48 && char <= 57) return false;
  }
  return isHeaderRow(row);
}

function codesOf(row: Row, layout: Layout): (CellCode & { rule: string })[] {
  const found: (CellCode & { rule: string })[] = [];
  let filled = false;
  for (const index of layout.codes) {
    const cell = row.cells[index];
    if (!cell) continue;
    filled = true;
    for (const code of codesInCodeCell(cell.trim())) add(found, code, layout.codeRule);
  }
  if (!filled)
    for (const index of layout.services) {
      const cell = row.cells[index];
      if (cell) for (const code of codesInServiceCell(cell.trim())) add(found, code, 'csv.service');
    }
  if (found.length === 1) {
    for (const index of layout.modifiers)
      for (const part of (row.cells[index] ?? '').split(/[^A-Za-z0-9]/)) {
        const value = modifier(part);
        if (value && !found[0]!.modifiers.includes(value)) found[0]!.modifiers.push(value);
      }
  }
  return found;
}

function add(found: (CellCode & { rule: string })[], code: CellCode, rule: string): void {
  if (!found.some((known) => known.code === code.code)) found.push({ ...code, rule });
}

function rowIsGone(row: Row, layout: Layout): boolean {
  return (
    layout.statuses.some((index) => isGone(row.cells[index] ?? '')) ||
    layout.gone.some((index) => isGoneFlag(row.cells[index] ?? ''))
  );
}

function first(row: Row, indexes: number[]): string | null {
  for (const index of indexes) {
    const cell = row.cells[index]?.trim();
    if (cell) return cell;
  }
  return null;
}

function clinicianOf(row: Row, layout: Layout): Clinician {
  const npi = first(row, layout.npis);
  const given = first(row, layout.firstNames);
  const family = first(row, layout.lastNames);
  const split = [given, family].filter((part) => part !== null).join(' ');
  return {
    npi: npi === null ? null : npi.replace(/\.0+$/, ''),
    name: first(row, layout.names) ?? (split === '' ? null : split),
    id: first(row, layout.ids),
  };
}

function dateOf(row: Row, layout: Layout, epoch1904: boolean): string | null {
  for (const index of layout.dates) {
    const found = dayOrSerial(row.cells[index] ?? '', epoch1904);
    if (found) return found;
  }
  return null;
}
