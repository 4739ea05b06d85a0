import { PaymentsRefused, PaymentsUnavailable, type Payments } from '../gateways/payments.ts';
import { createPayments, createStripe } from '../gateways/stripe/client.ts';
import { createLedger, type Ledger } from '../ledger/ledger.ts';
import { withPool } from '../ledger/pool.ts';
import { loginOf, workingUrl } from '../ledger/roles.ts';

/** A ledger and the Stripe account whose books it is compared with. */
export interface Books {
  databaseUrl: string;
  /** `apiBase` null: Stripe's own address. */
  stripe: { secretKey: string; apiBase: string | null };
}

/** A database that does not answer within so many ms counts as unavailable. */
const CONNECT_MS = 10_000;

/**
 * Runs a command's work with the ledger and Stripe, over two connections that are closed
 * afterwards. If there is one login for everything, the command still works as the application.
 */
export async function withLedger<Result>(
  { databaseUrl, stripe }: Books,
  command: string,
  work: (parts: { ledger: Ledger; payments: Payments }) => Promise<Result>,
): Promise<Result> {
  return withDatabaseLedger(databaseUrl, command, (ledger) =>
    work({ ledger, payments: createPayments(createStripe(stripe)) }),
  );
}

/** The same for a command that needs no Stripe. */
export async function withDatabaseLedger<Result>(
  databaseUrl: string,
  command: string,
  work: (ledger: Ledger) => Promise<Result>,
): Promise<Result> {
  const options = { max: 2, applicationName: `levy ${command}`, connectMs: CONNECT_MS };
  const working = await withPool({ connectionString: databaseUrl, ...options }, async (pool) =>
    workingUrl(await loginOf(pool), databaseUrl),
  );
  return withPool({ connectionString: working, ...options }, (pool) =>
    work(createLedger(pool, () => performance.now())),
  );
}

/** Why the check failed, and what to do. Never quotes the database URL, with its password. */
export function reasonFor(error: unknown): string {
  if (error instanceof PaymentsUnavailable)
    return `Stripe gave no usable answer (${error.why}). Try again when it answers.`;
  if (error instanceof PaymentsRefused)
    return `Stripe refused to show its books (${error.code}). Check STRIPE_SECRET_KEY.`;
  const { code, errors } = error as { code?: unknown; errors?: { code?: unknown }[] };
  const known = code ?? errors?.[0]?.code;
  if (known === '42P01' || known === '42703')
    return 'The database lacks a table or a column. Start levy once, which brings it up to date.';
  if (typeof known === 'string')
    return `The database does not answer as it should (${known}). Check DATABASE_URL.`;
  return error instanceof Error ? error.message : 'The cause is unknown.';
}
