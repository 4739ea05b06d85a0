import type { Ledger } from '../../../ledger/ledger.ts';
import type { FeeRecord } from '../../../ledger/fees.ts';
import type { Mutation } from './mutation.ts';

/** The fee as the rules see it that pass on whatever the evidence shows. */
function asIfByEvidence(feeRecord: FeeRecord): FeeRecord {
  const { assessment } = feeRecord;
  const policy = { ...assessment.policy, passOn: 'evidence' as const };
  return { ...feeRecord, assessment: { ...assessment, policy } };
}

/** The view of the lines that count, without a look at what ended. */
const VOIDED_COUNT = `
  create or replace view standing_invoice_lines as
    select i.vendor, i.year, i.number, i.dated, i.file_name, i.confirmed_at, l.*
    from vendor_invoice_lines l join vendor_invoices i using (invoice_id)
    where i.confirmed_at is not null`;

const CREDITS_DO_NOT_COUNT = `
  create or replace view standing_invoice_lines as
    select i.vendor, i.year, i.number, i.dated, i.file_name, i.confirmed_at, l.*
    from vendor_invoice_lines l join vendor_invoices i using (invoice_id)
    where i.confirmed_at is not null and i.voided_at is null and l.amount_cents > 0`;

/** Bugs of whoever passes on what the vendor has invoiced. */
export const INVOICE_MUTATIONS: Mutation[] = [
  {
    name: 'not_invoiced',
    story: 'somebody is charged whom no invoice of the vendor carries',
    sql: 'drop trigger entries_attempt_invoiced on entries',
    ledger: (ledger: Ledger): Ledger => ({
      ...ledger,
      fees: {
        ...ledger.fees,
        async load(feeId) {
          const feeRecord = await ledger.fees.load(feeId);
          return feeRecord && asIfByEvidence(feeRecord);
        },
      },
    }),
  },
  {
    name: 'voided_counts',
    story: 'an invoice that was voided or replaced counts as before',
    sql: VOIDED_COUNT,
  },
  {
    name: 'credits_ignored',
    story: 'what the vendor has given back still counts as invoiced',
    sql: CREDITS_DO_NOT_COUNT,
  },
];
