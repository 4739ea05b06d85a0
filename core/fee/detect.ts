import { amountOwed } from './intent.ts';
import { TAKEN_WITHOUT_EVIDENCE, waive } from './actions.ts';
import { entry, type Evidence, type NewEntry } from './fee.ts';
import type { FeeState } from './fold.ts';

/** What detection knows of a clinician at one moment. */
export interface DetectionFacts {
  /** The clinician works in the EHR this assessment is about. */
  sameVendor: boolean;
  /** That EHR, or the one the clinician works in instead, levies the fee. */
  vendorLevies: boolean;
  /** First use that counts, or null. */
  firstUse: Evidence | null;
  amountCents: number;
  autoApprove: boolean;
}

/** What detection adds to a fee: owed, exempt, not used so far, or no fee after all. */
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

/** The use that the fee stood on has been withdrawn; who was noticed must hear of it. */
function unused(fee: FeeState): NewEntry[] {
  const why = 'the use of a code turned out not to be one';
  if (fee.paid) return [entry('usage_checked', { found: false }), ...afterCharge(fee)];
  if (!fee.noticed && !fee.intent)
    return [entry('withdrawn', { amountCents: amountOwed(fee), why })];
  const looked = entry('usage_checked', { found: false });
  const decision = waive(fee, why);
  return 'entries' in decision ? [looked, ...decision.entries] : [looked];
}

/** The money was on its way when the evidence went: a person decides about giving it back. */
function afterCharge(fee: FeeState): NewEntry[] {
  return fee.held ? [] : [entry('held', { why: TAKEN_WITHOUT_EVIDENCE })];
}
