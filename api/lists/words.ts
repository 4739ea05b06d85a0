import type { FeeStatus } from '../../core/fee/fee.ts';
import type { Account } from '../../core/fee/money.ts';

/** The ledger's accounts in a bookkeeper's words, in the order of a report. */
export const ACCOUNT_WORDS: Record<Account, { name: string; means: string }> = {
  passed_on: {
    name: 'Passed on',
    means: 'Fees passed on to clinicians: the account against what they owe.',
  },
  receivable: { name: 'Owed', means: 'What clinicians still owe.' },
  stripe: { name: 'At Stripe', means: 'Paid by card and kept, before Stripe’s own fees.' },
  other_payments: {
    name: 'Paid otherwise',
    means: 'Paid by check, through payroll, by bank transfer or in cash, not through Stripe.',
  },
  waived: { name: 'Waived', means: 'Let go by a person.' },
  written_off: { name: 'Given up', means: 'Not collected: every attempt was declined.' },
  refunds: { name: 'Refunded', means: 'Paid, and paid back.' },
  disputes: { name: 'Disputed', means: 'Taken back by the cardholder’s bank.' },
};

/** The states of a fee, for a list that is read without the console. */
export const STATE_NAMES: Record<FeeStatus, string> = {
  detecting: 'Records not looked at yet',
  no_use: 'No use, owes nothing',
  exempt: 'Another EHR, owes nothing',
  ready: 'Owed, not approved yet',
  approved: 'Approved, no notice yet',
  noticed: 'Notice sent',
  charging: 'Being charged',
  unknown: 'Charged, outcome not known yet',
  retrying: 'Declined, will be tried again',
  needs_card: 'Needs another card',
  paid: 'Paid',
  paid_otherwise: 'Paid, not by card',
  waived: 'Waived',
  held: 'Held for a decision',
  refunded: 'Paid and refunded',
  disputed: 'Disputed by the cardholder',
  gave_up: 'Given up',
  notice_failed: 'Notice did not arrive',
};
