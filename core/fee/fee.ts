/**
 * A fee and the facts about it. The words used everywhere:
 *
 * - clinician   a person on the roster, with an EHR vendor, an e-mail and a Stripe customer
 * - vendor      an EHR; it levies the licence fee or it does not
 * - rate        what a vendor charges for a year: royalty + processing, in cents
 * - evidence    that a clinician used a code in a year; never the code itself
 * - assessment  one year's run for one vendor, policy and rate frozen when it was opened
 * - fee         what one clinician owes in one assessment
 * - entry       one immutable fact about a fee, numbered from 1 without gaps
 * - notice      the e-mail that announces the fee; an e-mail is any later e-mail about it
 * - intent      the fee's single Stripe PaymentIntent
 * - attempt     the n-th confirmation of the intent: frozen parameters, one key, one outcome
 * - step        what `next` asks for: detect, notice, charge, settle, e-mail
 */

/** The kind of record a use of a code was found in. */
export type RecordKind = 'billing' | 'progress_note' | 'diagnosis' | 'vendor_invoice';

/** Why the clinician owes: first use in the year and the kind of record it stands in. */
export interface Evidence {
  kind: RecordKind;
  /** Calendar day of first use, YYYY-MM-DD. */
  firstUsedOn: string;
  /** The evidence row, which knows file and line. */
  evidenceId: string;
}

export type Step = 'detect' | 'notice' | 'charge' | 'settle' | 'email';

export const FEE_STATUSES = [
  'detecting',
  'no_use',
  'exempt',
  'ready',
  'approved',
  'noticed',
  'charging',
  'unknown',
  'retrying',
  'needs_card',
  'paid',
  'waived',
  'held',
  'refunded',
  'disputed',
  'gave_up',
  'notice_failed',
] as const;
export type FeeStatus = (typeof FEE_STATUSES)[number];

/** E-mails after the fact: once per occasion, and only to somebody who owes or has paid. */
export type EmailKind = 'receipt' | 'card_needed' | 'final' | 'waived' | 'refunded';

/** What a decline means for this fee: try the same card later, ask for another, or ask a person. */
export type Verdict = 'retry' | 'needs_card' | 'give_up' | 'manual_review';

export interface Card {
  paymentMethod: string;
  brand: string;
  last4: string;
}

