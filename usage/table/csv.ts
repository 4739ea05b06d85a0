import { createRows } from './csv-rows.ts';
import type { Reader, Sink } from '../finding.ts';
import { type CellScanner, createRowReader } from './rows.ts';

/** Characters looked at to find the delimiter. */
const LOOK = 64 * 1024;

/** Reads CSV, TSV and tables with semicolons or bars; the delimiter is found from the content. */
export function createCsvReader(sink: Sink, scanText: CellScanner): Reader {
  const table = createRowReader(sink, scanText);
  let head = '';
  let rows: ReturnType<typeof createRows> | null = null;

  function start(): void {
    rows = createRows(delimiterOf(head) ?? ',', {
      row: table.row,
      openQuote: (line) =>
        sink({
          type: 'problem',
          line,
          field: null,
          reason: 'csv_stray_quote',
          message: 'A quotation mark here belongs to no pair and was read as plain text.',
        }),
    });
    rows.write(head);
    head = '';
  }

  return {
    write(text) {
      if (rows) return rows.write(text);
      head += text;
      if (head.length >= LOOK) start();
    },
    end() {
      if (!rows) start();
      rows!.end();
      table.end();
    },
    records: table.records,
  };
}

const DELIMITERS = [',', '\t', ';', '|'];

/**
 * The delimiter of a table, from its first lines: the one that cuts most lines into the same
 * number of cells, at least two. Null where none does: this is no table.
 */
export function delimiterOf(head: string): string | null {
  let best: string | null = null;
  let bestScore = 0;
  for (const delimiter of DELIMITERS) {
    const score = agreement(widths(head, delimiter));
    if (score > bestScore) {
      best = delimiter;
      bestScore = score;
    }
  }
  return best;
}

/** Cells per line of the first complete lines. */
export function widths(head: string, delimiter: string): number[] {
  const found: number[] = [];
  const rows = createRows(delimiter, {
    row: (row) => {
      if (found.length < 60) found.push(row.cells.length);
    },
    openQuote: () => {},
  });
  rows.write(head.slice(0, LOOK));
  rows.end();
  return found;
}

/** Lines that share the commonest width above one, weighted by that width. */
function agreement(found: number[]): number {
  const counts = new Map<number, number>();
  for (const width of found) if (width > 1) counts.set(width, (counts.get(width) ?? 0) + 1);
  let best = 0;
  for (const [width, count] of counts) best = Math.max(best, count * Math.sqrt(width));
  return best;
}
