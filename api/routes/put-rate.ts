import type { FastifyRequest } from 'fastify';
import type { Rate, Vendor } from '../../ledger/rates.ts';
import { callerOf } from '../http/auth.ts';
import { problem } from '../http/errors.ts';
import { audited, byOf, type ActionDeps } from './actions.ts';

/** Stripe's own minimum in US dollars. */
const LEAST_CENTS = 50;

/**
 * Enters or confirms a rate. Assessments already opened keep the rate they froze. Throws
 * `unknown_vendor`, and `invalid_request` for less than Stripe charges.
 */
export async function putRate(
  deps: ActionDeps,
  request: FastifyRequest,
  rate: Omit<Rate, 'amountCents' | 'enteredBy'>,
): Promise<Rate> {
  const { rates } = deps.ledger;
  const { vendor, year, ...detail } = rate;
  const act = { action: 'put_rate', object: `${vendor} ${year}`, detail };
  return audited(deps, byOf(request), act, async () => {
    if (!(await rates.vendors()).some((one) => one.vendor === vendor))
      throw problem('unknown_vendor');
    if (rate.royaltyCents + rate.processingCents < LEAST_CENTS)
      throw problem('invalid_request', {
        message: 'Stripe charges no less than 50 cents.',
        help: 'Enter the amounts in cents: 1850 for $18.50.',
      });
    return rates.put({ ...rate, enteredBy: callerOf(request).name });
  });
}

/** Adds an EHR. Throws `name_taken` when there is one of this id. */
export async function addVendor(
  deps: ActionDeps,
  request: FastifyRequest,
  vendor: Vendor,
): Promise<void> {
  const { vendor: id, ...detail } = vendor;
  const act = { action: 'add_vendor', object: id, detail };
  await audited(deps, byOf(request), act, async () => {
    if (!(await deps.ledger.rates.addVendor(vendor))) throw problem('vendor_taken');
  });
}
