/**
 * The objects the sandbox stores: Stripe's own types, with every reference kept as a plain id.
 * Expansion happens on the way out, so a stored object never contains another.
 */
import type Stripe from 'stripe';

type Refs<T, K extends keyof T> = Omit<T, K> & { [P in K]: string | null };

export type Customer = Stripe.Customer & { metadata: Record<string, string> };
export type PaymentMethod = Refs<Stripe.PaymentMethod, 'customer'> & {
  card: Stripe.PaymentMethod.Card;
};
export type PaymentIntent = Refs<
  Stripe.PaymentIntent,
  'customer' | 'payment_method' | 'latest_charge'
>;
export type Charge = Refs<
  Stripe.Charge,
  'customer' | 'payment_intent' | 'balance_transaction' | 'failure_balance_transaction'
>;
export type Refund = Refs<
  Stripe.Refund,
  'balance_transaction' | 'charge' | 'payment_intent' | 'customer' | 'payment_method'
>;
export type BalanceTransaction = Refs<Stripe.BalanceTransaction, 'source'>;
/** A payout, with the balance transactions that it is made of. */
export type Payout = Pick<
  Refs<Stripe.Payout, 'balance_transaction'>,
  | 'id'
  | 'object'
  | 'amount'
  | 'arrival_date'
  | 'automatic'
  | 'balance_transaction'
  | 'created'
  | 'currency'
  | 'livemode'
  | 'metadata'
  | 'method'
  | 'status'
  | 'type'
> & { movements: string[] };
export type Dispute = Omit<Refs<Stripe.Dispute, 'payment_intent'>, 'charge'> & { charge: string };
export type SetupIntent = Refs<Stripe.SetupIntent, 'customer' | 'payment_method'>;
export type CheckoutSession = Refs<Stripe.Checkout.Session, 'customer' | 'setup_intent'>;
export type LastPaymentError = Stripe.PaymentIntent.LastPaymentError;
export type EventType = Stripe.Event.Type;

/** A customer's place is kept after deletion: Stripe still answers for it. */
export type CustomerRecord = Customer | Stripe.DeletedCustomer;

/** An event as stored: its JSON frozen at the moment it happened. */
export interface EventRecord {
  id: string;
  type: EventType;
  created: number;
  body: string;
}

/** The side of a card that Stripe never shows: which test card it is, how often it was tried. */
export interface CardRecord {
  id: string;
  testCard: string;
  tries: number;
  /** Detached, or charged without a customer: never to be used again. */
  usedUp: boolean;
}

/** The answer kept under an idempotency key. `at` is in milliseconds, for the 24-hour pruning. */
export interface SavedAnswer {
  id: string;
  request: string;
  requestId: string;
  status: number;
  body: string;
  at: number;
}

/** Work for later, on the sandbox's own clock. `due` is in milliseconds. */
export interface Task {
  id: string;
  due: number;
  kind: TaskKind;
  target: string;
  /** For deliveries: how often it was tried already. */
  tries?: number;
}

export type TaskKind =
  | 'settle_charge'
  | 'finish_processing'
  | 'open_dispute'
  | 'finish_refund'
  | 'fail_refund'
  | 'expire_session'
  | 'deliver_event';

/** The sandbox's own settings that outlive a restart. */
export interface Setting {
  id: 'clock';
  /** Milliseconds by which the sandbox is ahead of the machine. */
  advancedMs: number;
}
