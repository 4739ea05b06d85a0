import type { NewEntry } from './fee.ts';

/**
 * The accounts money moves between. What clinicians owe stands on `receivable`; what was passed
 * on stands against it on `passed_on`; `stripe` is what Stripe holds for us.
 */
export type Account =
  'receivable' | 'passed_on' | 'stripe' | 'waived' | 'written_off' | 'refunds' | 'disputes';

/** One movement: `amountCents` > 0 to `debit` from `credit`. Unbalanced cannot be written. */
export interface Movement {
  debit: Account;
  credit: Account;
  amountCents: number;
}

/** The money an entry moves, or null when it is a fact without money. */
export function movement(entry: NewEntry): Movement | null {
  switch (entry.kind) {
    case 'assessed':
      return { debit: 'receivable', credit: 'passed_on', amountCents: entry.data.amountCents };
    case 'withdrawn':
      return { debit: 'passed_on', credit: 'receivable', amountCents: entry.data.amountCents };
    case 'paid':
      return { debit: 'stripe', credit: 'receivable', amountCents: entry.data.amountCents };
    case 'waived':
      return { debit: 'waived', credit: 'receivable', amountCents: entry.data.amountCents };
    case 'gave_up':
      return { debit: 'written_off', credit: 'receivable', amountCents: entry.data.amountCents };
    case 'revived':
      return { debit: 'receivable', credit: 'written_off', amountCents: entry.data.amountCents };
    case 'refunded':
      return { debit: 'refunds', credit: 'stripe', amountCents: entry.data.amountCents };
    case 'refund_failed':
      return entry.data.amountCents > 0
        ? { debit: 'stripe', credit: 'refunds', amountCents: entry.data.amountCents }
        : null;
    case 'disputed':
      return { debit: 'disputes', credit: 'stripe', amountCents: entry.data.amountCents };
    case 'dispute_closed':
      return entry.data.won
        ? { debit: 'stripe', credit: 'disputes', amountCents: entry.data.amountCents }
        : null;
    default:
      return null;
  }
}

/** Cents as a person reads them: 1950 gives "$19.50". */
export function dollars(cents: number): string {
  const sign = cents < 0 ? '-' : '';
  const whole = Math.floor(Math.abs(cents) / 100).toLocaleString('en-US');
  return `${sign}$${whole}.${String(Math.abs(cents) % 100).padStart(2, '0')}`;
}
