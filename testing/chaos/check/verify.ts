import { Writable } from 'node:stream';
import { randomUUID } from 'node:crypto';
import { verify } from '../../../cli/verify.ts';
import type { Report } from '../../../core/reconcile/checks.ts';
import { SECRET_KEY } from '../installation.ts';
import { FEE_CENTS, YEAR, type Harness } from '../harness.ts';

/** What `levy verify` says, run as anybody would run it; a sentence when it could not check. */
async function checksOf({ services, databaseUrl }: Harness): Promise<Report['checks'] | string> {
  let said = '';
  const stdout = new Writable({
    write(chunk: Buffer, _encoding, done) {
      said += chunk.toString();
      done();
    },
  });
  const stripe = { secretKey: SECRET_KEY, apiBase: services.sandbox.url };
  const io = { stdout, stderr: stdout };
  const call = { options: { json: true }, args: [] };
  const status = await verify(call, io, { databaseUrl, stripe });
  if (status === 2) return `levy verify could not check: ${said}`;
  return (JSON.parse(said) as Report).checks;
}

/**
 * The breaches that `levy verify` names, none if all holds. Objects of the other installation's
 * fees are strangers to this one, and are named without being a breach of anything. Nor do two
 * ledgers count together how often the cards of one number were declined.
 *
 * @param other  the other installation on the account, if there is one
 */
export async function verified(harness: Harness, other: Harness | null): Promise<string[]> {
  const checks = await checksOf(harness);
  if (typeof checks === 'string') return [checks];
  const theirs = other ? await objectsOf(harness, other) : new Set<string>();
  const isTheirs = (detail: string) =>
    (detail.match(/\b(pi|ch)_\w+/g) ?? []).some((id) => theirs.has(id));
  return checks.flatMap(({ name, breaches }) =>
    breaches
      .filter(({ detail }) => name !== 'orphan_objects' || !isTheirs(detail))
      .filter(() => name !== 'card_limits' || other === null)
      .map(({ feeId, detail }) => `${name}: ${feeId ?? ''} ${detail}`),
  );
}

/** The intents and charges at Stripe that name a fee of that installation. */
async function objectsOf({ stripe }: Harness, { pool }: Harness): Promise<Set<string>> {
  const { rows } = await pool.query<{ fee_id: string }>('select fee_id from fees');
  const fees = new Set(rows.map(({ fee_id }) => fee_id));
  const found = new Set<string>();
  for await (const { id, metadata } of stripe.paymentIntents.list({ limit: 100 }))
    if (fees.has(metadata['fee'] ?? '')) found.add(id);
  for await (const { id, payment_intent: intent } of stripe.charges.list({ limit: 100 }))
    if (typeof intent === 'string' && found.has(intent)) found.add(id);
  return found;
}

/**
 * Somebody who has paid is charged once more, by a ledger that nobody knows. The check has to name
 * both charges; says so where it does not.
 */
export async function namesDouble(harness: Harness): Promise<string[]> {
  const { services, people } = harness;
  const known = new Set(people.map(({ customer }) => customer));
  const paid = services.sandbox
    .books()
    .succeeded.filter((one) => one.amount_refunded === 0 && known.has(one.customer ?? ''));
  for (const { charge, customer } of paid) {
    const twin = await chargeAgain(harness, customer ?? '').catch(() => null);
    if (twin === null) continue;
    const checks = await checksOf(harness);
    if (typeof checks === 'string') return [checks];
    const named = checks.find(({ name }) => name === 'one_charge')?.breaches ?? [];
    if (named.some(({ detail }) => detail.includes(charge) && detail.includes(twin))) return [];
    return [`levy verify does not name ${charge} and ${twin}, two charges of one person`];
  }
  return ['nobody was there to be charged twice'];
}

/** Null when the customer is gone. */
async function chargeAgain({ stripe }: Harness, customer: string): Promise<string | null> {
  const { latest_charge: charge } = await stripe.paymentIntents.create({
    ...{ amount: FEE_CENTS, currency: 'usd', customer, confirm: true },
    payment_method: 'pm_card_visa',
    automatic_payment_methods: { enabled: true, allow_redirects: 'never' },
    metadata: { fee: randomUUID(), year: String(YEAR) },
  });
  return typeof charge === 'string' ? charge : null;
}
