import type { Entry, EntryData, EntryKind, EmailKind } from './fee.ts';

/** An entry's data, with its time and number. */
export type Recorded<K extends keyof EntryData> = EntryData[K] & { at: Date; seq: number };

/** The state that the entries of one fee fold to. Facts only; `next` decides what follows. */
export interface FeeState {
  /** Number of the last entry; 0 before the first. */
  seq: number;
  /** When the last entry happened; null before the first. */
  lastAt: Date | null;
  usageChecked: boolean;
  reopened: Recorded<'reopened'> | null;
  exempted: Recorded<'exempted'> | null;
  assessed: Recorded<'assessed'> | null;
  approved: Recorded<'approved'> | null;
  noticed: Recorded<'noticed'> | null;
  /** The number of the latest known notice, whether it still stands or not. */
  notices: number;
  noticeFailed: Recorded<'notice_failed'> | null;
  /** What the vendor's invoices carry for the clinician, in cents; 0 before an invoice does. */
  invoicedCents: number;
  cardMissing: Recorded<'card_missing'> | null;
  cardUpdated: Recorded<'card_updated'> | null;
  deferred: Recorded<'deferred'> | null;
  /** Temporary refusals so far of the e-mail that is due now. */
  deferrals: number;
  /** The intent that may still be paid or was paid; null when there is none or it was closed. */
  intent: string | null;
  /** The Stripe customer of the intent. */
  intentCustomer: string | null;
  /** Intents that were canceled so that another could be opened. */
  closedIntents: Set<string>;
  /** The number of the notice that the intent's metadata carries; null for none. */
  recordedNotice: number | null;
  /** Set when the roster names another customer than the notice; null once a new notice stands. */
  customerChanged: Recorded<'customer_changed'> | null;
  /** The attempt whose outcome is not in the ledger yet. */
  openAttempt: Recorded<'attempted'> | null;
  /** The latest attempt, with its card. */
  lastAttempt: Recorded<'attempted'> | null;
  /** The card tried last, by this ledger or another. */
  triedCard: string | null;
  /** Cards that were declined with the verdict `needs_card` and not renewed since. */
  refusedCards: Set<string>;
  /** The latest reading that did not show the outcome. */
  unknown: Recorded<'unknown'> | null;
  attempts: number;
  /**
   * Declines of each card by this ledger or another, since the card was renewed or the fee revived.
   * The key is null when Stripe does not say which card was declined.
   */
  declinesByCard: Map<string | null, number>;
  /** The latest decline of any card. */
  declined: Recorded<'declined'> | null;
  /** Charges known to the ledger, by Stripe's id; the open attempt's charge is not among them. */
  knownCharges: Set<string>;
  retryAsked: Recorded<'retry_asked'> | null;
  /** The latest wish of a person that the clinician gets the link for another card. */
  cardLinkAsked: Recorded<'card_link_asked'> | null;
  held: Recorded<'held'> | null;
  /** Set as well when the fee is being paid otherwise: the intent is canceled in either case. */
  waiveAsked: Recorded<'waive_asked'> | null;
  /** Set as well when the fee was paid otherwise: in either case no card is charged for it. */
  waived: Recorded<'waived'> | null;
  otherPaymentAsked: Recorded<'paid_otherwise_asked'> | null;
  otherPayment: Recorded<'paid_otherwise'> | null;
  paid: Recorded<'paid'> | null;
  paidCents: number;
  refundAsked: Recorded<'refund_asked'> | null;
  refundOpened: Recorded<'refund_opened'> | null;
  refundedCents: number;
  lastRefunded: Recorded<'refunded'> | null;
  /** Every refund that was ever under way, by Stripe's id. */
  refundsOpened: Map<string, Recorded<'refund_opened'>>;
  /** Refunds and disputes that have ended, by Stripe's id. */
  refundsClosed: Map<string, 'succeeded' | 'failed'>;
  disputesClosed: Set<string>;
  disputed: Recorded<'disputed'> | null;
  gaveUp: Recorded<'gave_up'> | null;
  /** `emailKey` of every e-mail that was sent or failed for good. */
  emailsHandled: Set<string>;
}

/** A fee without entries. */
export function emptyFee(): FeeState {
  return {
    seq: 0,
    lastAt: null,
    usageChecked: false,
    reopened: null,
    exempted: null,
    assessed: null,
    approved: null,
    noticed: null,
    notices: 0,
    noticeFailed: null,
    invoicedCents: 0,
    cardMissing: null,
    cardUpdated: null,
    deferred: null,
    deferrals: 0,
    intent: null,
    intentCustomer: null,
    closedIntents: new Set(),
    recordedNotice: null,
    customerChanged: null,
    openAttempt: null,
    lastAttempt: null,
    triedCard: null,
    refusedCards: new Set(),
    unknown: null,
    attempts: 0,
    declinesByCard: new Map(),
    declined: null,
    knownCharges: new Set(),
    retryAsked: null,
    cardLinkAsked: null,
    held: null,
    waiveAsked: null,
    waived: null,
    otherPaymentAsked: null,
    otherPayment: null,
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
    emailsHandled: new Set(),
  };
}

