import { delimiterOf } from '../../usage/table/csv.ts';
import { createRows } from '../../usage/table/csv-rows.ts';
import { problem } from '../http/errors.ts';
import { broken, ROW_CHARACTERS, type RosterReader, type RosterSink } from './columns.ts';
import { createTable, isBlank, notARoster } from './table.ts';

/** More unclosed quotation marks than this are not slips; searching for each one's end is slow. */
const OPEN_QUOTES = 100;

/** Reads a roster as a table with a header line. Throws `invalid_roster` and `empty_body`. */
export function createCsvReader(head: string, sink: RosterSink): RosterReader {
  const table = createTable(sink);
  let unread = 0;
  const open = new Set<number>();
  const rows = createRows(delimiterOf(head) ?? ',', {
    row({ cells, line }) {
      if (isBlank(cells)) return;
      if (open.has(line) && table.hasHeader())
        sink.row(broken(line, 'open_quote', 'A quotation mark in this row is never closed.'));
      else table.row(cells, line);
    },
    openQuote(line) {
      open.add(line);
      if (open.size > OPEN_QUOTES) throw notARoster('Its quotation marks are not closed.');
    },
  });
  return {
    write(text) {
      const before = rows.count();
      rows.write(text);
      // Empty lines are counted too, though they give no row.
      unread = rows.count() === before ? unread + text.length : 0;
      if (unread > ROW_CHARACTERS) throw notARoster('A row of it is too long.');
    },
    end() {
      rows.end();
      if (!table.hasHeader()) throw problem('empty_body');
    },
  };
}