/** What each kind of entry carries besides who and when. Ids, cents, codes and dates only. */
export interface EntryData {
  /** The evidence was looked at; `found` false: no use so far. */
  usage_checked: { found: boolean };
  /** Something changed that detection depends on; look again. */
  reopened: { why: 'evidence' | 'roster' | 'evidence_withdrawn' };
  exempted: { why: 'vendor_does_not_levy' | 'other_vendor' };
  assessed: { amountCents: number; evidence: Evidence };
  /** The evidence turned out wrong before any money moved: there is no fee after all. */
  withdrawn: { amountCents: number; why: string };
  approved: { rosterHash: string };
  /**
   * The mail server accepted the notice. The notice period runs from this entry's `at`.
   * `emailChanges`: how often the address had changed before; absent means never.
   */
  noticed: {
    amountCents: number;
    chargeFrom: string;
    messageId: string;
    /** The Stripe customer whose card was announced: nobody else is charged by this notice. */
    customer: string;
    card: { brand: string; last4: string };
    emailChanges?: number;
    /** The moment of acceptance by the intent's metadata: another ledger sent this notice. */
    adopted?: string;
  };
  /**
   * The intent's metadata says now that the n-th notice stands; null: that none does. A ledger
   * that was lost finds it there and does not write to the clinician a second time.
   */
  notice_recorded: { notice: number | null };
  /**
   * The roster names another Stripe customer than the notice: nothing is charged before a new one.
   */
  customer_changed: { customer: string | null };
  /** A temporary refusal by the mail server: the same mail again, not before `until`. */
  deferred: { step: 'notice' | 'email'; until: string; why: string };
  /**
   * The address refused for good, there is none, or the notice bounced later. `emailChanges`: how
   * often the address had changed on the roster before the one that failed; absent means never.
   * `notice`: the number of one that came back before it was on record.
   */
  notice_failed: { why: string; emailChanges?: number; notice?: number };
  /** There is no card to announce or to charge; `cardChanges` as in `attempted`. */
  card_missing: { why: string; cardChanges?: number };
  /** Another card is on file: it may be announced or charged. */
  card_updated: { paymentMethod: string };
  /**
   * The intent was created, unconfirmed, or found at Stripe. `notice`: the number of the notice
   * that its metadata carries; null for none.
   */
  intent_opened: { intent: string; customer: string; notice: number | null };
  /** The intent was canceled at Stripe and takes no money any more; another may be opened. */
  intent_closed: { intent: string; why: string };
  /** Written before the confirmation is sent, with everything the confirmation will say. */
  attempted: {
    attempt: number;
    intent: string;
    /** Whose card it is: the customer of the notice. */
    customer: string;
    amountCents: number;
    paymentMethod: string;
    fingerprint: string | null;
    /** Whose network's limits hold for the card; absent where none was kept. */
    brand?: string;
    /** How often customer or card had changed before the card that is tried; absent means never. */
    cardChanges?: number;
    /** The intent's latest charge before this attempt; a different one later is this attempt's. */
    chargeBefore: string | null;
  };
  /** Stripe was asked and what happened is not known; it closes nothing. */
  unknown: { about: 'attempt' | 'cancel' | 'refund'; look: number; why: string };
  declined: {
    attempt: number;
    /** The card that was declined; null when Stripe does not say. */
    paymentMethod: string | null;
    /** The card's number, as Stripe tells one from another: its network counts by it. */
    fingerprint: string | null;
    /**
     * Stripe had this decline and the ledger no attempt for it: another ledger or a person tried.
     */
    adopted?: true;
    charge: string | null;
    code: string;
    adviceCode: string | null;
    networkAdviceCode: string | null;
    /** False when the decline never reached the card network, and so costs no network budget. */
    sentToNetwork: boolean;
    verdict: Verdict;
    /** When the same card may be tried again; null unless the verdict is retry. */
    retryAt: string | null;
  };
  /** The attempt did not happen and never will under its key. */
  lapsed: { attempt: number; why: string };
  paid: { amountCents: number; intent: string; charge: string; attempt: number | null };
  held: { why: string };
  released: Record<never, never>;
  retry_asked: Record<never, never>;
  waive_asked: { why: string };
  waived: { amountCents: number; why: string };
  refund_asked: { why: string };
  refund_opened: { refund: string; amountCents: number };
  refunded: { refund: string; amountCents: number };
  /**
   * `amountCents` is what an earlier `refunded` said had gone back and has not; 0 if none did.
   * `refund` is null when Stripe refused to open one at all.
   */
  refund_failed: { refund: string | null; amountCents: number; why: string };
  disputed: { dispute: string; amountCents: number; why: string };
  dispute_closed: { dispute: string; amountCents: number; won: boolean };
  gave_up: { amountCents: number; why: string };
  /** A new card or a person's wish takes up a fee that had been written off. */
  revived: { amountCents: number };
  /** An e-mail was accepted by the mail server. */
  email_sent: { email: EmailKind; about: number; messageId: string };
  email_failed: { email: EmailKind; about: number; why: string };
}

export type EntryKind = keyof EntryData;

/** A fact not yet in the ledger: what happened and, if not now, when. */
export type NewEntry = {
  [K in EntryKind]: { kind: K; data: EntryData[K] };
}[EntryKind];

/** A fact in the ledger. `at` is when it happened; `actor` is who: a key, a worker, Stripe. */
export type Entry = NewEntry & { seq: number; at: Date; actor: string };

/** Shorthand for writing a fact down: `entry('usage_checked', { found: false })`. */
export function entry<K extends EntryKind>(kind: K, data: EntryData[K]): NewEntry {
  return { kind, data } as unknown as NewEntry;
}
