import type { Ledger } from '../../ledger/ledger.ts';
import type { InvoiceHead } from '../../ledger/invoices.ts';

/** What an invoice charges: cents by clinician, or for a name that nobody is known by. */
export type Charged = [clinicianId: string | null, amountCents: number][];

let number = 0;

/** Enters an invoice of TheraNest 2026 with these lines, and gives its id. */
export async function drafted(
  ledger: Pick<Ledger, 'invoices'>,
  charged: Charged,
  head: Partial<InvoiceHead> = {},
): Promise<string> {
  const entered = await ledger.invoices.draft(
    {
      ...{ vendor: 'theranest', year: 2026, number: `INV-${(number += 1)}`, dated: '2026-03-01' },
      totalCents: charged.reduce((sum, [, cents]) => sum + cents, 0),
      ...{ replaces: null, fileName: null, enteredBy: 'office', ...head },
    },
    charged.map(([clinicianId, amountCents], index) => ({
      ...{ line: index + 1, name: 'As the vendor wrote it', ref: null, npi: null, amountCents },
      ...{ clinicianId, matchedBy: clinicianId ? ('name' as const) : null },
    })),
  );
  if ('refused' in entered) throw new Error(entered.refused);
  return entered.invoiceId;
}

/** The same, confirmed. */
export async function invoiced(
  ledger: Pick<Ledger, 'invoices'>,
  charged: Charged,
  head: Partial<InvoiceHead> = {},
): Promise<string> {
  const invoiceId = await drafted(ledger, charged, head);
  const done = await ledger.invoices.confirm(invoiceId, 'boss', true);
  if ('refused' in done) throw new Error(done.refused);
  return invoiceId;
}
