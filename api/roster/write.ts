import { applyExternalChange, type ExternalChange } from '../../core/fee/actions.ts';
import type { FeeState } from '../../core/fee/fold.ts';
import type { Clinician } from '../../ledger/clinicians.ts';
import type { FeeRecord } from '../../ledger/fees.ts';
import type { Vendor } from '../../ledger/rates.ts';
import { eachOf, FEW, enqueueNext, type ActionDeps, type By } from '../routes/actions.ts';
import { duplicateNote, staleNote, type Wanted } from './plan.ts';
import type { Notes } from './validate-row.ts';

/** The result of writing a roster. */
export interface Written {
  created: number;
  updated: number;
  /** Clinicians who came after an assessment was opened and now have a fee in it. */
  enrolled: number;
  feesChanged: number;
}

/**
 * Writes the rows that are new or changed, each with what follows from it for the fees that are
 * already there: a move to another EHR, a new address, a new card.
 * @param asPlanned  leaves a row out when somebody changed it since it was planned
 */
export async function writeRoster(
  deps: ActionDeps,
  by: By,
  wanted: Wanted[],
  vendors: Vendor[],
  refused: Notes,
  { asPlanned = false } = {},
): Promise<Written> {
  const written: Written = { created: 0, updated: 0, enrolled: 0, feesChanged: 0 };
  const few: FeeRecord[] = [];
  await eachOf(wanted, async (row) => {
    const expected = asPlanned ? { before: row.before } : null;
    const done = await deps.ledger.clinicians.upsert(row.clinician, row.card, by, expected);
    if (row.noCard && 'clinicianId' in done)
      await deps.ledger.clinicians.setNoCard(done.clinicianId);
    if (done.outcome === 'duplicate') refused.add(duplicateNote(row, done));
    else if (done.outcome === 'stale') refused.add(staleNote(row));
    else if (done.outcome === 'created') written.created += 1;
    else if (done.outcome === 'updated') {
      written.updated += 1;
      const fees = await deps.ledger.clinicians.fees(done.clinicianId);
      for (const { feeId } of fees) {
        const after = await followRow(deps, by, feeId, row, done.changed, vendors);
        if (!after) continue;
        written.feesChanged += 1;
        if (few.length < FEW) few.push(after);
      }
    }
  });
  if (written.feesChanged <= FEW) for (const feeRecord of few) await enqueueNext(deps, feeRecord);
  // Also without a new clinician: an earlier upload may have ended before this.
  written.enrolled = await deps.ledger.clinicians.enrollLatecomers();
  return written;
}

async function followRow(
  deps: ActionDeps,
  by: By,
  feeId: string,
  row: Wanted,
  changed: (keyof Clinician)[],
  vendors: Vendor[],
): Promise<FeeRecord | null> {
  const after = await deps.ledger.fees.change(feeId, by.actor, (fee, feeRecord) => {
    const changes = changesOf(fee, feeRecord, row, changed, vendors);
    const entries = changes.map((one) => applyExternalChange(fee, one));
    // The first change that has entries decides; the others are compared again later.
    return { entries: entries.find(({ length }) => length > 0) ?? [] };
  });
  return after && 'feeRecord' in after && after.added > 0 ? after.feeRecord : null;
}

/** What a changed row means for one fee, the weightiest change first. */
function changesOf(
  fee: FeeState,
  { assessment }: FeeRecord,
  { clinician, card }: Wanted,
  changed: (keyof Clinician)[],
  vendors: Vendor[],
): ExternalChange[] {
  if (changed.includes('vendor')) {
    const stays = clinician.vendor === assessment.vendor;
    const levies = vendors.some(({ vendor, levies }) => levies && vendor === clinician.vendor);
    // A clinician who moves to another vendor that levies still owes the first vendor's fee.
    if (!stays && levies && fee.assessed) return [];
    return [{ change: 'vendor', levied: stays }];
  }
  const changes: ExternalChange[] = [];
  if (changed.includes('stripeCustomer'))
    changes.push({ change: 'customer', customer: clinician.stripeCustomer });
  if (changed.includes('email') && clinician.email) changes.push({ change: 'email' });
  const cardChanged = changed.includes('paymentMethod') || changed.includes('stripeCustomer');
  const paymentMethod = clinician.paymentMethod ?? card;
  if (cardChanged && paymentMethod) changes.push({ change: 'card', paymentMethod });
  return changes;
}
