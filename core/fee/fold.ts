import type { Entry, EntryData, EntryKind, EmailKind } from './fee.ts';

/** An entry's data, with its time and number. */
export type Recorded<K extends keyof EntryData> = EntryData[K] & { at: Date; seq: number };

const none = <K extends keyof EntryData>(): Recorded<K> | null => null;

/**
 * A fee without entries: what the entries of one fee fold to begins here. Facts only; `next`
 * decides what follows.
 */
export function emptyFee() {
  return {
    /** Number of the last entry; 0 before the first. */
    seq: 0,
    /** When the last entry happened; null before the first. */
    lastAt: null as Date | null,
    usageChecked: false,
    reopened: none<'reopened'>(),
    exempted: none<'exempted'>(),
    assessed: none<'assessed'>(),
    approved: none<'approved'>(),
    noticed: none<'noticed'>(),
    /** The number of the latest known notice, whether it still stands or not. */
    notices: 0,
    noticeFailed: none<'notice_failed'>(),
    /** What the vendor's invoices carry for the clinician, in cents; 0 before an invoice does. */
    invoicedCents: 0,
    cardMissing: none<'card_missing'>(),
    cardUpdated: none<'card_updated'>(),
    deferred: none<'deferred'>(),
    /** Temporary refusals so far of the e-mail that is due now. */
    deferrals: 0,
    /** The intent that may still be paid or was paid; null when there is none or it was closed. */
    intent: null as string | null,
    /** The Stripe customer of the intent. */
    intentCustomer: null as string | null,
    /** Intents that were canceled so that another could be opened. */
    closedIntents: new Set<string>(),
    /** The number of the notice that the intent's metadata carries; null for none. */
    recordedNotice: null as number | null,
    /** Set when the roster names another customer than the notice; null under a new notice. */
    customerChanged: none<'customer_changed'>(),
    /** The attempt whose outcome is not in the ledger yet. */
    openAttempt: none<'attempted'>(),
    /** The latest attempt, with its card. */
    lastAttempt: none<'attempted'>(),
    /** The card tried last, by this ledger or another. */
    triedCard: null as string | null,
    /** Cards that were declined with the verdict `needs_card` and not renewed since. */
    refusedCards: new Set<string>(),
    /** The latest reading that did not show the outcome. */
    unknown: none<'unknown'>(),
    attempts: 0,
    /**
     * Declines of each card by this ledger or another, since the card was renewed or the fee
     * revived. The key is null when Stripe does not say which card was declined.
     */
    declinesByCard: new Map<string | null, number>(),
    /** The latest decline of any card. */
    declined: none<'declined'>(),
    /** Charges known to the ledger, by Stripe's id; the open attempt's charge is not among them. */
    knownCharges: new Set<string>(),
    retryAsked: none<'retry_asked'>(),
    /** The latest wish of a person that the clinician gets the link for another card. */
    cardLinkAsked: none<'card_link_asked'>(),
    /** The clinician's wish to be charged at once, under the notice that stands. */
    payNowAsked: none<'pay_now_asked'>(),
    held: none<'held'>(),
    /** The clinician's latest objection, and a colleague's answer to it. */
    objected: none<'objected'>(),
    objectionAnswered: none<'objection_answered'>(),
    /** Set as well when the fee is being paid otherwise: the intent is canceled in either case. */
    waiveAsked: none<'waive_asked'>(),
    /** Set as well when the fee was paid otherwise: in either case no card is charged for it. */
    waived: none<'waived'>(),
    otherPaymentAsked: none<'paid_otherwise_asked'>(),
    otherPayment: none<'paid_otherwise'>(),
    paid: none<'paid'>(),
    paidCents: 0,
    refundAsked: none<'refund_asked'>(),
    refundOpened: none<'refund_opened'>(),
    refundedCents: 0,
    lastRefunded: none<'refunded'>(),
    /** Every refund that was ever under way, by Stripe's id. */
    refundsOpened: new Map<string, Recorded<'refund_opened'>>(),
    /** Refunds and disputes that have ended, by Stripe's id. */
    refundsClosed: new Map<string, 'succeeded' | 'failed'>(),
    disputesClosed: new Set<string>(),
    disputed: none<'disputed'>(),
    gaveUp: none<'gave_up'>(),
    /** `emailKey` of every e-mail that was sent or failed for good. */
    emailsHandled: new Set<string>(),
  };
}

/** The state that the entries of one fee fold to. */
export type FeeState = ReturnType<typeof emptyFee>;

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
  'objection_answered',
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
    fee.payNowAsked = null;
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
  pay_now_asked(fee, recorded) {
    fee.payNowAsked = recorded;
  },
  objected(fee, recorded) {
    fee.objected = recorded;
    fee.objectionAnswered = null;
  },
  objection_answered(fee, recorded) {
    fee.objectionAnswered = recorded;
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
