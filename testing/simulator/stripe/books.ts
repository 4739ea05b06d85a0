/** Stripe's own memory, in the shape its API gives it out. Money in cents, times in seconds. */

export interface Failure {
  code: string;
  decline_code: string;
  advice_code: string | null;
  network_advice_code: string | null;
  charge: string;
  payment_method: { id: string };
}

export interface Intent {
  id: string;
  amount: number;
  amount_received: number;
  cancellation_reason: string | null;
  created: number;
  customer: string;
  description: string;
  last_payment_error: Failure | null;
  latest_charge: string | null;
  livemode: false;
  metadata: Record<string, string>;
  payment_method: string | null;
  status: 'requires_payment_method' | 'processing' | 'succeeded' | 'canceled';
}

export interface Charge {
  id: string;
  amount: number;
  amount_refunded: number;
  created: number;
  customer: string;
  disputed: boolean;
  failure_code: string | null;
  livemode: false;
  metadata: Record<string, string>;
  outcome: {
    type: 'authorized' | 'issuer_declined' | 'blocked';
    network_status: 'approved_by_network' | 'declined_by_network' | 'not_sent_to_network';
    reason: string | null;
    advice_code: string | null;
    network_advice_code: string | null;
  } | null;
  payment_intent: string;
  payment_method: string;
  payment_method_details: { card: { brand: string; fingerprint: string } };
  status: 'pending' | 'succeeded' | 'failed';
  /** When the money was taken, in ms of virtual time; Stripe does not say. */
  paidAt: number | null;
}

export interface Refund {
  id: string;
  amount: number;
  charge: string;
  created: number;
  metadata: Record<string, string>;
  payment_intent: string;
  status: 'pending' | 'succeeded' | 'failed';
  /** When the money was really on its way back, in ms of virtual time; Stripe does not say. */
  sentAt: number | null;
}

export interface Dispute {
  id: string;
  amount: number;
  balance_transactions: object[];
  charge: string;
  created: number;
  payment_intent: string;
  reason: string;
  status: 'needs_response' | 'won' | 'lost';
}

/** A page on which a customer gives a card for later charges. */
export interface Session {
  id: string;
  created: number;
  customer: string;
  /** Of the setup intent that the page is about. */
  metadata: Record<string, string>;
  setup_intent: string;
  /** When the card was given, in ms of virtual time. */
  completedAt: number | null;
  status: 'open' | 'complete' | 'expired';
  url: string | null;
}

/** A line of the balance; `amount` less `fee` is `net`. */
export interface Movement {
  id: string;
  amount: number;
  created: number;
  fee: number;
  net: number;
  source: string;
  type: 'charge' | 'refund' | 'refund_failure' | 'adjustment';
}

export interface Customer {
  id: string;
  /** Whose it really is, by the practice's reference; Stripe does not know. */
  owner: string;
  deleted: boolean;
  defaultCard: string | null;
}

/** What a card's bank answers; `tries` is how often it does before it approves. */
export interface Mood {
  answer:
    | 'approve'
    | 'soft'
    | 'technical'
    | 'hard'
    | 'forbid'
    | 'block'
    | 'odd'
    | 'authenticate'
    | 'slow';
  code: string;
  tries: number;
  /** Slow: hours until it is decided, and whether for or against. */
  hours: number;
  ends: 'succeeded' | 'failed';
}

export interface Card {
  id: string;
  customer: string | null;
  /** Whose file it came on, also when it is detached. */
  holder: string;
  brand: string;
  last4: string;
  fingerprint: string;
  /** Grows when the bank sends new data for the same card. */
  version: number;
  /** When it came on file, or its data were renewed; ms of virtual time. */
  changedAt: number;
  mood: Mood;
}

/** One time a card's bank, or Stripe in its stead, was asked for money. */
export interface Try {
  at: number;
  by: 'levy' | 'outside';
  key: string | null;
  intent: string;
  feeId: string;
  charge: string;
  amountCents: number;
  paymentMethod: string;
  fingerprint: string;
  version: number;
  sentToNetwork: boolean;
  result: 'approved' | 'declined' | 'pending';
  /** True when bank or network said: never again with this card. */
  forbidden: boolean;
  /** When the job that asked had loaded the fee. */
  decidedAt: number;
  /** Which installation of levy's asked; null for somebody at the dashboard. */
  site: string | null;
  customer: string;
}

/** An event as Stripe sends it: what it is about. */
export interface Event {
  id: string;
  type: string;
  objectId: string;
  intent: string | null;
  customer: string | null;
  paymentMethod: string | null;
  feeId: string | null;
  createdAt: number;
  /** Something levy did itself, or something the outside world did. */
  ours: boolean;
}

export interface Books {
  intents: Map<string, Intent>;
  charges: Map<string, Charge>;
  refunds: Map<string, Refund>;
  disputes: Map<string, Dispute>;
  movements: Movement[];
  /** What was told by webhooks, or was lost on the way. Kept for longer than Stripe does. */
  events: Event[];
  customers: Map<string, Customer>;
  cards: Map<string, Card>;
  sessions: Map<string, Session>;
  tries: Try[];
  /** The notice that each intent's metadata told of, and from when; '' for none. */
  notices: { at: number; intent: string; notice: string }[];
}

export function emptyBooks(): Books {
  return {
    intents: new Map(),
    charges: new Map(),
    refunds: new Map(),
    disputes: new Map(),
    movements: [],
    events: [],
    customers: new Map(),
    cards: new Map(),
    sessions: new Map(),
    tries: [],
    notices: [],
  };
}
