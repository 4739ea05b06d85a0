import type { Clinician } from '../../../ledger/clinicians.ts';
import type { Ledger } from '../../../ledger/ledger.ts';
import { quoted } from '../../http/csv-cell.ts';

/** The columns in which a roster is downloaded, by the names that an upload knows. */
const COLUMNS: [name: string, field: keyof Clinician][] = [
  ['ref', 'ref'],
  ['name', 'name'],
  ['email', 'email'],
  ['npi', 'npi'],
  ['vendor', 'vendor'],
  ['time_zone', 'timeZone'],
  ['stripe_customer', 'stripeCustomer'],
  ['payment_method', 'paymentMethod'],
];

/**
 * The header of a roster. The byte order mark tells a spreadsheet that the file is UTF-8: without
 * it, names are mangled and come back mangled.
 */
export const ROSTER_HEADER = `\ufeff${COLUMNS.map(([name]) => name).join(',')}\r\n`;

/** People read from the ledger at a time: the roster is never held as a whole. */
const PAGE = 1_000;

/** Today's roster as CSV, piece by piece. Uploaded again it changes nothing. */
export async function* rosterCsv({
  clinicians,
}: Pick<Ledger, 'clinicians'>): AsyncGenerator<string> {
  yield ROSTER_HEADER;
  for (let after: string | undefined; ;) {
    const page = await clinicians.list({ after, limit: PAGE });
    yield page.map(lineOf).join('');
    if (page.length < PAGE) return;
    after = page.at(-1)?.ref;
  }
}

function lineOf(person: Clinician): string {
  return `${COLUMNS.map(([, field]) => quoted(person[field])).join(',')}\r\n`;
}
