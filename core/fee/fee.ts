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
 * - notice      the e-mail that announces the fee; `email` means any other e-mail about it
 * - intent      the fee's single Stripe PaymentIntent
 * - attempt     the n-th confirmation of the intent: frozen parameters, one key, one outcome
 * - step        what `next` asks for: detect, notice, charge, settle, email
 */

/** The kind of record a use of a code was found in. */
export type RecordKind = 'billing' | 'progress_note' | 'diagnosis' | 'vendor_invoice';

/** Why the clinician owes: the first use in the year, and the kind of record that shows it. */
export interface Evidence {
  kind: RecordKind;
  /** Calendar day of first use, YYYY-MM-DD. */
  firstUsedOn: string;
  /** The id of the evidence row, which holds file and line. */
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
  'paid_otherwise',
  'waived',
  'held',
  'refunded',
  'disputed',
  'gave_up',
  'notice_failed',
] as const;
export type FeeStatus = (typeof FEE_STATUSES)[number];

/** The ways to pay the practice without the card on file. */
export const OTHER_WAYS = ['check', 'payroll', 'bank_transfer', 'cash', 'other'] as const;
export type OtherWay = (typeof OTHER_WAYS)[number];

/** A payment of the whole fee without the card on file, as a person received it. */
export interface OtherPayment {
  how: OtherWay;
  /** Calendar day on which it was received, YYYY-MM-DD. */
  on: string;
  /** The number of the check or the like; null for none. */
  reference: string | null;
}

/** E-mails other than the notice: each once per occasion, to a clinician who owes or has paid. */
export type EmailKind = 'receipt' | 'card_needed' | 'final' | 'waived' | 'refunded' | 'answer';

/** What a decline leads to: a retry of the card, another card, giving up, or a person. */
export type Verdict = 'retry' | 'needs_card' | 'give_up' | 'manual_review';

export interface Card {
  paymentMethod: string;
  brand: string;
  last4: string;
}

