import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Wanted } from './plan.ts';
import type { RowNote } from './validate-row.ts';
import { isNews } from './stripe.ts';

/** Rows checked before other requests run. */
const TURN = 1_000;

/** Warnings about rows that are valid but will not have their purpose; the first `most`. */
export async function warningsAbout(
  wanted: Wanted[],
  checked: boolean,
  most: number,
): Promise<RowNote[]> {
  const names = new Map<string, number>();
  const notes: RowNote[] = [];
  for (const [at, row] of wanted.entries()) {
    if (at % TURN === 0) await nextTurn();
    notes.push(...about(row, names, checked));
    if (notes.length >= most) break;
  }
  return notes.slice(0, most);
}

function about(row: Wanted, names: Map<string, number>, checked: boolean): RowNote[] {
  const { line, card, clinician } = row;
  const { ref, name, email, stripeCustomer } = clinician;
  const notes: RowNote[] = [];
  const warn = (field: RowNote['field'], reason: string, message: string) => {
    notes.push({ line, ref, field, reason, message });
  };
  const key = name.toLowerCase();
  const other = names.get(key);
  if (other === undefined) names.set(key, line);
  else warn('name', 'same_name', `The same name as line ${other}: one person?`);
  if (!email) warn('email', 'no_email', 'Cannot be noticed, so is not charged.');
  if (!stripeCustomer) warn('stripeCustomer', 'no_card', 'Cannot be charged.');
  else if (checked && isNews(row) && !card)
    warn('paymentMethod', 'no_card', 'The customer has no card at Stripe.');
  if (row.otherEmail)
    warn(
      'stripeCustomer',
      'customer_differs',
      'The customer at Stripe has another e-mail: one column shifted?',
    );
  return notes;
}
