import { isGone, isGoneFlag } from './attendance.ts';
import { type CellCode, codesInCodeCell, codesInServiceCell } from './code-cell.ts';
import { isDigit, modifier } from '../cpt.ts';
import type { Row } from './csv-rows.ts';
import { type Dating, dayOrSerial } from '../day.ts';
import type { Clinician } from '../finding.ts';
import type { Field, Layout } from './layout.ts';

/** A code of a row, the rule that found it, and which of several numbered columns held it. */
export interface RowCode extends CellCode {
  rule: string;
  line: number | null;
}

/** The codes of a row: from its code columns or, where those are empty, its service columns. */
export function codesOf(row: Row, layout: Layout): RowCode[] {
  const found: RowCode[] = [];
  if (layout.codeSets.length > 0 && !namesCpt(row, layout)) return found;
  let filled = false;
  for (const { index, line } of layout.codes) {
    const cell = row.cells[index];
    if (!cell) continue;
    filled = true;
    for (const code of codesInCodeCell(cell.trim())) add(found, code, layout.codeRule, line);
  }
  if (!filled)
    for (const { index } of layout.services) {
      const cell = row.cells[index];
      if (!cell) continue;
      for (const code of codesInServiceCell(cell.trim())) add(found, code, 'csv.service', null);
    }
  if (found.length > 0 && layout.modifiers.length > 0) addModifiers(found, row, layout);
  return found;
}

/** True for a row that never took place or was taken back: cancelled, no-show, deleted. */
export function isRowGone(row: Row, layout: Layout): boolean {
  const says = (fields: Field[], test: (cell: string) => boolean) =>
    fields.some(({ index }) => test(row.cells[index] ?? ''));
  return (
    says(layout.statuses, isGone) || says(layout.gone, isGoneFlag) || says(layout.services, isGone)
  );
}

/** The row's clinician, or that of one of its numbered lines, as written. */
export function clinicianOf(row: Row, layout: Layout, line: number | null): Clinician {
  const npi = first(row, layout.npis, line);
  const given = first(row, layout.firstNames, line);
  const family = first(row, layout.lastNames, line);
  const split = [given, family].filter((part) => part !== null).join(' ');
  return {
    npi: npi === null ? null : tenDigits(npi),
    name: first(row, layout.names, line) ?? (split === '' ? null : split),
    id: first(row, layout.ids, line),
  };
}

/** The row's service date, or that of one of its numbered lines. */
export function dateOf(
  row: Row,
  layout: Layout,
  line: number | null,
  dating: Dating,
): string | null {
  for (const { index } of forLine(layout.dates, line)) {
    const found = dayOrSerial(row.cells[index] ?? '', dating);
    if (found) return found;
  }
  return null;
}

function add(found: RowCode[], code: CellCode, rule: string, line: number | null): void {
  for (const known of found) if (known.code === code.code && known.line === line) return;
  found.push({ code: code.code, modifiers: code.modifiers, rule, line });
}

/** Modifier columns belong to the row's one code, or to the code column of the same number. */
function addModifiers(found: RowCode[], row: Row, layout: Layout): void {
  for (const { index, line } of layout.modifiers) {
    const owner = found.length === 1 ? found[0] : found.find((code) => code.line === line);
    if (!owner || (line === null && found.length > 1)) continue;
    for (const part of (row.cells[index] ?? '').split(/[^A-Za-z0-9]/)) {
      const value = modifier(part);
      if (value && !owner.modifiers.includes(value)) owner.modifiers.push(value);
    }
  }
}

/** In a table that names each row's code set, only rows of CPT or HCPCS count. */
function namesCpt(row: Row, layout: Layout): boolean {
  return layout.codeSets.some(({ index }) => {
    const set = (row.cells[index] ?? '').toLowerCase();
    return set.includes('cpt') || set.includes('hcpc') || set === 'hc';
  });
}

function first(row: Row, fields: Field[], line: number | null): string | null {
  for (const { index } of forLine(fields, line)) {
    const cell = row.cells[index]?.trim();
    if (cell) return cell.startsWith('="') ? cell.slice(2, -1) : cell;
  }
  return null;
}

/** Fields of the same number as the code's column first, then those that hold for all. */
function forLine(fields: Field[], line: number | null): Field[] {
  if (line === null || fields.length < 2) return fields;
  const own = fields.filter((field) => field.line === line);
  return own.length > 0 ? [...own, ...fields.filter((field) => field.line === null)] : fields;
}

/** An NPI without what spreadsheets put around it: `2000000010.0`, `'2000000010`. */
function tenDigits(value: string): string {
  let from = 0;
  while (from < value.length && !isDigit(value.charCodeAt(from))) from++;
  let end = from;
  while (end < value.length && isDigit(value.charCodeAt(end))) end++;
  return end - from === 10 ? value.slice(from, end) : value;
}
