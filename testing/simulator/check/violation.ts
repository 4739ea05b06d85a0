import type { Entry, FeeStatus } from '../../../core/fee/fee.ts';

/** Something that must not be. */
export interface Violation {
  /** The number in the list of invariants, or the name of the production's own check. */
  invariant: string;
  feeId: string | null;
  what: string;
}

/** A fee as a ledger has it. */
export interface FeeRow {
  fee_id: string;
  ref: string;
  state: FeeStatus;
  intent: string | null;
  amount_cents: number;
  entries: (Omit<Entry, 'at'> & { at: string })[] | null;
}
