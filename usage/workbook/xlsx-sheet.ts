import type { Row } from '../table/csv-rows.ts';
import { isDigit } from '../cpt.ts';
import { type Attributes, createXml } from './xml.ts';

/** Columns read of a sheet; no export is wider. */
const COLUMNS_MAX = 1024;
/** Excel's own limit for the text of a cell. */
const CELL_MAX = 32_767;

/** Turns the XML of one worksheet, piece by piece, into rows. Numbers stay as they are written. */
export function createSheet(shared: string[], emit: (row: Row) => void) {
  let cells: string[] = [];
  let rowNumber = 0;
  let column = 0;
  let type = 'n';
  let value = '';
  let reading = false;

  function open(name: string, { r, t }: Attributes): void {
    if (name === 'row') {
      const given = Number(r ?? Number.NaN);
      rowNumber = Number.isInteger(given) && given > 0 ? given : rowNumber + 1;
      cells = [];
      column = 0;
    } else if (name === 'c') {
      column = columnOf(r) ?? column;
      type = t ?? 'n';
      value = '';
    } else if (name === 'v' || name === 't') reading = true;
  }

  function close(name: string): void {
    if (name === 'v' || name === 't') reading = false;
    else if (name === 'c') {
      if (column < COLUMNS_MAX && value !== '') {
        while (cells.length < column) cells.push('');
        cells[column] = resolved();
      }
      column++;
    } else if (name === 'row' && cells.length > 0) {
      emit({ cells, row: rowNumber, line: rowNumber });
      cells = [];
    }
  }

  function resolved(): string {
    if (type === 's') return shared[Number(value)] ?? '';
    // 9.0837E4 is how some writers put a code.
    if (type === 'n' && /[eE]/.test(value)) return String(Number(value));
    return value;
  }

  return createXml({
    open,
    close,
    text(text) {
      if (reading && value.length < CELL_MAX) value += text;
    },
  });
}

/** 0 for A, 27 for AB, from a cell's reference such as `AB12`; null without one. */
function columnOf(reference: string | undefined): number | null {
  if (reference === undefined) return null;
  let column = 0;
  for (const char of reference.toUpperCase()) {
    const letter = char.charCodeAt(0);
    if (isDigit(letter)) break;
    column = column * 26 + letter - 64;
  }
  return column > 0 ? column - 1 : null;
}
