import type { Field } from '../../roster/columns.ts';
import { html, type Html } from '../html.ts';

/** The fields of the roster as people call them. */
export const FIELD_WORDS: Record<Field, string> = {
  ref: 'Reference',
  name: 'Name',
  email: 'E-mail',
  npi: 'NPI',
  vendor: 'EHR',
  timeZone: 'Time zone',
  stripeCustomer: 'Stripe customer',
  paymentMethod: 'Card at Stripe',
};

/** What to look at after a row was written, by the reason of its warning. */
const WARNINGS: Record<string, string> = {
  no_email: 'There is no e-mail: this person cannot be noticed, so is not charged.',
  no_card: 'Stripe has no card for this person, who is not charged before there is one.',
  customer_differs:
    'The customer at Stripe has another e-mail than this row. Is it this person’s customer?',
};

/** The sentences for reasons in a URL, separated by spaces: no text of the URL itself is shown. */
export function warningsShown(reasons: string | undefined): Html | null {
  const known = [...new Set((reasons ?? '').split(' '))].filter((one) =>
    Object.hasOwn(WARNINGS, one),
  );
  if (known.length === 0) return null;
  return html`<div class="warn" role="status">
    ${known.map((one) => html`<p>${WARNINGS[one]}</p>`)}
  </div>`;
}
