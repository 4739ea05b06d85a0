import { calendarDay } from '../../core/calendar.ts';
import { describeEntry } from '../../core/fee/describe.ts';
import type { Account } from '../../core/fee/money.ts';
import type {
  AccountRow,
  EntrySheetRow,
  FeeAccountsRow,
  FeeSheetRow,
} from '../../ledger/bookkeeping.ts';
import type { Assessment } from '../../ledger/assessments.ts';
import type { ApiDeps } from '../deps.ts';
import { ACCOUNT_WORDS, STATE_NAMES } from './words.ts';
import { sheetOf, type ListColumn, type Sheet } from './columns.ts';
import { payoutSheets } from './payouts.ts';

/** The lists for a bookkeeper, by the name of their file. */
export const LISTS = {
  fees: { title: 'Fees', sheets: feeSheets },
  entries: { title: 'Entries', sheets: entrySheets },
  accounts: { title: 'Accounts', sheets: accountSheets },
  reconciliation: { title: 'Reconciliation', sheets: reconciliationSheets },
  payouts: { title: 'Payouts', sheets: payoutSheets },
} as const;

export type ListName = keyof typeof LISTS;
export const LIST_NAMES = Object.keys(LISTS) as ListName[];

/** The sheets of a list. A workbook has all of them; a CSV file has the first alone. */
export function sheetsOf(deps: Deps, assessment: Assessment, list: ListName): Sheet[] {
  return LISTS[list].sheets(deps, assessment);
}

type Deps = Pick<ApiDeps, 'ledger' | 'payments'>;

function feeSheets({ ledger }: Deps, assessment: Assessment): Sheet[] {
  const { assessmentId, vendorName, year, policy } = assessment;
  const on = (at: Date | null) => at && calendarDay(at, policy.timeZone);
  const columns: ListColumn<FeeSheetRow>[] = [
    { head: 'Reference', kind: 'text', cell: ({ ref }) => ref },
    { head: 'Name', kind: 'text', width: 28, cell: ({ name }) => name },
    { head: 'Vendor', kind: 'text', cell: () => vendorName },
    { head: 'Year', kind: 'number', cell: () => year },
    { head: 'Amount (USD)', kind: 'money', cell: ({ amountCents }) => amountCents },
    { head: 'Royalty (USD)', kind: 'money', cell: ({ royaltyCents }) => royaltyCents },
    { head: 'Processing (USD)', kind: 'money', cell: ({ processingCents }) => processingCents },
    { head: 'State', kind: 'text', cell: ({ state }) => STATE_NAMES[state] },
    { head: 'First use', kind: 'day', cell: ({ firstUsedOn }) => firstUsedOn },
    { head: 'Notice sent on', kind: 'day', cell: ({ noticedAt }) => on(noticedAt) },
    { head: 'Paid on', kind: 'day', cell: ({ paidAt }) => on(paidAt) },
    { head: 'Stripe charge', kind: 'text', cell: ({ charge }) => charge },
    { head: 'Stripe intent', kind: 'text', cell: ({ intent }) => intent },
    { head: 'Refunded on', kind: 'day', cell: ({ refundedAt }) => on(refundedAt) },
    { head: 'Refunded (USD)', kind: 'money', cell: ({ refundedCents }) => refundedCents || null },
    { head: 'Stripe refund', kind: 'text', cell: ({ refund }) => refund },
    { head: 'Disputed on', kind: 'day', cell: ({ disputedAt }) => on(disputedAt) },
    { head: 'Dispute', kind: 'text', width: 10, cell: ({ dispute }) => dispute },
    { head: 'Waived on', kind: 'day', cell: ({ waivedAt }) => on(waivedAt) },
    { head: 'Waived because', kind: 'text', width: 28, cell: ({ waivedWhy }) => waivedWhy },
    { head: 'Given up on', kind: 'day', cell: ({ gaveUpAt }) => on(gaveUpAt) },
    { head: 'Stripe customer', kind: 'text', cell: ({ stripeCustomer }) => stripeCustomer },
    { head: 'Fee', kind: 'text', width: 38, cell: ({ feeId }) => feeId },
  ];
  return [sheetOf('Fees', columns, ledger.bookkeeping.fees(assessmentId))];
}

