import { createDecoder, encodingOf } from '../../usage/decode.ts';
import { sniff } from '../../usage/sniff.ts';
import { createRows } from '../../usage/table/csv-rows.ts';
import { delimiterOf } from '../../usage/table/csv.ts';
import { openWorkbook, readWithin, type Sheet } from '../../usage/workbook/workbook.ts';
import { headingRow } from './columns.ts';

/** A file as a table of texts. */
export interface InvoiceTable {
  rows: { line: number; cells: string[] }[];
  /** Numbers are as a spreadsheet computed them. */
  computed: boolean;
}

/** The largest invoice, and in the words of the page. */
export const INVOICE_LIMITS = { bytes: 10 * 1024 * 1024, rows: 100_000, columns: 100 };

/** Unclosed quotation marks that are slips, and not a file that is something else. */
const OPEN_QUOTES = 100;

/** Reads a CSV file or a workbook into rows; a sentence about the file when it is neither. */
export async function readTable(bytes: Buffer): Promise<InvoiceTable | { refusal: string }> {
  if (bytes.length === 0) return { refusal: 'Choose a file: there is nothing in this one.' };
  const found = sniff(bytes);
  if ('looksLike' in found) return { refusal: `This looks like ${found.looksLike}.` };
  if (found.format === 'xlsx') return readWorkbook(bytes);
  return readCsv(bytes);
}

function readCsv(bytes: Buffer): InvoiceTable | { refusal: string } {
  const decoder = createDecoder(encodingOf(bytes.subarray(0, 4096)));
  const text = decoder.write(bytes) + decoder.end();
  if (decoder.mixed()) return { refusal: 'The file mixes encodings: save it as CSV (UTF-8).' };
  const table: InvoiceTable = { rows: [], computed: false };
  let open = 0;
  const reader = createRows(delimiterOf(text.slice(0, 65_536)) ?? ',', {
    row({ cells, line }) {
      if (table.rows.length <= INVOICE_LIMITS.rows) keep(table, line, cells);
    },
    openQuote() {
      open += 1;
    },
  });
  reader.write(text);
  reader.end();
  if (open > OPEN_QUOTES) return { refusal: 'Quotation marks in the file are not closed.' };
  return checked(table);
}

/** The first sheet whose headings tell what they are; without one, the first that has rows. */
async function readWorkbook(bytes: Buffer): Promise<InvoiceTable | { refusal: string }> {
  const workbook = await openWorkbook(bytes).catch(() => null);
  if (!workbook?.whole || !workbook.textsSound) return { refusal: DAMAGED };
  const tables: InvoiceTable[] = [];
  for (const sheet of workbook.sheets) {
    const table = await readSheet(sheet);
    if (!table) return { refusal: DAMAGED };
    tables.push(table);
  }
  const cellsOf = ({ rows }: InvoiceTable) => rows.map(({ cells }) => cells);
  const chosen =
    tables.find((table) => headingRow(cellsOf(table)) !== null) ??
    tables.find(({ rows }) => rows.length > 0);
  return chosen ? checked(chosen) : { refusal: 'There is nothing in this workbook.' };
}

const DAMAGED = 'The workbook is damaged or too large: save it again, or as CSV.';

/** The rows of a sheet, one more than are read at most; null when it is damaged or too large. */
async function readSheet(sheet: Sheet): Promise<InvoiceTable | null> {
  const table: InvoiceTable = { rows: [], computed: true };
  const pieces = readWithin(sheet, SHEET_MAX, ({ line, cells }) => {
    if (table.rows.length <= INVOICE_LIMITS.rows) keep(table, line, cells);
  });
  for (;;) {
    const piece = await pieces.next();
    if (piece.done) return piece.value === 'whole' ? table : null;
  }
}

/** Characters of a sheet's XML: a line of an invoice takes some hundred of them. */
const SHEET_MAX = 200_000_000;

function keep(table: InvoiceTable, line: number, cells: readonly string[]): void {
  const kept = cells.slice(0, INVOICE_LIMITS.columns).map(cleaned);
  if (kept.some((cell) => cell !== '')) table.rows.push({ line, cells: kept });
}

/** A cell without what is no text, and no longer than a cell of an invoice is. */
function cleaned(cell: string): string {
  return cell
    .replace(/\p{C}+/gu, ' ')
    .trim()
    .slice(0, 300);
}

function checked(table: InvoiceTable): InvoiceTable | { refusal: string } {
  if (table.rows.length === 0) return { refusal: 'There are no rows in this file.' };
  if (table.rows.length > INVOICE_LIMITS.rows) {
    const most = INVOICE_LIMITS.rows.toLocaleString('en-US');
    return { refusal: `The file has more than ${most} rows.` };
  }
  return table;
}
