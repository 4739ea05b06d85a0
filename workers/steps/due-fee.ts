import { missedChanges, type ExternalFacts } from '../../core/fee/actions.ts';
import { entry, type NewEntry, type Step } from '../../core/fee/fee.ts';
import { fold, type FeeState } from '../../core/fee/fold.ts';
import { nextOf } from '../../core/fee/next.ts';
import type { FeeRecord } from '../../ledger/fees.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import { WORKER } from '../deps.ts';

/** A fee whose step is due, with the state its entries fold to. */
export interface DueFee {
  feeRecord: FeeRecord;
  fee: FeeState;
}

/**
 * Loads a fee and checks by the ledger whether this step is due now. A job is only a reminder: if
 * it is late, doubled, forged or run again by hand, this gives `done` with the reason and nothing
 * happens. Throws `ConflictError`.
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
  // Write missed changes first: they may forbid this notice or charge.
  const entries =
    step === 'notice' || step === 'charge' ? missedChanges(fee, externalFactsOf(feeRecord)) : [];
  if (entries.length === 0) return { feeRecord, fee };
  await write(ledger, feeRecord, entries);
  return { done: entries.map((one) => one.kind).join(', ') };
}

/** The facts outside the fee's entries on which a decision about the fee depends. */
export function externalFactsOf({
  assessment,
  clinician,
  firstUse,
  invoicedCents,
}: FeeRecord): ExternalFacts {
  const { vendor, vendorLevies, email, emailChanges, cardChanges, latestCard } = clinician;
  return {
    vendorLevies,
    sameVendor: vendor === assessment.vendor,
    used: firstUse !== null,
    invoicedCents: assessment.policy.passOn === 'invoice' ? invoicedCents : null,
    customer: clinician.stripeCustomer,
    emailChanges: email === null ? null : emailChanges,
    cardChanges,
    latestCard,
  };
}

/** A `card_missing` entry; a later change of the card on the roster takes the fee up again. */
export function noCard({ cardChanges }: FeeRecord['clinician'], why: string): NewEntry {
  return entry('card_missing', { why, cardChanges });
}

/** Thrown on a conflict, when another writer came first: the job is tried again. */
export class ConflictError extends Error {
  override name = 'ConflictError';
}

/** Appends a processor's entries, dated `at` (default now). Throws `ConflictError`. */
export async function write(
  ledger: Ledger,
  feeRecord: FeeRecord,
  entries: NewEntry[],
  at?: Date,
): Promise<DueFee> {
  const after = await ledger.fees.append(feeRecord, entries, WORKER, at).catch(ifOutdated);
  if (!after) throw new ConflictError('the fee has moved on');
  return { feeRecord: after, fee: fold(after.entries) };
}

/** SQLSTATE with which the database refuses a notice that is not dated when it is recorded. */
const OUTDATED = 'LV016';

/** Gives null when a suspended worker dated its notice too long ago; throws any other error. */
export function ifOutdated(error: unknown): null {
  if ((error as { code?: unknown }).code === OUTDATED) return null;
  throw error;
}
