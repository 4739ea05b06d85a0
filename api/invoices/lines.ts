import { createMatcher, type KnownName, type RosterPerson } from '../../usage/clinician-match.ts';
import type { InvoiceLine } from '../../ledger/invoices.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import { markedText } from '../http/csv-cell.ts';
import { centsOf } from './cents.ts';
import type { InvoiceColumns } from './columns.ts';
import type { InvoiceTable } from './read-file.ts';

/** A line as it stands in a file or a form, before anybody is matched to it. */
export type WrittenLine = Pick<InvoiceLine, 'name' | 'ref' | 'npi' | 'amountCents'>;

/** What was read of a table: its lines, the total it states, and what cannot be read. */
export interface ReadLines {
  lines: WrittenLine[];
  /** The amount of the last total row; null when the file has none. */
  totalCents: number | null;
  /** Sentences about rows that cannot be read, the first of them. */
  problems: string[];
}

/** Most rows that are named. */
const PROBLEMS = 20;

/** A row that sums up others, and is nobody. */
const TOTAL = /^(?:grand|sub|invoice|order)?[\s-]*(?:total|sum)\b|^(?:balance|amount)\s+due\b/i;
const SUBTOTAL = /^sub/i;

/**
 * The lines of a table below its heading row. Blank rows, rows of one text without an amount and
 * total rows are no lines; any other row without a readable amount is a problem, because an invoice
 * with a line missing is another invoice.
 */
export function readLines(
  { rows, computed }: InvoiceTable,
  heading: number,
  columns: InvoiceColumns,
): ReadLines {
  const read: ReadLines = { lines: [], totalCents: null, problems: [] };
  const body = rows.slice(heading + 1);
  let sum = 0;
  for (const [index, { line, cells }] of body.entries()) {
    const said = (at: number | undefined) => (at === undefined ? '' : textOf(cells[at] ?? ''));
    const amount = said(columns.amount);
    const who = whoOf(said, columns);
    const cents = amount === '' ? null : centsOf(amount, { computed });
    const isNobody = !who.name && !who.ref && !who.npi;
    const total = who.npi ? undefined : cells.find((cell) => TOTAL.test(textOf(cell)));
    const isLastSum = isNobody && cents === sum && index === body.length - 1;
    if (cents !== null && (total !== undefined || isLastSum)) {
      if (!SUBTOTAL.test(total ?? '')) read.totalCents = cents;
    } else if (cents !== null) {
      read.lines.push({ ...who, amountCents: cents });
      sum += cents;
    } else if (amount !== '' || (!isNobody && cells.filter(Boolean).length > 1)) {
      const what =
        amount === '' ? 'has no amount' : 'has an amount that cannot be read to the cent';
      if (read.problems.length < PROBLEMS) read.problems.push(`Line ${line} ${what}.`);
    }
  }
  return read;
}

/** A cell without the apostrophe by which a spreadsheet marks text. */
const textOf = (cell: string): string => markedText(cell) ?? cell;

function whoOf(
  said: (at: number | undefined) => string,
  columns: InvoiceColumns,
): Omit<WrittenLine, 'amountCents'> {
  const [first, last] = [said(columns.firstName), said(columns.lastName)];
  const name = said(columns.name) || [last, first].filter(Boolean).join(', ');
  const npi = said(columns.npi).replace(/\.0+$/, '');
  return { name: name || null, ref: said(columns.ref) || null, npi: npi || null };
}

/** The same as `matchLines`, with the roster and the names that people have decided. */
export async function matchToRoster(
  { clinicians, knownNames }: Pick<Ledger, 'clinicians' | 'knownNames'>,
  vendor: string,
  lines: readonly WrittenLine[],
): Promise<InvoiceLine[]> {
  const [roster, decided] = [await clinicians.forMatching(), await knownNames.forMatching(vendor)];
  return matchLines(lines, roster, decided);
}

/**
 * Finds who on the roster is meant by each line; one that fits nobody or several means nobody.
 * @param decided  what a person has said of names in this vendor's exports
 */
export function matchLines(
  lines: readonly WrittenLine[],
  roster: Iterable<RosterPerson>,
  decided: Iterable<KnownName> = [],
): InvoiceLine[] {
  const match = createMatcher(roster, decided);
  return lines.map((one, index) => {
    const found = match({ name: one.name, npi: one.npi, id: one.ref });
    const known = 'clinicianId' in found ? found : null;
    return {
      ...{ ...one, line: index + 1 },
      ...{ clinicianId: known?.clinicianId ?? null, matchedBy: known?.by ?? null },
    };
  });
}
