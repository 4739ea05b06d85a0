import { missedChanges } from '../../core/fee/actions.ts';
import { WORKER, type WorkerDeps } from '../deps.ts';
import { externalFactsOf } from '../steps/due-fee.ts';

/** Fees brought up to date in one go; the next hour sees to the rest. */
const AT_ONCE = 1_000;

/**
 * Brings to the fees what was written on the roster or about evidence and never got to them:
 * whoever wrote it may have ended in between, and the same asked again is no news any more.
 * Gives how many fees changed.
 */
export async function applyMissedChanges({ ledger }: Pick<WorkerDeps, 'ledger'>): Promise<number> {
  let changed = await ledger.clinicians.enrollLatecomers();
  for (const feeId of await ledger.invariants.staleFees(AT_ONCE)) {
    const after = await ledger.fees.change(feeId, WORKER, (fee, feeRecord) => ({
      entries: missedChanges(fee, externalFactsOf(feeRecord)),
    }));
    if (after && 'added' in after && after.added > 0) changed += 1;
  }
  return changed;
}
