import type { Vendor } from '../../ledger/rates.ts';
import type { ApiDeps } from '../deps.ts';
import type { RawRow } from './columns.ts';
import { planRoster, type Plan, type Wanted } from './plan.ts';
import { checkAtStripe, isNews } from './stripe.ts';
import type { Notes } from './validate-row.ts';

/** Up to so many rows are checked at Stripe without being asked for: a minute at most. */
const CHECKED_ROWS = 500;
/** Of a larger roster so many rows are checked: enough to find a shifted column. */
const SAMPLED_ROWS = 50;

/** How a roster is to be read. */
export interface RosterOptions {
  /** Known vendors. */
  vendors: Vendor[];
  /** The vendor of rows without a column for it; null for none. */
  vendor: string | null;
  /** Whether Stripe is asked about all rows or none; by the number of rows when left out. */
  check?: 'stripe' | 'none' | undefined;
}

/** A roster that was checked and compared, ready to be written. */
export interface Prepared {
  plan: Plan;
  /** The rows that can be written, in the order of the file. */
  wanted: Wanted[];
  /** Stripe was asked about every new customer and card. */
  checkedAtStripe: boolean;
}

/**
 * Plans a roster and asks Stripe about it; writes nothing. Rows that cannot be written are added to
 * `refused`. Throws what `planRoster` and `checkAtStripe` throw.
 */
export async function prepareRoster(
  deps: Pick<ApiDeps, 'ledger' | 'payments' | 'policy'>,
  batches: AsyncIterable<RawRow[]>,
  { vendors, vendor, check: asksFor }: RosterOptions,
  refused: Notes,
): Promise<Prepared> {
  const context = { vendors, vendor, timeZone: deps.policy.timeZone };
  const plan = await planRoster(deps.ledger, batches, context, refused);
  const check = asksFor ?? (plan.rows <= CHECKED_ROWS ? 'stripe' : 'none');
  const asked = askedOf(plan.wanted, check, asksFor === undefined);
  const checked = await checkAtStripe(
    deps.payments,
    plan.wanted.filter((row) => asked.has(row)),
    refused,
    asksFor !== 'none',
  );
  const wanted = [...checked, ...plan.wanted.filter((row) => !asked.has(row))];
  wanted.sort((a, b) => a.line - b.line);
  return { plan, wanted, checkedAtStripe: check === 'stripe' };
}

/** The rows Stripe is asked about. */
function askedOf(wanted: Wanted[], check: 'stripe' | 'none', sampled: boolean): Set<Wanted> {
  if (check === 'stripe') return new Set(wanted);
  // A new customer's card must be known by its id to wake up a fee that waits for one.
  const asked = wanted.filter(
    (row) => row.before !== null && !row.clinician.paymentMethod && isNews(row),
  );
  if (!sampled) return new Set(asked);
  const comparable = wanted.filter(
    (row) => row.clinician.stripeCustomer && row.clinician.email && isNews(row),
  );
  const every = Math.max(1, Math.ceil(comparable.length / SAMPLED_ROWS));
  return new Set([...asked, ...comparable.filter((_, at) => at % every === 0)]);
}