/** Names one occasion of an e-mail: its kind and the number of the entry it is about. */
export const emailKey = (email: EmailKind, about: number): string => `${email} ${about}`;

/** Folds the entries of one fee, in order. Throws for an unknown kind of entry. */
export function fold(entries: readonly Entry[]): FeeState {
  const fee = emptyFee();
  for (const entry of entries) {
    const { kind, at, seq } = entry;
    const apply = APPLY[kind] as ((fee: FeeState, recorded: unknown) => void) | undefined;
    if (!apply) throw new Error(`Bug! no fold for entry kind ${kind}`);
    // A refusal of one e-mail says nothing about the next e-mail.
    if (ENDS_AN_EMAIL.has(kind)) {
      fee.deferred = null;
      fee.deferrals = 0;
    }
    apply(fee, { ...entry.data, at, seq });
    fee.seq = seq;
    fee.lastAt = at;
  }
  return fee;
}

/** After these entries the next e-mail is another one, or goes to another address. */
const ENDS_AN_EMAIL: ReadonlySet<EntryKind> = new Set([
  'noticed',
  'notice_failed',
  'retry_asked',
  'card_link_asked',
  'email_sent',
  'email_failed',
  'card_missing',
  'card_updated',
  'paid',
  'waived',
  'paid_otherwise',
  'gave_up',
  'refunded',
]);