function entrySheets({ ledger }: Deps, assessment: Assessment): Sheet[] {
  const { timeZone } = assessment.policy;
  const columns: ListColumn<EntrySheetRow>[] = [
    { head: 'Fee', kind: 'text', width: 38, cell: ({ feeId }) => feeId },
    { head: 'Reference', kind: 'text', cell: ({ ref }) => ref },
    { head: 'Name', kind: 'text', width: 28, cell: ({ name }) => name },
    { head: 'Number', kind: 'number', cell: ({ entry }) => entry.seq },
    { head: 'Day', kind: 'day', cell: ({ entry }) => calendarDay(entry.at, timeZone) },
    { head: 'Moment (UTC)', kind: 'text', width: 26, cell: ({ entry }) => entry.at.toISOString() },
    { head: 'Kind', kind: 'text', cell: ({ entry }) => entry.kind },
    {
      head: 'What happened',
      kind: 'text',
      width: 60,
      cell: ({ entry }) => describeEntry(entry, { timeZone }),
    },
    { head: 'Who', kind: 'text', cell: ({ entry }) => entry.actor },
    { head: 'Debit', kind: 'text', cell: ({ debit }) => debit && ACCOUNT_WORDS[debit].name },
    { head: 'Credit', kind: 'text', cell: ({ credit }) => credit && ACCOUNT_WORDS[credit].name },
    { head: 'Amount (USD)', kind: 'money', cell: ({ amountCents }) => amountCents },
    { head: 'Amount (cents)', kind: 'number', cell: ({ amountCents }) => amountCents },
  ];
  return [sheetOf('Entries', columns, ledger.bookkeeping.entries(assessment.assessmentId))];
}

function accountSheets({ ledger }: Deps, { assessmentId }: Assessment): Sheet[] {
  const columns: ListColumn<AccountRow>[] = [
    { head: 'Account', kind: 'text', cell: ({ account }) => ACCOUNT_WORDS[account].name },
    { head: 'Means', kind: 'text', width: 60, cell: ({ account }) => ACCOUNT_WORDS[account].means },
    { head: 'Debits (USD)', kind: 'money', cell: ({ debitCents }) => debitCents },
    { head: 'Credits (USD)', kind: 'money', cell: ({ creditCents }) => creditCents },
    { head: 'Balance (USD)', kind: 'money', cell: ({ balanceCents }) => balanceCents },
  ];
  async function* rows() {
    yield* await ledger.bookkeeping.accounts(assessmentId);
  }
  return [sheetOf('Accounts', columns, rows())];
}

/** Fee by fee what the accounts hold and what the latest check found; then the accounts' sums. */
function reconciliationSheets(deps: Deps, assessment: Assessment): Sheet[] {
  const { assessmentId, checkedAt, policy } = assessment;
  const checked = checkedAt && calendarDay(checkedAt, policy.timeZone);
  const columns: ListColumn<FeeAccountsRow>[] = [
    { head: 'Reference', kind: 'text', cell: ({ ref }) => ref },
    { head: 'Name', kind: 'text', width: 28, cell: ({ name }) => name },
    { head: 'State', kind: 'text', cell: ({ state }) => STATE_NAMES[state] },
    ...(Object.keys(ACCOUNT_WORDS) as Account[]).map((account) => ({
      head: `${ACCOUNT_WORDS[account].name} (USD)`,
      kind: 'money' as const,
      width: 14,
      cell: ({ balances }: FeeAccountsRow) => balances[account] ?? 0,
    })),
    { head: 'Compared with Stripe on', kind: 'day', cell: () => checked },
    {
      head: 'Agrees with Stripe',
      kind: 'text',
      cell: ({ findings }) => (findings.length > 0 ? 'no' : checked ? 'yes' : 'not compared yet'),
    },
    { head: 'Differences', kind: 'text', width: 60, cell: ({ findings }) => findings.join('; ') },
    { head: 'Fee', kind: 'text', width: 38, cell: ({ feeId }) => feeId },
  ];
  const rows = deps.ledger.bookkeeping.feeAccounts(assessmentId);
  return [sheetOf('Fees', columns, rows), ...accountSheets(deps, assessment)];
}
