import type { Fault } from './faults.ts';

export interface Kind {
  /** How often in a year; of a personal one, for every three people. */
  often: number;
  /** It is about one person's fee, card or evidence. */
  personal: boolean;
  /** Scheduled only in seeds with this fault. */
  fault?: Fault;
  /**
   * Scheduled in this share of the seeds, by chance of the kind's own: seeds without it keep the
   * year that they had before there was such a kind.
   */
  share?: number;
}

const personal = (often: number): Kind => ({ often, personal: true });
const common = (often: number): Kind => ({ often, personal: false });
const faulty = (fault: Fault, often: number): Kind => ({ often, personal: false, fault });

const apart = (share: number, often: number, personal = false): Kind => ({
  ...{ share, often, personal },
});

/** What can be scheduled in a practice's year, besides the run itself. */
export const EVENT_KINDS = {
  approve: common(0),
  open_again: common(0.5),
  annual_trigger: common(0.5),
  check: common(0.3),
  pause: common(0.6),
  new_rate: common(0.5),
  waive: personal(0.4),
  hold: personal(0.3),
  retry: personal(0.4),
  refund: personal(0.4),
  withdraw_evidence: personal(0.3),
  accept_evidence: personal(0.2),
  move_away: personal(0.25),
  move_back: personal(0.1),
  change_email: personal(0.2),
  new_card: personal(0.4),
  renew_card: personal(0.25),
  detach_card: personal(0.2),
  delete_customer: personal(0.12),
  pay_outside: personal(0.15),
  cancel_outside: personal(0.1),
  refund_outside: personal(0.15),
  dispute: personal(0.15),
  db_away: faulty('db_down', 2),
  queue_flush: faulty('queue_flushed', 4),
  queue_stale: faulty('queue_stale', 5),
  queue_forged: faulty('queue_forged', 3),
  stripe_away: faulty('stripe_outage', 2),
  stripe_busy: faulty('stripe_429', 1.5),
  bounce: personal(0.3),
  forged_webhook: { often: 1, personal: true, fault: 'webhook_forged' },
  ledger_lost: personal(0.05),
  dump_restored: personal(0.08),
  second_installation: common(0.08),
  shifted_column: common(0.12),
  shared_customer: personal(0.06),
  charged_elsewhere: personal(0.05),
  bulk_act: apart(0.3, 2.5),
  invoice: apart(0.06, 3),
  switch_ehr: apart(0.12, 0.6, true),
} as const satisfies Record<string, Kind>;

export type EventKind = keyof typeof EVENT_KINDS;
