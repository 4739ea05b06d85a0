import { entry, type NewEntry } from '../../core/fee/fee.ts';
import { keys, reconcileIntent, refundFailed } from '../../core/fee/intent.ts';
import { PaymentsRefused, type OpenedRefund } from '../../gateways/payments.ts';
import type { WorkerDeps } from '../deps.ts';
import type { DueFee } from './due-fee.ts';

/**
 * Refunds a paid fee in full. Gives the entries to write: what Stripe answered, or a refund made
 * meanwhile, here or in Stripe's dashboard, which is recorded first.
 */
export async function refund(
  { payments }: Pick<WorkerDeps, 'payments'>,
  { feeRecord, fee }: DueFee,
): Promise<NewEntry[]> {
  const asked = fee.refundAsked ?? fee.waiveAsked;
  if (!fee.paid || !asked) throw new Error('Bug! nothing to refund');
  const { intent } = fee.paid;
  const { feeId, assessment } = feeRecord;
  const reading = await payments.readIntent(intent);
  const adopted = reconcileIntent(fee, reading, feeRecord.now(), assessment.policy);
  if (adopted.length > 0) return adopted;
  const key = keys.refund(feeId, asked.seq);
  try {
    return answered(
      await payments.openRefund({ intent, key, feeId, customer: fee.intentCustomer }),
    );
  } catch (error) {
    // A disputed charge, for one, cannot be refunded: a retry is useless, a person decides.
    if (!(error instanceof PaymentsRefused)) throw error;
    return refundFailed(null, 0, `Stripe refuses the refund: ${error.code}`);
  }
}

function answered({ refund, amountCents, status }: OpenedRefund): NewEntry[] {
  if (status === 'succeeded') return [entry('refunded', { refund, amountCents })];
  if (status === 'pending') return [entry('refund_opened', { refund, amountCents })];
  return refundFailed(refund, 0);
}
