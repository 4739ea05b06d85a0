import { missedChanges, type ExternalFacts } from '../../core/fee/actions.ts';
import { entry, type NewEntry, type Step } from '../../core/fee/fee.ts';
import { fold, type FeeState } from '../../core/fee/fold.ts';
import { nextOf } from '../../core/fee/next.ts';
import type { FeeRecord } from '../../ledger/fees.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import { WORKER } from '../deps.ts';

/** A fee whose step is due, with what its entries add up to. */
export interface DueFee {
  feeRecord: FeeRecord;
  fee: FeeState;
}

/**
 * Loads a fee and asks the ledger whether this step is due now. A job is only a reminder: it may
 * be late, doubled, forged or run again by hand, and then there is simply nothing to do.
 */
export async function takeDue(
  ledger: Ledger,
  feeId: string,
  step: Step,
): Promise<DueFee | { done: string }> {
  const feeRecord = await ledger.fees.load(feeId);
  if (!feeRecord) return { done: 'no such fee' };
  const fee = fold(feeRecord.entries);
  const what = nextOf(fee, feeRecord.assessment.policy);
  if (what.step !== step) return { done: `nothing to do: ${what.state}` };
  if (what.at && what.at > feeRecord.now())
    return { done: `not due before ${what.at.toISOString()}` };
  // Nobody is written to or charged for what does not hold any more.
  const entries =
    step === 'notice' || step === 'charge' ? missedChanges(fee, externalFactsOf(feeRecord)) : [];
  if (entries.length === 0) return { feeRecord, fee };
  await write(ledger, feeRecord, entries);
  return { done: entries.map((one) => one.kind).join(', ') };
}

/** What of the world outside a decision about this fee depends on. */
export function externalFactsOf({ assessment, clinician, firstUse }: FeeRecord): ExternalFacts {
  const { vendor, vendorLevies, email, emailChanges, cardChanges, latestCard } = clinician;
  return {
    vendorLevies,
    sameVendor: vendor === assessment.vendor,
    used: firstUse !== null,
    customer: clinician.stripeCustomer,
    emailChanges: email === null ? null : emailChanges,
    cardChanges,
    latestCard,
  };
}

/** No card to announce or to charge; another than those that were known takes the fee up again. */
export function noCard({ cardChanges }: FeeRecord['clinician'], why: string): NewEntry {
  return entry('card_missing', { why, cardChanges });
}

/** Thrown when another writer came first: the job is tried again and decides anew. */
export class ConflictError extends Error {
  override name = 'ConflictError';
}

/** Writes a processor's outcome. Throws `ConflictError` when the fee has moved on meanwhile. */
export async function write(
  ledger: Ledger,
  feeRecord: FeeRecord,
  entries: NewEntry[],
  at?: Date,
): Promise<DueFee> {
  const after = await ledger.fees.append(feeRecord, entries, WORKER, at);
  if (!after) throw new ConflictError('the fee has moved on');
  return { feeRecord: after, fee: fold(after.entries) };
}
