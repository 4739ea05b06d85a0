import { keys } from '../core/attempt.ts';
import { fold } from '../core/fold.ts';
import { nextOf } from '../core/next.ts';
import type { WorkerDeps } from './deps.ts';

/**
 * Cancels what Stripe holds for a fee besides its one intent: creations whose answers were lost
 * and that were made again, or that are needed no more. None of them has taken money; one that
 * has is left as it is, for the check to name. Gives how many were canceled.
 *
 * @param feeId  a fee that differs from Stripe's books
 */
export async function cancelOrphans(
  { ledger, payments }: Pick<WorkerDeps, 'ledger' | 'payments'>,
  feeId: string,
): Promise<number> {
  const feeCase = await ledger.fees.load(feeId);
  const customer = feeCase?.clinician.stripeCustomer;
  if (!feeCase || !customer) return 0;
  const fee = fold(feeCase.entries);
  // The charge step looks for a lost creation itself, and adopts it.
  const isAwaited = !fee.intent && nextOf(fee, feeCase.assessment.policy).step === 'charge';
  if (isAwaited) return 0;
  let canceled = 0;
  for (const { intent, status } of await payments.findIntents({ customer, feeId })) {
    if (intent === fee.intent || status !== 'waiting') continue;
    await payments.cancelIntent({ intent, key: keys.orphan(intent), customer });
    canceled += 1;
  }
  return canceled;
}
