import type { IntentReading, RecordedNotice, Refusal, RefusedCharge } from '../core/fee/intent.ts';
import type { BookLines, Books } from './payment-books.ts';

/**
 * Everything levy asks of Stripe, in core's words. Amounts are US cents, moments are `Date`s, ids
 * are Stripe's own. Every method that returns a promise or an async generator throws
 * `PaymentsUnavailable` when Stripe could not be asked or gave no usable answer, and
 * `PaymentsRefused` when Stripe refused the request; what differs is said at the method.
 */
export interface Payments {
  // Cards

  /**
   * The card to charge for a customer: the named one while it is attached to that customer, else
   * the customer's default, else the only one attached. Never a card of somebody else, and never
   * a guess between several.
   */
  readCard(customer: string, paymentMethod: string | null): Promise<CardReading>;
  /**
   * The e-mail Stripe has for a customer, to compare and neither to keep nor to log; null when it
   * has none, and for a customer it does not know.
   */
  readEmail(customer: string): Promise<string | null>;
  /**
   * A page of Stripe's on which the customer gives a card for later charges. No money moves on it.
   * The card arrives as an event `payment_method.attached`, and as `setup_intent.succeeded` with
   * the fee the page was opened for. The same key gives the same page for a day.
   */
  cardLink(args: {
    customer: string;
    feeId: string;
    returnUrl: string;
    key?: string;
  }): Promise<{ url: string; session: string }>;
  /**
   * Closes a card page by its session's id. False when it was completed or had expired before.
   */
  closeCardPage(session: string): Promise<boolean>;
  /** Where pages to give a card may stand, as a browser's policy words it. */
  cardPageSources(): string[];

  // The fee's one intent

  /**
   * Creates the fee's intent, unconfirmed. Stripe gets the fee's id, year and vendor, and which
   * notice was accepted when: what a lost ledger needs to go on without charging or writing twice.
   * `isLate` is asked at the last moment, after any waiting: with a key that may be forgotten
   * nothing is sent. `PaymentsRefused` has the code `idempotency_error` when another ledger has
   * created an intent under this key.
   */
  openIntent(args: {
    feeId: string;
    year: number;
    vendor: string;
    notice: RecordedNotice | null;
    amountCents: number;
    customer: string;
    key: string;
    isLate?: () => boolean;
  }): Promise<IntentReading>;
  /** Writes into the intent's metadata which notice stands; null: that none does. */
  recordNotice(args: {
    intent: string;
    notice: RecordedNotice | null;
    key: string;
    customer: string | null;
  }): Promise<void>;
  /** The intent as Stripe has it now. */
  readIntent(intent: string): Promise<IntentReading>;
  /** The intent as Stripe has it now, with every refused charge. */
  readOutcome(intent: string): Promise<IntentReading>;
  /** Every refused charge of an intent, the oldest first. */
  refusedCharges(intent: string): Promise<RefusedCharge[]>;
  /**
   * Levy's intents of a customer and year, newest first, whichever ledger made them. By list: a
   * search lags behind. Intents without a year in their metadata count, too: they are older.
   */
  findIntents(args: { customer: string; year: number }): Promise<IntentReading[]>;
  /**
   * Confirms the intent once with this card, without the cardholder: the one call that takes
   * money. Never throws for what Stripe or the network does; every end is a `Confirmation`.
   * `isLate` is asked at the last moment, after any waiting: nothing is sent under a key that
   * Stripe may have forgotten.
   */
  confirmIntent(args: {
    intent: string;
    paymentMethod: string;
    key: string;
    /** Whose intent it is: two calls about one customer are not made at once. */
    customer?: string | null;
    isLate?: () => boolean;
  }): Promise<Confirmation>;
  /**
   * Cancels the intent, so that it can never succeed. If it had succeeded before, or is already
   * canceled, the reading says so.
   */
  cancelIntent(args: {
    intent: string;
    reason: CancelReason;
    key: string;
    customer?: string | null;
  }): Promise<IntentReading>;
  /**
   * Pays everything back. What was refunded before, by us or in the dashboard, is given back
   * instead of an error. A refund is not final before Stripe says so.
   */
  openRefund(args: {
    intent: string;
    key: string;
    feeId: string;
    customer?: string | null;
  }): Promise<OpenedRefund>;

  // Events

  /**
   * Verifies a webhook against any of the secrets (two during rotation) and reads whom it is
   * about. `rawBody` is the request's bytes as they came; `receivedAt` is now unless given.
   */
  readEvent(
    rawBody: Buffer,
    signature: string,
    secrets: string[],
    receivedAt?: Date,
  ): PaymentEvent | InvalidEvent;
  /**
   * Events of at most 20 types since a moment, newest first: the backstop for webhooks that never
   * came. Stripe keeps events for 30 days.
   */
  listEvents(args: { since: Date; types: string[] }): AsyncGenerator<PaymentEvent>;