/** The data of each kind of entry, besides actor and time. Ids, cents, codes and dates only. */
export interface EntryData {
  /** The evidence was looked at; `found` false: no use so far. */
  usage_checked: { found: boolean };
  /** Something changed that detection depends on: the evidence is looked at again. */
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
    /** The Stripe customer whose card was announced: no other customer is charged by it. */
    customer: string;
    card: { brand: string; last4: string };
    emailChanges?: number;
    /** When another ledger's notice was accepted, by the intent's metadata; else absent. */
    adopted?: string;
  };
  /**
   * The intent's metadata names the n-th notice now; null: no notice. A ledger that is lost and
   * built again finds the notice there, and does not send a second one.
   */
  notice_recorded: { notice: number | null };
  /** The roster names another customer than the notice: no charge before a new notice. */
  customer_changed: { customer: string | null };
  /** A temporary refusal by the mail server: the same e-mail is sent again, not before `until`. */
  deferred: { step: 'notice' | 'email'; until: string; why: string };
  /**
   * The address was refused for good, there is none, or the notice bounced later. `emailChanges`:
   * how often the address had changed on the roster before the one that failed; absent means never.
   * `notice`: the number of a notice that bounced before it was recorded.
   */
  notice_failed: { why: string; emailChanges?: number; notice?: number };
  /**
   * What the vendor's confirmed invoices carry for the clinician and year has changed: the sum of
   * their lines now, credits included; 0 when they carry nothing any more.
   */
  invoiced: { amountCents: number };
  /** There is no card to announce or to charge; `cardChanges` as in `attempted`. */
  card_missing: { why: string; cardChanges?: number };
  /** Another card is on file: it may be announced or charged. */
  /** `renewed`: the same card has a new number or date; otherwise another card is on file. */
  card_updated: { paymentMethod: string; renewed?: true };
  /**
   * The intent was created, unconfirmed, or found at Stripe. `notice`: the number of the notice
   * that its metadata carries; null for none.
   */
  intent_opened: { intent: string; customer: string; notice: number | null };
  /** The intent was canceled at Stripe and takes no money any more; another may be created. */
  intent_closed: { intent: string; why: string };
  /** Written before the confirmation is sent, with every parameter of the confirmation. */
  attempted: {
    attempt: number;
    intent: string;
    /** The owner of the card: the customer of the notice. */
    customer: string;
    amountCents: number;
    paymentMethod: string;
    fingerprint: string | null;
    /** The card network, whose limits apply; absent where it was not recorded. */
    brand?: string;
    /** How often customer or card had changed before the card that is tried; absent means never. */
    cardChanges?: number;
    /** The intent's latest charge before this attempt; a later charge is this attempt's. */
    chargeBefore: string | null;
  };
  /** Stripe was asked and the outcome is still not known; this ends nothing. */
  unknown: { about: 'attempt' | 'cancel' | 'refund'; look: number; why: string };
  declined: {
    attempt: number;
    /** The card that was declined; null when Stripe does not say. */
    paymentMethod: string | null;
    /** Stripe's fingerprint of the card number; the card network counts by card number. */
    fingerprint: string | null;
    /** The ledger has no attempt for this decline: another ledger or a person made the attempt. */
    adopted?: true;
    charge: string | null;
    code: string;
    adviceCode: string | null;
    networkAdviceCode: string | null;
    /** False when the attempt did not reach the card network, which then does not count it. */
    sentToNetwork: boolean;
    verdict: Verdict;
    /** When the same card may be tried again; null unless the verdict is retry. */
    retryAt: string | null;
  };
  /** The attempt did not happen, and will never happen under its key. */
  lapsed: { attempt: number; why: string };
  paid: { amountCents: number; intent: string; charge: string; attempt: number | null };
  held: { why: string };
  released: Record<never, never>;
  retry_asked: Record<never, never>;
  /** The clinician asks to be charged at once, before the day that the notice names. */
  pay_now_asked: Record<never, never>;
  /** The clinician objects to the fee: a person must answer. */
  objected: { text: string };
  /** A person's answer. Accepted: the fee is waived or refunded. */
  objection_answered: { accepted: boolean; text: string };
  waive_asked: { why: string };
  waived: { amountCents: number; why: string };
  /** The clinician has paid without the card on file; the intent must be canceled first. */
  paid_otherwise_asked: OtherPayment;
  /** The whole fee was paid without the card on file. */
  paid_otherwise: OtherPayment & { amountCents: number };
  refund_asked: { why: string };
  refund_opened: { refund: string; amountCents: number };
  refunded: { refund: string; amountCents: number };
  /**
   * `amountCents`: cents that an earlier `refunded` counted and that did not go back; 0 if none.
   * `refund`: null when Stripe refused to open a refund at all.
   */
  refund_failed: { refund: string | null; amountCents: number; why: string };
  disputed: { dispute: string; amountCents: number; why: string };
  dispute_closed: { dispute: string; amountCents: number; won: boolean };
  gave_up: { amountCents: number; why: string };
  /** A new card or a person's request takes up a fee that had been written off. */
  revived: { amountCents: number };
  /** A person wants the clinician to be sent the link on which another card is given. */
  card_link_asked: Record<never, never>;
  /** A person's remark; it changes nothing. */
  noted: { text: string };
  /** An e-mail was accepted by the mail server. */
  email_sent: { email: EmailKind; about: number; messageId: string };
  email_failed: { email: EmailKind; about: number; why: string };
}

/** The actor of what a clinician does on the page of their own link. */
export const CLINICIAN = 'clinician';

export type EntryKind = keyof EntryData;

/** A fact that is not in the ledger yet. */
export type NewEntry = {
  [K in EntryKind]: { kind: K; data: EntryData[K] };
}[EntryKind];

/** A fact in the ledger. `at`: when it happened; `actor`: a key's name, a worker or Stripe. */
export type Entry = NewEntry & { seq: number; at: Date; actor: string };

/** Makes a new entry: `entry('usage_checked', { found: false })`. */
export function entry<K extends EntryKind>(kind: K, data: EntryData[K]): NewEntry {
  return { kind, data } as unknown as NewEntry;
}
