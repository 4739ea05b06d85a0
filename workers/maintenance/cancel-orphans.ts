import { keys } from '../../core/fee/intent.ts';
import { fold } from '../../core/fee/fold.ts';
import { nextOf } from '../../core/fee/next.ts';
import type { FeeRecord } from '../../ledger/fees.ts';
import type { WorkerDeps } from '../deps.ts';

/**
 * Cancels a fee's orphan objects: intents at Stripe that are not the fee's one intent, because the
 * answer to their creation was lost or they are no longer needed. Only intents that have taken no
 * money are canceled; the check reports the others. Gives how many intents were canceled.
 * @param feeId  a fee that differs from Stripe's books
 * @param intents  intents that are the fee's by Stripe's books, perhaps of an earlier customer
 */
export async function cancelOrphans(
  { ledger, payments }: Pick<WorkerDeps, 'ledger' | 'payments'>,
  feeId: string,
  intents: readonly string[] = [],
): Promise<number> {
  const feeRecord = await ledger.fees.load(feeId);
  if (!feeRecord) return 0;
  const fee = fold(feeRecord.entries);
  const customers = customersOf(feeRecord);
  // If this ledger has never noticed the clinician, the intents may be another ledger's, not
  // orphans.
  if (!customers.size) return 0;
  // The notice and the charge step look for an intent whose creation was lost, and adopt it.
  const { policy, year } = feeRecord.assessment;
  const { step } = nextOf(fee, policy);
  if (!fee.intent && (step === 'charge' || step === 'notice')) return 0;
  for (const intent of intents) {
    const { customer } = await payments.readIntent(intent);
    const owners = customer ? await ledger.clinicians.byCustomer(customer) : [];
    if (customer && owners.length === 0) customers.add(customer);
  }
  let canceled = 0;
  for (const customer of customers)
    for (const found of await payments.findIntents({ customer, year })) {
      const { intent, status } = found;
      if (found.feeId !== feeId || intent === fee.intent || status !== 'waiting') continue;
      // By this reason a ledger that knows nothing else sees that the fee was waived.
      const reason = fee.waived ? 'requested_by_customer' : 'duplicate';
      const key = keys.cancel(intent, reason);
      await payments.cancelIntent({ intent, reason, key, customer });
      canceled += 1;
    }
  return canceled;
}

/** The customers for whom this ledger has made an intent, or may have. */
function customersOf({ entries, clinician }: FeeRecord): Set<string> {
  const own = clinician.stripeCustomer;
  return new Set(
    entries.flatMap((one) => {
      if (one.kind === 'noticed' || one.kind === 'intent_opened') return [one.data.customer];
      return one.kind === 'waived' && own ? [own] : [];
    }),
  );
}
