import type { Assessment } from '../../ledger/assessments.ts';
import type { FeeLine } from '../../ledger/reports.ts';
import { quoted } from '../http/csv-cell.ts';

/** The columns of the export, in order. Amounts are numbers of ours and stay numbers. */
export const COLUMNS = [
  'ref',
  'name',
  'vendor',
  'year',
  'state',
  'amount_usd',
  'next_step',
  'due_at',
  'last_decline',
  'intent',
  'fee_id',
] as const;

/** States in which nothing is owed. */
const OWES_NOTHING = new Set(['detecting', 'no_use', 'exempt']);

export function headerLine(): string {
  return `${COLUMNS.join(',')}\r\n`;
}

/** One fee as a line of CSV, safe to open in a spreadsheet. */
export function feeLine(fee: FeeLine, assessment: Assessment | undefined): string {
  const cents = OWES_NOTHING.has(fee.state) ? 0 : (assessment?.amountCents ?? 0);
  const cells = [
    quoted(fee.ref),
    quoted(fee.name),
    quoted(fee.vendor),
    String(fee.year),
    quoted(fee.state),
    (cents / 100).toFixed(2),
    quoted(fee.nextStep),
    quoted(fee.dueAt?.toISOString() ?? null),
    quoted(fee.declinedCode),
    quoted(fee.intent),
    quoted(fee.feeId),
  ];
  return `${cells.join(',')}\r\n`;
}
