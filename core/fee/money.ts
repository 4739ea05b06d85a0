import type { EntryData, EntryKind, NewEntry } from './fee.ts';

/**
 * The accounts between which money moves. `receivable`: what clinicians owe; `passed_on`: the
 * account against it; `stripe`: what Stripe holds for us; `other_payments`: what came in without
 * Stripe.
 */
export type Account =
  | 'receivable'
  | 'passed_on'
  | 'stripe'
  | 'other_payments'
  | 'waived'
  | 'written_off'
  | 'refunds'
  | 'disputes';

/** One movement: `amountCents` > 0 to `debit` from `credit`, so that it always balances. */
export interface Movement {
  debit: Account;
  credit: Account;
  amountCents: number;
}

/** The money an entry moves, or null when it is a fact without money. */
export function movement(entry: NewEntry): Movement | null {
  const moves = MOVES[entry.kind] as ((data: NewEntry['data']) => Movement | null) | null;
  return moves ? moves(entry.data) : null;
}

type Amount = { amountCents: number };
const moving =
  (debit: Account, credit: Account) =>
  ({ amountCents }: Amount): Movement => ({ debit, credit, amountCents });

/** What each kind of entry moves; null for facts without money. Every kind has a line here. */
const MOVES: { [K in EntryKind]: ((data: EntryData[K]) => Movement | null) | null } = {
  usage_checked: null,
  reopened: null,
  exempted: null,
  assessed: moving('receivable', 'passed_on'),
  withdrawn: moving('passed_on', 'receivable'),
  approved: null,
  noticed: null,
  notice_recorded: null,
  customer_changed: null,
  deferred: null,
  notice_failed: null,
  invoiced: null,
  card_missing: null,
  card_updated: null,
  intent_opened: null,
  intent_closed: null,
  attempted: null,
  unknown: null,
  declined: null,
  lapsed: null,
  paid: moving('stripe', 'receivable'),
  held: null,
  released: null,
  retry_asked: null,
  pay_now_asked: null,
  objected: null,
  objection_answered: null,
  waive_asked: null,
  waived: moving('waived', 'receivable'),
  paid_otherwise_asked: null,
  paid_otherwise: moving('other_payments', 'receivable'),
  refund_asked: null,
  refund_opened: null,
  refunded: moving('refunds', 'stripe'),
  refund_failed: (data) => (data.amountCents > 0 ? moving('stripe', 'refunds')(data) : null),
  disputed: moving('disputes', 'stripe'),
  dispute_closed: (data) => (data.won ? moving('stripe', 'disputes')(data) : null),
  gave_up: moving('written_off', 'receivable'),
  revived: moving('receivable', 'written_off'),
  card_link_asked: null,
  noted: null,
  email_sent: null,
  email_failed: null,
};

/** Every kind of entry there is. */
export const ENTRY_KINDS = Object.keys(MOVES) as EntryKind[];

/** Cents as a person reads them: 1950 gives "$19.50". */
export function dollars(cents: number): string {
  const sign = cents < 0 ? '-' : '';
  const whole = Math.floor(Math.abs(cents) / 100).toLocaleString('en-US');
  return `${sign}$${whole}.${String(Math.abs(cents) % 100).padStart(2, '0')}`;
}
