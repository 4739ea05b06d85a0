import type { EntryData } from './fee.ts';

/** An entry's data together with when and at which number it was written. */
export type Recorded<K extends keyof EntryData> = EntryData[K] & { at: Date; seq: number };

/** What the entries of one fee add up to. Pure facts; `next` draws the conclusions. */
export interface FeeState {
  /** Number of the last entry; 0 before the first. */
  seq: number;
  /** When the last entry happened; null before the first. */
  lastAt: Date | null;
  looked: boolean;
  reopened: Recorded<'reopened'> | null;
  exempted: Recorded<'exempted'> | null;
  assessed: Recorded<'assessed'> | null;
  approved: Recorded<'approved'> | null;
  noticed: Recorded<'noticed'> | null;
  /** The number of the latest notice that is known of, whether or not it still stands. */
  notices: number;
  noticeFailed: Recorded<'notice_failed'> | null;
  cardMissing: Recorded<'card_missing'> | null;
  cardUpdated: Recorded<'card_updated'> | null;
  deferred: Recorded<'deferred'> | null;
  /** Temporary refusals of the mail that is due now. */
  deferrals: number;
  /** The intent that may still be paid or was; null before the first and after one was closed. */
  intent: string | null;
  /** Whose intent it is. */
  intentCustomer: string | null;
  /** Intents that were canceled so that another could be opened. */
  closedIntents: Set<string>;
  /** The number of the notice that the intent's metadata carries; null for none. */
  recordedNotice: number | null;
  /** The roster named another customer than the notice did; null once a new notice stands. */
  customerChanged: Recorded<'customer_changed'> | null;
  /** The attempt whose outcome is not in the ledger yet. */
  open: Recorded<'attempted'> | null;
  /** The latest attempt, with its card. */
  tried: Recorded<'attempted'> | null;
  /** The card that was tried last, by this ledger or by another. */
  triedCard: string | null;
  /** Cards whose bank asked for another one, and that have no new data since. */
  refusedCards: Set<string>;
  /** The latest look that could not tell what happened. */
  unknown: Recorded<'unknown'> | null;
  attempts: number;
  /** Declines of the present card, and of all cards. */
  declinesOfCard: number;
  declined: Recorded<'declined'> | null;
  /** Charges that the ledger knows and that are not the open attempt's, by Stripe's id. */
  knownCharges: Set<string>;
  retryAsked: Recorded<'retry_asked'> | null;
  held: Recorded<'held'> | null;
  waiveAsked: Recorded<'waive_asked'> | null;
  waived: Recorded<'waived'> | null;
  paid: Recorded<'paid'> | null;
  paidCents: number;
  refundAsked: Recorded<'refund_asked'> | null;
  refundOpened: Recorded<'refund_opened'> | null;
  refundedCents: number;
  lastRefunded: Recorded<'refunded'> | null;
  /** Refunds that were ever under way, by Stripe's id. */
  refundsOpened: Map<string, Recorded<'refund_opened'>>;
  /** Refunds and disputes that have come to their end, by Stripe's id. */
  refundsClosed: Map<string, 'succeeded' | 'failed'>;
  disputesClosed: Set<string>;
  disputed: Recorded<'disputed'> | null;
  gaveUp: Recorded<'gave_up'> | null;
  /** `letter about seq` of every letter that was sent or failed for good. */
  told: Set<string>;
}

/** A fee without entries. */
export function emptyFee(): FeeState {
  return {
    seq: 0,
    lastAt: null,
    looked: false,
    reopened: null,
    exempted: null,
    assessed: null,
    approved: null,
    noticed: null,
    notices: 0,
    noticeFailed: null,
    cardMissing: null,
    cardUpdated: null,
    deferred: null,
    deferrals: 0,
    intent: null,
    intentCustomer: null,
    closedIntents: new Set(),
    recordedNotice: null,
    customerChanged: null,
    open: null,
    tried: null,
    triedCard: null,
    refusedCards: new Set(),
    unknown: null,
    attempts: 0,
    declinesOfCard: 0,
    declined: null,
    knownCharges: new Set(),
    retryAsked: null,
    held: null,
    waiveAsked: null,
    waived: null,
    paid: null,
    paidCents: 0,
    refundAsked: null,
    refundOpened: null,
    refundedCents: 0,
    lastRefunded: null,
    refundsOpened: new Map(),
    refundsClosed: new Map(),
    disputesClosed: new Set(),
    disputed: null,
    gaveUp: null,
    told: new Set(),
  };
}
