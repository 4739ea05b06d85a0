import { detect } from '../../core/fee/detect.ts';
import type { Processor } from '../../jobs/queues.ts';
import type { WorkerDeps } from '../deps.ts';
import { takeDue, write } from './due-fee.ts';

/** Checks the evidence that a clinician used a code in the year, and writes the outcome. */
export function createDetect({ ledger }: Pick<WorkerDeps, 'ledger'>): Processor<'detect'> {
  return async ({ feeId }) => {
    const due = await takeDue(ledger, feeId, 'detect');
    if ('done' in due) return due;
    const { assessment, clinician, firstUse } = due.feeRecord;
    const entries = detect(due.fee, {
      sameVendor: clinician.vendor === assessment.vendor,
      vendorLevies: clinician.vendorLevies,
      firstUse,
      amountCents: assessment.amountCents,
      autoApprove: assessment.autoApprove,
    });
    await write(ledger, due.feeRecord, entries);
    return { done: entries.map((entry) => entry.kind).join(', ') };
  };
}