  // Books

  /**
   * Stripe's books from `since` up to but not including `until`, newest first, page by page as
   * they are asked for. Intents and charges are those that carry a fee; refunds, disputes and
   * movements are all there are. By list, so that nothing is missing.
   */
  books(period: { since: Date; until?: Date }): Books;
  /** What the books hold of these intents now, for a second look. */
  booksOf(intents: string[]): Promise<BookLines>;
}

/** The card that would be charged, or why there is none. */
export type CardReading =
  | {
      found: true;
      paymentMethod: string;
      brand: string;
      last4: string;
      /** The same for the same card number everywhere in the account. */
      fingerprint: string | null;
      expMonth: number;
      expYear: number;
    }
  | { found: false; why: 'no_customer' | 'customer_deleted' | 'no_card' | 'card_detached' };

/** What is known after a confirmation was sent. Only `unknown` needs Stripe to be asked again. */
export type Confirmation =
  /** The intent as it stands now: succeeded; after a refused repetition also anything else. */
  | { outcome: 'answered'; reading: IntentReading }
  /** The card was refused. A replayed key gives the same refusal again. */
  | { outcome: 'declined'; refusal: Refusal }
  /** The money may or may not have been taken; only reading the intent tells. */
  | { outcome: 'unknown'; why: string }
  /** Stripe has ended what this key asked for with an error of its own; so the intent stands. */
  | { outcome: 'closed'; reading: IntentReading }
  /** This request did nothing: send the same again later, with the same key. */
  | { outcome: 'slow_down'; why: string; afterMs: number | null }
  /** Nothing happened and never will: the request itself is wrong, which is our bug. */
  | { outcome: 'refused_request'; code: string };

/** Why an intent is canceled, in Stripe's words; core/fee/existing-intent.ts says what follows. */
export type CancelReason = 'duplicate' | 'abandoned' | 'requested_by_customer';

export interface OpenedRefund {
  refund: string;
  amountCents: number;
  status: 'pending' | 'succeeded' | 'failed';
}

/** A webhook or a listed event: names an object, and never proves anything about money. */
export interface PaymentEvent {
  id: string;
  /** E.g. `payment_intent.succeeded`. */
  type: string;
  livemode: boolean;
  /** The object the event is about. */
  objectId: string;
  intent: string | null;
  customer: string | null;
  /** The card, where the event is about one. */
  paymentMethod: string | null;
  /** The fee's id, where the object carries it. */
  feeId: string | null;
  createdAt: Date;
}

/** Why a webhook is not believed. */
export interface InvalidEvent {
  invalid: 'signature' | 'stale' | 'malformed';
}

/**
 * Stripe could not be asked, or gave no usable answer: the network, a 5xx, or "slow down".
 * Try the same thing again later, with the same idempotency key.
 */
export class PaymentsUnavailable extends Error {
  override readonly name = 'PaymentsUnavailable';
  /** `timeout`, `connection`, `unreadable_answer`, `server_error`, or one of the slow-downs. */
  readonly why: string;
  /** How long Stripe asked to wait, in ms; null when it did not say. */
  readonly afterMs: number | null;
  /** False only when it is certain that Stripe has not acted on this request. */
  readonly reached: boolean;
  /**
   * True when Stripe gave the answer it keeps under this key: what was asked has come to its end,
   * as a failure of Stripe's, and the same key will never do it.
   */
  readonly kept: boolean;

  constructor(why: string, afterMs: number | null, reached: boolean, kept = false) {
    super(`Stripe gave no usable answer (${why}). Try again later with the same key.`);
    this.why = why;
    this.afterMs = afterMs;
    this.reached = reached;
    this.kept = kept;
  }
}

/** Stripe understood the request and refused it: a decline of a card, or our own bug. */
export class PaymentsRefused extends Error {
  override readonly name = 'PaymentsRefused';
  /** Stripe's error code, or its error type where there is none. */
  readonly code: string;
  readonly status: number;
  /** The parameter at fault, as Stripe names it. */
  readonly param: string | null;
  /** Set when the refusal is the card's, not ours. */
  readonly refusal: Refusal | null;

  constructor(code: string, status: number, param: string | null, refusal: Refusal | null) {
    const at = param ? `, parameter ${param}` : '';
    super(`Stripe refused the request (${code}, HTTP ${status}${at}).`);
    this.code = code;
    this.status = status;
    this.param = param;
    this.refusal = refusal;
  }
}
