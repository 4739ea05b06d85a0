import { entry, type NewEntry } from '../../core/fee/fee.ts';
import type { FeeFacts } from '../../core/mail/notice.ts';
import type { FeeRecord } from '../../ledger/fees.ts';
import type { Practice } from '../deps.ts';
import type { DueFee } from './due-fee.ts';

/** The facts that every e-mail about this fee states. */
export function factsOf(feeRecord: FeeRecord, practice: Practice): FeeFacts {
  const { assessment, clinician } = feeRecord;
  return {
    clinician: clinician.name,
    practice: practice.name,
    vendor: assessment.vendorName,
    year: assessment.year,
    rate: { royaltyCents: assessment.royaltyCents, processingCents: assessment.processingCents },
    amountCents: assessment.amountCents,
    replyTo: practice.replyTo,
    pageLink: practice.pageLink(feeRecord.feeId),
  };
}

/** A `deferred` entry after a temporary failure of the mail server; null when no retry is left. */
export function deferral(due: DueFee, step: 'notice' | 'email', why: string): NewEntry | null {
  const { feeRecord, fee } = due;
  const wait = feeRecord.assessment.policy.mailRetryMs[fee.deferrals];
  if (wait === undefined) return null;
  const until = new Date(feeRecord.now().getTime() + wait).toISOString();
  return entry('deferred', { step, until, why });
}
