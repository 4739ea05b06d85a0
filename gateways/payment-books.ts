/** An intent in Stripe's books. */
export interface BookIntent {
  intent: string;
  feeId: string;
  year: string | null;
  customer: string | null;
  /** Stripe's own name for the state. */
  status: string;
  amountCents: number;
  receivedCents: number;
  charge: string | null;
  livemode: boolean;
  createdAt: Date;
}

/** A charge, whether it succeeded or failed. */
export interface BookCharge {
  charge: string;
  intent: string | null;
  feeId: string;
  year: string | null;
  customer: string | null;
  status: string;
  amountCents: number;
  refundedCents: number;
  disputed: boolean;
  brand: string | null;
  /** The fingerprint is the same for the same card number everywhere in the account. */
  fingerprint: string | null;
  /** False when Stripe did not send it to the card network, which then does not count it. */
  sentToNetwork: boolean;
  livemode: boolean;
  createdAt: Date;
}

/** Any refund, including one made in the dashboard, which does not carry the fee's id. */
export interface BookRefund {
  refund: string;
  charge: string | null;
  intent: string | null;
  feeId: string | null;
  amountCents: number;
  status: 'pending' | 'succeeded' | 'failed';
  createdAt: Date;
}

/** Any dispute. An inquiry has moved no money yet; a prevented dispute never will. */
export interface BookDispute {
  dispute: string;
  charge: string | null;
  intent: string | null;
  amountCents: number;
  status: 'inquiry' | 'open' | 'won' | 'lost';
  createdAt: Date;
}

/** A movement of the balance: `amountCents` less `feeCents` is `netCents`. */
export interface BookMovement {
  movement: string;
  /** `charge`, `refund`, `refund_failure`, `adjustment` (disputes), `payout`, ... */
  kind: string;
  amountCents: number;
  feeCents: number;
  netCents: number;
  /** The charge, refund, dispute or payout it belongs to. */
  source: string | null;
  createdAt: Date;
}

/** A payout of the balance to the practice's bank account. */
export interface Payout {
  payout: string;
  amountCents: number;
  /** Stripe's own name for the state: `paid`, `pending`, `in_transit`, `canceled`, `failed`. */
  status: string;
  /** The day on which it arrives, at midnight UTC. */
  arrivesAt: Date;
}

/** The lines of the books, by kind. */
export interface BookLines {
  intents: BookIntent[];
  charges: BookCharge[];
  refunds: BookRefund[];
  disputes: BookDispute[];
  movements: BookMovement[];
}

/** The books, kind by kind, a page of 100 lines per call. */
export type Books = {
  [Kind in keyof BookLines]: () => AsyncGenerator<BookLines[Kind][number]>;
};
