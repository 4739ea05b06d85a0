import { missedChanges } from '../core/fee/actions.ts';
import type { Processor } from '../jobs/queues.ts';
import { WORKER, type WorkerDeps } from './deps.ts';
import { externalFactsOf } from './steps/due-fee.ts';

/** Fees read and written at a time, so that they share statements. */
const AT_ONCE = 200;

/**
 * Tells the fees of a vendor and year what the vendor's confirmed invoices carry now. Which fees
 * do not know it yet is read from the ledger: the job may come twice, or stop anywhere.
 */
export function createFollowInvoices({
  ledger,
}: Pick<WorkerDeps, 'ledger'>): Processor<'follow-invoices'> {
  const follow = async (feeId: string): Promise<number> => {
    const after = await ledger.fees.change(feeId, WORKER, (fee, feeRecord) => ({
      entries: missedChanges(fee, externalFactsOf(feeRecord)),
    }));
    return after && 'added' in after && after.added > 0 ? 1 : 0;
  };
  return async ({ vendor, year }) => {
    let changed = 0;
    for (;;) {
      const feeIds = await ledger.invoices.unfollowed(vendor, year, AT_ONCE);
      const told = await Promise.all(feeIds.map(follow));
      const now = told.reduce((sum, one) => sum + one, 0);
      changed += now;
      // A fee that another change came to first is taken up by the hourly run.
      if (now === 0) return { done: `${changed} fees know the invoices` };
    }
  };
}
