/** What a column of an invoice may hold. */
export const INVOICE_FIELDS = ['name', 'firstName', 'lastName', 'ref', 'npi', 'amount'] as const;
export type InvoiceField = (typeof INVOICE_FIELDS)[number];

/** Which column holds which field; a field without a column is absent. */
export type InvoiceColumns = Partial<Record<InvoiceField, number>>;

/**
 * How vendors name the columns, in small letters without anything but letters and digits, the most
 * telling name first: of "Fee", "Quantity" and "Amount" the amount is what is charged.
 */
const NAMES: Record<InvoiceField, string> = {
  name:
    'clinicianname providername therapistname username fullname clinician provider therapist ' +
    'practitioner staffname staff user name licensee description item',
  firstName: 'firstname first givenname',
  lastName: 'lastname last surname familyname',
  ref: 'clinicianref clinicianid providerid externalid employeeid staffid userid reference ref id',
  npi: 'npi npinumber individualnpi providernpi cliniciannpi',
  amount:
    'lineamount linetotal amountusd amount extendedprice netamount totalusd total fee charge ' +
    'cptfee licensefee licencefee price cost rate',
};

/** The columns of a heading row as far as their names tell. */
export function guessColumns(headings: readonly string[]): InvoiceColumns {
  const plain = headings.map((heading) => heading.toLowerCase().replace(/[^a-z0-9]/g, ''));
  const found: InvoiceColumns = {};
  for (const field of INVOICE_FIELDS) {
    const name = NAMES[field].split(' ').find((one) => plain.includes(one));
    if (name !== undefined) found[field] = plain.indexOf(name);
  }
  return found;
}

/** Whether an invoice can be read by these columns: who is charged, and how much. */
export function areEnough(columns: InvoiceColumns): boolean {
  const who = [columns.name, columns.lastName, columns.ref, columns.npi];
  return columns.amount !== undefined && who.some((at) => at !== undefined);
}

/** Rows before the headings that are looked through: letterheads are short. */
const LETTERHEAD = 40;

/** The row of the headings, where their names tell; null when none of the first rows does. */
export function headingRow(rows: readonly string[][]): number | null {
  const at = rows.slice(0, LETTERHEAD).findIndex((row) => areEnough(guessColumns(row)));
  return at < 0 ? null : at;
}
