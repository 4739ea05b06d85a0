import pg from 'pg';
import type Stripe from 'stripe';

/** Customers made at Stripe at a time. */
const AT_ONCE = 50;

/**
 * Fills a database with people, by the set: one row per clinician, with use in 2026 or without.
 * Whoever has use has a customer and a card at Stripe; nobody else is ever asked about there.
 */
export async function plantUsers(args: {
  databaseUrl: string;
  /** Needed for people with use alone. */
  stripe?: Stripe;
  people: number;
  used: boolean;
  /** The test card everybody pays with; Visa unless given. */
  card?: string;
}): Promise<void> {
  const customers: Awaited<ReturnType<typeof customer>>[] = [];
  const { stripe, card } = args;
  while (args.used && stripe && customers.length < args.people) {
    const length = Math.min(AT_ONCE, args.people - customers.length);
    const some = Array.from({ length }, () => customer({ stripe, card }));
    customers.push(...(await Promise.all(some)));
  }
  const pool = new pg.Pool({ connectionString: args.databaseUrl, max: 1 });
  await pool.query(
    `insert into clinicians (ref, name, email, vendor, time_zone, stripe_customer, payment_method)
     select 'B-' || n, 'Person ' || n, 'person' || n || '@people.example', 'theranest',
       'America/New_York', c.customer, c.card
     from generate_series(1, $1) as n
     left join jsonb_to_recordset($2::jsonb) as c (n integer, customer text, card text) using (n)`,
    [args.people, JSON.stringify(customers.map((one, at) => ({ n: at + 1, ...one })))],
  );
  if (args.used)
    await pool.query(
      `insert into evidence (clinician_id, year, kind, first_used_on, file_name, line, rule,
         certainty)
       select clinician_id, 2026, 'billing', '2026-02-03', 'bench.837', 1, 'bench', 'sure'
       from clinicians`,
    );
  await pool.query('analyze clinicians');
  await pool.query('analyze evidence');
  await pool.end();
}

async function customer({ stripe, card = 'pm_card_visa' }: { stripe: Stripe; card?: string }) {
  const { id } = await stripe.customers.create({});
  const saved = await stripe.paymentMethods.attach(card, { customer: id });
  return { customer: id, card: saved.id };
}
