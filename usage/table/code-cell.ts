import { cptCode, isAlphanumeric, isDigit, isLetter, modifier } from '../cpt.ts';

/** A code as it stands in a cell, with the modifiers attached to it. */
export interface CellCode {
  code: string;
  modifiers: string[];
}

/**
 * Every CPT code in a cell of a code column: `90837`, `90837-95`, `90837 95 GT`, `90837.0` (a
 * number from a spreadsheet), `HC:90837`, `90791, 90785`, `90837 - a description`.
 */
export function codesInCodeCell(cell: string): CellCode[] {
  if (cell.length === 5) {
    const code = cptCode(cell);
    return code ? [{ code, modifiers: [] }] : [];
  }
  return cell.length < 5 ? [] : scan(cell, () => true);
}

/**
 * The CPT codes in a cell that describes a service: only where they open the cell, stand in
 * brackets, follow a dash or colon, close the cell or follow the word CPT. Numbers elsewhere are
 * invoice numbers, minutes and amounts.
 */
export function codesInServiceCell(cell: string): CellCode[] {
  if (cell.length < 5) return [];
  return scan(cell, (start, end) => {
    let before = start - 1;
    while (before >= 0 && cell.charCodeAt(before) === 32) before--;
    const previous = before < 0 ? '' : cell.charAt(before);
    if (previous === '#' || previous === '$') return false;
    if (previous === '' || '([-:–—/|,;+&'.includes(previous)) return true;
    const word = wordEndingAt(cell, before).toLowerCase();
    if (LABELS.has(word)) return false;
    return CUES.has(word) || onlyBlanksAfter(cell, end);
  });
}

const CUES = new Set(['cpt', 'code', 'procedure', 'hcpcs', 'svc', 'service']);
const LABELS = new Set(
  (
    'invoice inv id no number statement receipt claim auth zip room suite client case check chk ' +
    'ck payment paid ref reference transaction txn order member policy account acct batch'
  ).split(' '),
);

function scan(cell: string, accept: (start: number, end: number) => boolean): CellCode[] {
  const found: CellCode[] = [];
  for (let at = 0; at + 5 <= cell.length;) {
    if (!isAlphanumeric(cell.charCodeAt(at))) {
      at++;
      continue;
    }
    let end = at;
    while (end < cell.length && isAlphanumeric(cell.charCodeAt(end))) end++;
    const token = codeToken(cell, at, end);
    if (token && !isAmount(cell, at, end) && accept(at, end)) {
      const after = modifiersAfter(cell, end);
      const modifiers = [...token.modifiers, ...after.modifiers];
      if (!found.some((known) => known.code === token.code))
        found.push({ code: token.code, modifiers });
      end = Math.max(end, after.end);
    }
    at = end;
  }
  return found;
}

/** `90837`, `CPT90837`, `90837GT`, `90837x2` between two breaks. */
function codeToken(cell: string, from: number, to: number): CellCode | null {
  let start = from;
  if (to - from >= 8 && cell.slice(from, from + 3).toLowerCase() === 'cpt') start += 3;
  const code = cptCode(cell.slice(start, start + 5));
  if (!code || to - start < 5) return null;
  const rest = cell.slice(start + 5, to);
  if (rest === '') return { code, modifiers: [] };
  if ((rest[0] === 'x' || rest[0] === 'X') && isDigit(rest.charCodeAt(1))) {
    return { code, modifiers: [] };
  }
  const attached = rest.length === 2 && isLetter(rest.charCodeAt(0)) ? modifier(rest) : null;
  return attached ? { code, modifiers: [attached] } : null;
}

/** `$90837` and `90837.50` are amounts; `90837.0` and `90837.00` are a code made a number. */
function isAmount(cell: string, from: number, to: number): boolean {
  if (cell.charAt(from - 1) === '$' || cell.charAt(from - 1) === '.') return true;
  if (cell.charAt(to) !== '.' || !isDigit(cell.charCodeAt(to + 1))) return false;
  for (let i = to + 1; i < cell.length && isDigit(cell.charCodeAt(i)); i++)
    if (cell.charAt(i) !== '0') return true;
  return false;
}

/**
 * The modifiers written after a code that ends at `from`: `-95`, `:95:GT`, ` 95 U4`, `/25`, each
 * of two characters. A bare number counts only where nothing but modifiers follows, so that
 * minutes (`90837 60 min`) and units (`x2`) do not.
 */
export function modifiersAfter(text: string, from: number): { modifiers: string[]; end: number } {
  const modifiers: string[] = [];
  let end = from;
  while (modifiers.length < 4) {
    const joint = text.charAt(end);
    if (joint !== '-' && joint !== ':' && joint !== '/' && joint !== ' ' && joint !== ',') break;
    let start = end + 1;
    while (text.charCodeAt(start) === 32) start++;
    let stop = start;
    while (stop < text.length && isAlphanumeric(text.charCodeAt(stop))) stop++;
    const found = modifier(text.slice(start, stop));
    if (!found || isUnits(found)) break;
    const attached = start === end + 1 && joint !== ' ' && joint !== ',';
    if (!attached && !onlyModifiersFrom(text, start)) break;
    modifiers.push(found);
    end = stop;
  }
  return { modifiers, end };
}

function isUnits(value: string): boolean {
  return value.startsWith('X') && isDigit(value.charCodeAt(1));
}

function onlyModifiersFrom(text: string, from: number): boolean {
  let length = 0;
  for (let at = from; at <= text.length; at++) {
    if (at < text.length && isAlphanumeric(text.charCodeAt(at))) {
      length++;
      continue;
    }
    if (length !== 0 && length !== 2) return false;
    length = 0;
    if (at - from > 24) return false;
  }
  return true;
}

function wordEndingAt(text: string, last: number): string {
  let start = last + 1;
  while (start > 0 && isLetter(text.charCodeAt(start - 1))) start--;
  return text.slice(start, last + 1);
}

function onlyBlanksAfter(text: string, from: number): boolean {
  for (let at = from; at < text.length; at++) if (text.charCodeAt(at) > 32) return false;
  return true;
}
