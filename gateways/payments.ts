import type { IntentReading, RecordedNotice, Refusal, RefusedCharge } from '../core/fee/intent.ts';
import type { BookLines, BookMovement, Books, Payout } from './payment-books.ts';

/**
 * Everything levy asks of Stripe, in core's words. Amounts are US cents, moments are `Date`s, ids
 * are Stripe's own. Every method that returns a promise or an async generator throws
 * `PaymentsUnavailable` when Stripe could not be reached or gave no usable answer, and
 * `PaymentsRefused` when Stripe refused the request. A method that differs says so.
 */
export interface Payments {
  // Cards

  /**
   * The card to charge for a customer: the named card while it is attached to that customer, else
   * the customer's default card, else the only card attached. Never another customer's card, and no
   * choice among several.
   */
  readCard(customer: string, paymentMethod: string | null): Promise<CardReading>;
  /**
   * The customer's e-mail at Stripe, for a comparison only: it is neither stored nor logged. Null
   * when there is none, and for an unknown customer.
   */
  readEmail(customer: string): Promise<string | null>;
  /**
   * The customer that levy, this ledger or another, created for a person of whom the roster names
   * none; null when there is none. `ref` is the practice's reference for the person.
   */
  findMadeCustomer(args: { ref: string; email: string }): Promise<string | null>;
  /** Creates such a customer. The same key gives the same customer for a day. */
  createCustomer(args: { ref: string; name: string; email: string; key: string }): Promise<string>;
  /**
   * Opens a page of Stripe's on which the customer gives a card for later charges; it moves no
   * money. The card arrives as an event `payment_method.attached`, and as `setup_intent.succeeded`
   * with the id of the fee. The same key gives the same page for a day.
   */
  cardLink(args: {
    customer: string;
    feeId: string;
    returnUrl: string;
    key?: string;
  }): Promise<{ url: string; session: string }>;
  /** Closes a card page by its session's id. False when it was completed or had expired already. */
  closeCardPage(session: string): Promise<boolean>;
  /** The sources of card pages, for a browser's Content-Security-Policy. */
  cardPageSources(): string[];

  // The fee's one intent

  /**
   * Creates the fee's intent, unconfirmed. Its metadata holds the fee's id, year and vendor, and
   * the notice that was accepted: with these a ledger built again neither charges nor e-mails
   * twice. `isLate` is called just before sending, after any wait: if true, nothing is sent,
   * because Stripe may have forgotten the key. `PaymentsRefused` has the code `idempotency_error`
   * when another ledger has used this key for another request.
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
  /** Writes into the intent's metadata which notice stands; null removes it. */
  recordNotice(args: {
    intent: string;
    notice: RecordedNotice | null;
    key: string;
    customer: string | null;
  }): Promise<void>;
  /** Reads the intent as Stripe has it now. */
  readIntent(intent: string): Promise<IntentReading>;
  /** Reads the intent as Stripe has it now, with every refused charge. */
  readOutcome(intent: string): Promise<IntentReading>;
  /** Reads every refused charge of an intent, the oldest first. */
  refusedCharges(intent: string): Promise<RefusedCharge[]>;
  /**
   * Levy's intents of a customer and year, newest first, whichever ledger made them. Uses the list:
   * a search lags behind. Intents without a year in their metadata are older, and count too.
   */
  findIntents(args: { customer: string; year: number }): Promise<IntentReading[]>;
  /**
   * Confirms the intent once with this card, without the cardholder: the one call that takes money.
   * Every outcome of the confirmation is a `Confirmation`; thrown is only `PaymentsRefused`, when
   * Stripe then refuses to show the intent. `isLate` is called just before sending, after any wait:
   * if true, nothing is sent, because Stripe may have forgotten the key.
   */
  confirmIntent(args: {
    intent: string;
    paymentMethod: string;
    key: string;
    /** The intent's customer: calls about one customer are made one after the other. */
    customer?: string | null;
    isLate?: () => boolean;
  }): Promise<Confirmation>;
  /**
   * Cancels the intent, so that it can never succeed. If it had succeeded or was canceled already,
   * the reading says so.
   */
  cancelIntent(args: {
    intent: string;
    reason: CancelReason;
    key: string;
    customer?: string | null;
  }): Promise<IntentReading>;
  /**
   * Refunds the whole payment. If it was refunded already, by us or in the dashboard, gives that
   * refund instead of an error. A refund is final only when Stripe says so.
   */
  openRefund(args: {
    intent: string;
    key: string;
    feeId: string;
    customer?: string | null;
  }): Promise<OpenedRefund>;

