/** Puts the sample people's customers and cards into a Stripe, and gives their roster. */
import type Stripe from 'stripe';
import { people } from './people.ts';
import type { Person } from './people.ts';

/**
 * Creates a customer for every sample person, and their card, through the real library. Returns
 * the roster as CSV. Safe to repeat within a day: the keys give the same customers again.
 *
 * Customers carry the practice's reference and nothing else, so that a name found in this Stripe
 * can only have been put there by the program under test.
 */
export async function plantPeople(stripe: Stripe): Promise<{ rosterCsv: string }> {
  const rows = await Promise.all(people.map((person) => plant(stripe, person)));
  const lines = [COLUMNS, ...rows].map((cells) => cells.map(quoted).join(','));
  return { rosterCsv: `${lines.join('\r\n')}\r\n` };
}

const COLUMNS = [
  'ref',
  'name',
  'email',
  'npi',
  'vendor',
  'time_zone',
  'stripe_customer',
  'payment_method',
];

async function plant(stripe: Stripe, person: Person): Promise<string[]> {
  const { ref, card } = person;
  const customer = await stripe.customers.create(
    { description: `Sample ${ref}`, metadata: { ref } },
    { idempotencyKey: `sample-customer-${ref}` },
  );
  const method =
    card &&
    (await stripe.paymentMethods.attach(
      card,
      { customer: customer.id },
      { idempotencyKey: `sample-card-${ref}-${customer.id}` },
    ));
  const { name, email, npi, vendor, timeZone } = person;
  return [
    ref,
    name,
    email ?? '',
    npi ?? '',
    vendor,
    timeZone,
    customer.id,
    method ? method.id : '',
  ];
}

function quoted(cell: string): string {
  return /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}
