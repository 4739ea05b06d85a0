import type { Entry, EntryData, EmailKind } from './fee.ts';
import { emptyFee, type FeeState, type Recorded } from './fee-state.ts';

export type { FeeState } from './fee-state.ts';

export const emailKey = (letter: EmailKind, about: number): string => `${letter} ${about}`;

/** Adds up the entries of one fee, in order. Unknown kinds are the caller's bug, not skipped. */
export function fold(entries: readonly Entry[]): FeeState {
  const fee = emptyFee();
  for (const entry of entries) {
    apply(fee, entry);
    fee.seq = entry.seq;
    fee.lastAt = entry.at;
  }
  return fee;
}

function apply(fee: FeeState, entry: Entry): void {
  const noted = <K extends keyof EntryData>(data: EntryData[K]): Recorded<K> => ({
    ...data,
    at: entry.at,
    seq: entry.seq,
  });
  // What a mail server said about one mail says nothing about the next.
  if (ENDS_A_MAIL.has(entry.kind)) Object.assign(fee, { deferred: null, deferrals: 0 });
  switch (entry.kind) {
    case 'looked':
      fee.looked = true;
      Object.assign(fee, { reopened: null, exempted: null });
      return;
    case 'reopened':
      fee.reopened = noted<'reopened'>(entry.data);
      return;
    case 'exempted':
      fee.exempted = noted<'exempted'>(entry.data);
      fee.reopened = null;
      return;
    case 'assessed':
      Object.assign(fee, { exempted: null, reopened: null });
      fee.assessed = noted<'assessed'>(entry.data);
      return;
    case 'withdrawn':
      Object.assign(fee, {
        ...emptyFee(),
        told: fee.told,
        notices: fee.notices,
        closedIntents: fee.closedIntents,
        looked: true,
      });
      return;
    case 'approved':
      fee.approved = noted<'approved'>(entry.data);
      return;
    case 'noticed':
      fee.noticeFailed = null;
      fee.customerChanged = null;
      fee.noticed = noted<'noticed'>(entry.data);
      fee.notices += 1;
      return;
    case 'notice_recorded':
      fee.recordedNotice = entry.data.notice;
      return;
    case 'customer_changed':
      // Neither the notice nor what the other customer's card came to says anything any more.
      Object.assign(fee, { noticed: null, declined: null, declinesOfCard: 0, cardMissing: null });
      fee.customerChanged = noted<'customer_changed'>(entry.data);
      return;
    case 'deferred':
      fee.deferred = noted<'deferred'>(entry.data);
      fee.deferrals += 1;
      return;
    case 'notice_failed':
      // A notice that bounced announced nothing: the next address gets one of its own.
      fee.noticed = null;
      fee.noticeFailed = noted<'notice_failed'>(entry.data);
      fee.notices = Math.max(fee.notices, entry.data.notice ?? 0);
      return;
    case 'card_missing':
      fee.cardMissing = noted<'card_missing'>(entry.data);
      return;
    case 'card_updated':
      Object.assign(fee, { cardMissing: null, declinesOfCard: 0 });
      fee.cardUpdated = noted<'card_updated'>(entry.data);
      fee.refusedCards.delete(entry.data.paymentMethod);
      return;
    case 'told':
    case 'letter_failed':
      fee.told.add(emailKey(entry.data.letter, entry.data.about));
      return;
    case 'held':
      fee.held = noted<'held'>(entry.data);
      return;
    case 'released':
      fee.held = null;
      return;
    case 'retry_asked':
      fee.retryAsked = noted<'retry_asked'>(entry.data);
      fee.noticeFailed = null;
      return;
    default:
      applyAttempt(fee, entry, noted);
  }
}