  // Events

  /**
   * Verifies a webhook against any of the secrets (two during rotation) and reads its event.
   * `rawBody` is the request's unchanged bytes; `receivedAt` is now unless given.
   */
  readEvent(
    rawBody: Buffer,
    signature: string,
    secrets: string[],
    receivedAt?: Date,
  ): PaymentEvent | InvalidEvent;
  /**
   * Events of at most 20 types since a moment, newest first, in case a webhook never came. Stripe
   * keeps events for 30 days.
   */
  listEvents(args: { since: Date; types: string[] }): AsyncGenerator<PaymentEvent>;

  // Books

  /**
   * Stripe's books from `since` up to but not including `until`, newest first, a page at a time as
   * it is read. Intents and charges are those with a fee's id; refunds, disputes and movements are
   * all of the account's. Uses lists, so that nothing is missing.
   */
  books(period: { since: Date; until?: Date }): Books;
  /** The lines of the books about these intents now, for a second look. */
  booksOf(intents: string[]): Promise<BookLines>;
  /** The payouts of the account since a moment, newest first. */
  payouts(period: { since: Date }): AsyncGenerator<Payout>;
  /** What an automatic payout was made of, newest first: charges, refunds, disputes and itself. */
  payoutMovements(payout: string): AsyncGenerator<BookMovement>;
}

/** The card that would be charged, or the reason why there is none. */
export type CardReading =
  | {
      found: true;
      paymentMethod: string;
      brand: string;
      last4: string;
      /** The same value for the same card number everywhere in the account. */
      fingerprint: string | null;
      expMonth: number;
      expYear: number;
    }
  | { found: false; why: 'no_customer' | 'customer_deleted' | 'no_card' | 'card_detached' };

/** What is known after a confirmation was sent. Only after `unknown` must Stripe be asked again. */
export type Confirmation =
  /** The intent as it is now: succeeded; after a refused repetition also any other state. */
  | { outcome: 'answered'; reading: IntentReading }
  /** The card was refused. The same key gives the same refusal again. */
  | { outcome: 'declined'; refusal: Refusal }
  /** The money may or may not have been taken: only reading the intent tells. */
  | { outcome: 'unknown'; why: string }
  /** Stripe ended this key's request with an error of its own; `reading` is the intent now. */
  | { outcome: 'closed'; reading: IntentReading }
  /** This request did nothing: send it again later, with the same key. */
  | { outcome: 'slow_down'; why: string; afterMs: number | null }
  /** Nothing happened and nothing will: the request is wrong, which is our bug. */
  | { outcome: 'refused_request'; code: string };

/** Stripe's names for why an intent is canceled; see core/fee/existing-intent.ts for the effect. */
export type CancelReason = 'duplicate' | 'abandoned' | 'requested_by_customer';

export interface OpenedRefund {
  refund: string;
  amountCents: number;
  status: 'pending' | 'succeeded' | 'failed';
}

/** An event from a webhook or the list: it names an object and proves nothing about money. */
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

/** Why a webhook is rejected. */
export interface InvalidEvent {
  invalid: 'signature' | 'stale' | 'malformed';
}

/**
 * Stripe could not be reached, or gave no usable answer: the network, a 5xx, or "slow down". Try
 * the same request again later, with the same idempotency key.
 */
export class PaymentsUnavailable extends Error {
  override readonly name = 'PaymentsUnavailable';
  /** `timeout`, `connection`, `unreadable_answer`, `server_error`, `too_late`, or a slow-down. */
  readonly why: string;
  /** How long Stripe asked to wait, in ms; null when it did not say. */
  readonly afterMs: number | null;
  /** False only when it is certain that Stripe has not acted on this request. */
  readonly reached: boolean;
  /**
   * True when Stripe repeated the answer it keeps under this key: the request has ended in an error
   * of Stripe's, and the same key will never carry it out.
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

/** Stripe refused the request: a decline of a card, or our own bug. */
export class PaymentsRefused extends Error {
  override readonly name = 'PaymentsRefused';
  /** Stripe's error code, or its error type where there is none. */
  readonly code: string;
  readonly status: number;
  /** The parameter at fault, as Stripe names it. */
  readonly param: string | null;
  /** Set when the card was refused, not our request. */
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
