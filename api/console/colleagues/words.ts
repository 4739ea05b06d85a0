import type { Role } from '../../../ledger/colleagues.ts';

/** The roles of colleagues in words: a label, and what completes "may ...". */
export const ROLE_WORDS: Record<Role, { label: string; may: string }> = {
  read: { label: 'Looks', may: 'look at everything' },
  operate: { label: 'Works', may: 'do the daily work' },
  approve: { label: 'Approves', may: 'approve, refund and invite, too' },
};