function applyAttempt(
  fee: FeeState,
  entry: Entry,
  noted: <K extends keyof EntryData>(data: EntryData[K]) => Recorded<K>,
): void {
  switch (entry.kind) {
    case 'opened':
      fee.intent = entry.data.intent;
      fee.intentCustomer = entry.data.customer;
      fee.recordedNotice = entry.data.notice;
      return;
    case 'closed':
      fee.closedIntents.add(entry.data.intent);
      Object.assign(fee, {
        intent: null,
        intentCustomer: null,
        recordedNotice: null,
        unknown: null,
      });
      return;
    case 'attempted':
      fee.open = noted<'attempted'>(entry.data);
      fee.unknown = null;
      fee.tried = fee.open;
      fee.triedCard = entry.data.paymentMethod;
      if (entry.data.chargeBefore) fee.knownCharges.add(entry.data.chargeBefore);
      fee.attempts = entry.data.attempt;
      return;
    case 'unknown':
      fee.unknown = noted<'unknown'>(entry.data);
      return;
    case 'declined':
      applyDecline(fee, noted<'declined'>(entry.data));
      return;
    case 'lapsed':
      Object.assign(fee, { open: null, unknown: null });
      return;
    case 'paid':
      Object.assign(fee, { open: null, unknown: null });
      fee.paidCents += entry.data.amountCents;
      fee.knownCharges.add(entry.data.charge);
      fee.paid = noted<'paid'>(entry.data);
      return;
    default:
      applyMoney(fee, entry, noted);
  }
}

function applyDecline(fee: FeeState, declined: Recorded<'declined'>): void {
  const { charge, paymentMethod: card, verdict, attempt } = declined;
  // Of another ledger's attempts only the declines are known, and each names its card.
  const isOtherCard = declined.adopted === true && card !== fee.triedCard;
  Object.assign(fee, { open: null, unknown: null });
  fee.declinesOfCard = isOtherCard ? 1 : fee.declinesOfCard + 1;
  fee.attempts = Math.max(fee.attempts, attempt);
  fee.triedCard = card ?? fee.triedCard;
  if (charge) fee.knownCharges.add(charge);
  if (verdict === 'needs_card' && fee.triedCard) fee.refusedCards.add(fee.triedCard);
  fee.declined = declined;
}

function applyMoney(
  fee: FeeState,
  entry: Entry,
  noted: <K extends keyof EntryData>(data: EntryData[K]) => Recorded<K>,
): void {
  switch (entry.kind) {
    case 'waive_asked':
      fee.waiveAsked = noted<'waive_asked'>(entry.data);
      return;
    case 'waived':
      Object.assign(fee, { waiveAsked: null, unknown: null });
      fee.waived = noted<'waived'>(entry.data);
      return;
    case 'refund_asked':
      fee.refundAsked = noted<'refund_asked'>(entry.data);
      return;
    case 'refund_opened':
      fee.refundsOpened.set(entry.data.refund, noted<'refund_opened'>(entry.data));
      fee.refundOpened = pendingRefund(fee);
      return;
    case 'refunded':
      fee.refundsClosed.set(entry.data.refund, 'succeeded');
      fee.refundedCents += entry.data.amountCents;
      fee.lastRefunded = noted<'refunded'>(entry.data);
      // A part given back in Stripe's dashboard is not yet the whole that was asked for here.
      if (fee.refundedCents >= fee.paidCents)
        Object.assign(fee, { refundAsked: null, waiveAsked: null });
      Object.assign(fee, { unknown: null, refundOpened: pendingRefund(fee) });
      return;
    case 'refund_failed':
      Object.assign(fee, { refundAsked: null, waiveAsked: null, unknown: null });
      if (entry.data.refund) fee.refundsClosed.set(entry.data.refund, 'failed');
      fee.refundedCents -= entry.data.amountCents;
      if (fee.lastRefunded?.refund === entry.data.refund) fee.lastRefunded = null;
      fee.refundOpened = pendingRefund(fee);
      return;
    case 'disputed':
      fee.disputed = noted<'disputed'>(entry.data);
      return;
    case 'dispute_closed':
      fee.disputesClosed.add(entry.data.dispute);
      if (entry.data.won) fee.disputed = null;
      return;
    case 'gave_up':
      fee.gaveUp = noted<'gave_up'>(entry.data);
      return;
    case 'revived':
      Object.assign(fee, { gaveUp: null, declinesOfCard: 0 });
      return;
    default:
      throw new Error(`Bug! no fold for entry kind ${entry.kind}`);
  }
}

/** The latest refund that is under way and has not come to its end. */
function pendingRefund(fee: FeeState): Recorded<'refund_opened'> | null {
  const open = [...fee.refundsOpened.values()];
  return open.findLast(({ refund }) => !fee.refundsClosed.has(refund)) ?? null;
}

/** After these the next mail is another one, or goes to another address. */
const ENDS_A_MAIL: ReadonlySet<string> = new Set([
  'noticed',
  'notice_failed',
  'retry_asked',
  'told',
  'letter_failed',
  'card_missing',
  'card_updated',
  'paid',
  'waived',
  'gave_up',
  'refunded',
]);