/** What each kind of entry changes. A kind without a line here does not compile. */
const APPLY: { [K in EntryKind]: (fee: FeeState, recorded: Recorded<K>) => void } = {
  usage_checked(fee) {
    fee.usageChecked = true;
    fee.reopened = null;
    fee.exempted = null;
  },
  reopened(fee, recorded) {
    fee.reopened = recorded;
  },
  exempted(fee, recorded) {
    fee.exempted = recorded;
    fee.reopened = null;
  },
  assessed(fee, recorded) {
    fee.assessed = recorded;
    fee.exempted = null;
    fee.reopened = null;
  },
  withdrawn(fee) {
    // The fee starts again. What was sent stays, what Stripe and the banks have seen, and what the
    // vendor has charged.
    const { emailsHandled, notices, closedIntents, invoicedCents } = fee;
    const { attempts, knownCharges, triedCard, refusedCards, declinesByCard } = fee;
    const kept = { emailsHandled, notices, closedIntents, attempts, knownCharges, triedCard };
    const seen = { refusedCards, declinesByCard, invoicedCents };
    Object.assign(fee, emptyFee(), kept, { ...seen, usageChecked: true });
  },
  approved(fee, recorded) {
    fee.approved = recorded;
  },
  noticed(fee, recorded) {
    fee.noticed = recorded;
    fee.noticeFailed = null;
    fee.customerChanged = null;
    fee.notices += 1;
  },
  notice_recorded(fee, { notice }) {
    fee.recordedNotice = notice;
  },
  notice_failed(fee, recorded) {
    // A notice that bounced announced nothing: the next address gets a new notice.
    fee.noticed = null;
    fee.noticeFailed = recorded;
    fee.notices = Math.max(fee.notices, recorded.notice ?? 0);
  },
  customer_changed(fee, recorded) {
    // The notice and the wait after a decline were about the earlier customer's card. The card's
    // count stays: the customer may come back.
    fee.noticed = null;
    fee.declined = null;
    fee.cardMissing = null;
    fee.customerChanged = recorded;
  },
  deferred(fee, recorded) {
    fee.deferred = recorded;
    fee.deferrals += 1;
  },
  invoiced(fee, { amountCents }) {
    fee.invoicedCents = amountCents;
  },
  card_missing(fee, recorded) {
    fee.cardMissing = recorded;
  },
  card_updated(fee, recorded) {
    fee.cardUpdated = recorded;
    fee.cardMissing = null;
    if (!recorded.renewed) return;
    fee.declinesByCard.delete(recorded.paymentMethod);
    fee.refusedCards.delete(recorded.paymentMethod);
  },
  intent_opened(fee, { intent, customer, notice }) {
    fee.intent = intent;
    fee.intentCustomer = customer;
    fee.recordedNotice = notice;
  },
  intent_closed(fee, { intent }) {
    fee.closedIntents.add(intent);
    fee.intent = null;
    fee.intentCustomer = null;
    fee.recordedNotice = null;
    fee.unknown = null;
  },
  attempted(fee, recorded) {
    fee.openAttempt = recorded;
    fee.lastAttempt = recorded;
    fee.unknown = null;
    fee.triedCard = recorded.paymentMethod;
    if (recorded.chargeBefore) fee.knownCharges.add(recorded.chargeBefore);
    fee.attempts = recorded.attempt;
  },
  unknown(fee, recorded) {
    fee.unknown = recorded;
  },
  declined(fee, recorded) {
    const { charge, paymentMethod: card, verdict, attempt } = recorded;
    fee.openAttempt = null;
    fee.unknown = null;
    fee.attempts = Math.max(fee.attempts, attempt);
    // Another ledger's attempts are known only by their declines, which name the card.
    fee.triedCard = card ?? fee.triedCard;
    fee.declinesByCard.set(card, declinesOf(fee, card) + 1);
    if (charge) fee.knownCharges.add(charge);
    if (verdict === 'needs_card' && fee.triedCard) fee.refusedCards.add(fee.triedCard);
    fee.declined = recorded;
  },
  lapsed(fee) {
    fee.openAttempt = null;
    fee.unknown = null;
  },
  paid(fee, recorded) {
    fee.paid = recorded;
    fee.paidCents += recorded.amountCents;
    fee.knownCharges.add(recorded.charge);
    fee.openAttempt = null;
    fee.unknown = null;
  },
  held(fee, recorded) {
    fee.held = recorded;
  },
  released(fee) {
    fee.held = null;
  },
  retry_asked(fee, recorded) {
    fee.retryAsked = recorded;
    fee.noticeFailed = null;
  },
  card_link_asked(fee, recorded) {
    fee.cardLinkAsked = recorded;
  },
  noted() {},
  waive_asked(fee, recorded) {
    fee.waiveAsked = recorded;
  },
  waived(fee, recorded) {
    fee.waived = recorded;
    fee.waiveAsked = null;
    fee.unknown = null;
  },
  paid_otherwise_asked(fee, recorded) {
    fee.waiveAsked = { why: PAID_OTHERWISE, at: recorded.at, seq: recorded.seq };
    fee.otherPaymentAsked = recorded;
  },
  paid_otherwise(fee, recorded) {
    const { amountCents, at, seq } = recorded;
    fee.waived = { amountCents, why: PAID_OTHERWISE, at, seq };
    fee.waiveAsked = null;
    fee.otherPaymentAsked = null;
    fee.otherPayment = recorded;
    fee.unknown = null;
  },
  refund_asked(fee, recorded) {
    fee.refundAsked = recorded;
  },
  refund_opened(fee, recorded) {
    fee.refundsOpened.set(recorded.refund, recorded);
    fee.refundOpened = pendingRefund(fee);
  },
  refunded(fee, recorded) {
    fee.refundsClosed.set(recorded.refund, 'succeeded');
    fee.refundedCents += recorded.amountCents;
    fee.lastRefunded = recorded;
    // A partial refund made in Stripe's dashboard does not complete the full one asked for here.
    if (fee.refundedCents >= fee.paidCents) {
      fee.refundAsked = null;
      fee.waiveAsked = null;
    }
    fee.unknown = null;
    fee.refundOpened = pendingRefund(fee);
  },
  refund_failed(fee, { refund, amountCents }) {
    fee.refundAsked = null;
    fee.waiveAsked = null;
    fee.unknown = null;
    if (refund) fee.refundsClosed.set(refund, 'failed');
    fee.refundedCents -= amountCents;
    if (fee.lastRefunded?.refund === refund) fee.lastRefunded = null;
    fee.refundOpened = pendingRefund(fee);
  },
  disputed(fee, recorded) {
    fee.disputed = recorded;
  },
  dispute_closed(fee, { dispute, won }) {
    fee.disputesClosed.add(dispute);
    if (won) fee.disputed = null;
  },
  gave_up(fee, recorded) {
    fee.gaveUp = recorded;
  },
  revived(fee) {
    fee.gaveUp = null;
    fee.declinesByCard.clear();
  },
  email_sent(fee, { email, about }) {
    fee.emailsHandled.add(emailKey(email, about));
  },
  email_failed(fee, { email, about }) {
    fee.emailsHandled.add(emailKey(email, about));
  },
};

const PAID_OTHERWISE = 'paid without the card on file';

/** How often a card was declined since it was renewed or the fee revived. */
export function declinesOf(fee: FeeState, card: string | null): number {
  return fee.declinesByCard.get(card) ?? 0;
}

/** The latest refund that is under way and has not ended. */
function pendingRefund(fee: FeeState): Recorded<'refund_opened'> | null {
  const open = [...fee.refundsOpened.values()];
  return open.findLast(({ refund }) => !fee.refundsClosed.has(refund)) ?? null;
}
