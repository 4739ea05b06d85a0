import { missedChanges } from '../../core/fee/actions.ts';
import { WORKER, type WorkerDeps } from '../deps.ts';
import { externalFactsOf } from '../steps/due-fee.ts';

/** Fees brought up to date in one run; the next hourly run brings up the rest. */
const AT_ONCE = 1_000;

/**
 * Applies changes of the roster or the evidence that never reached the fees. The program that wrote
 * such a change may have ended before it updated the fees, and writing the same again is no change.
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
