import { quoted } from '../http/csv-cell.ts';
import type { Cell, CellKind, Sheet } from './columns.ts';

/** Characters that are sent at a time. */
const PIECE = 64 * 1024;

/**
 * A table as CSV (RFC 4180), piece by piece. The byte order mark tells a spreadsheet that the file
 * is UTF-8. What a spreadsheet would run is marked as text; money and days stay what they are.
 */
export async function* csvOf({ columns, rows }: Sheet): AsyncGenerator<string> {
  let piece = `\ufeff${columns.map(({ head }) => quoted(head)).join(',')}\r\n`;
  for await (const row of rows) {
    piece += `${columns.map(({ kind }, at) => cellOf(kind, row[at] ?? null)).join(',')}\r\n`;
    if (piece.length < PIECE) continue;
    yield piece;
    piece = '';
  }
  yield piece;
}

function cellOf(kind: CellKind, cell: Cell): string {
  if (cell === null) return '';
  if (kind === 'money' && typeof cell === 'number') return (cell / 100).toFixed(2);
  if (kind === 'text' || typeof cell === 'string') return quoted(String(cell));
  return String(cell);
}
