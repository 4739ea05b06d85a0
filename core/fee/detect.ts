import { amountOwed } from './intent.ts';
import { TAKEN_WITHOUT_EVIDENCE, waive } from './actions.ts';
import { entry, type Evidence, type NewEntry } from './fee.ts';
import type { FeeState } from './fold.ts';

/** The facts that detection uses, as of one moment. */
export interface DetectionFacts {
  /** The clinician works in the EHR this assessment is about. */
  sameVendor: boolean;
  /** That EHR, or the one the clinician works in instead, levies the fee. */
  vendorLevies: boolean;
  /** The first use that counts; null when there is none. */
  firstUse: Evidence | null;
  amountCents: number;
  autoApprove: boolean;
}

/** The entries that detection adds: owed, exempt, no use so far, or no fee any more. */
export function detect(fee: FeeState, seen: DetectionFacts): NewEntry[] {
  if (!seen.sameVendor && !fee.assessed)
    return [
      entry('exempted', { why: seen.vendorLevies ? 'other_vendor' : 'vendor_does_not_levy' }),
    ];
  if (!seen.firstUse)
    return fee.assessed ? unused(fee) : [entry('usage_checked', { found: false })];
  if (fee.assessed) return [entry('usage_checked', { found: true })];
  const assessed = entry('assessed', { amountCents: seen.amountCents, evidence: seen.firstUse });
  return seen.autoApprove ? [assessed, entry('approved', { rosterHash: 'automatic' })] : [assessed];
}

/** The evidence was withdrawn: a fee that was noticed is waived, and its clinician is told. */
function unused(fee: FeeState): NewEntry[] {
  const why = 'the use of a code turned out not to be one';
  if (fee.paid) return [entry('usage_checked', { found: false }), ...afterCharge(fee)];
  if (!fee.noticed && !fee.intent)
    return [entry('withdrawn', { amountCents: amountOwed(fee), why })];
  const looked = entry('usage_checked', { found: false });
  const decision = waive(fee, why);
  return 'entries' in decision ? [looked, ...decision.entries] : [looked];
}

/** The money was taken before the evidence was withdrawn: a person decides about a refund. */
function afterCharge(fee: FeeState): NewEntry[] {
  return fee.held ? [] : [entry('held', { why: TAKEN_WITHOUT_EVIDENCE })];
}
