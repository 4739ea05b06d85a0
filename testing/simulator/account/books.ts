import type { Charge, PaymentIntent, Refund } from '../../../sandbox/stripe/resources/objects.ts';
import type { Store, Table } from '../../../sandbox/stripe/engine/store.ts';
import type { World } from '../../../sandbox/stripe/engine/world.ts';
import type { CardBehaviour } from './card-behaviour.ts';

/** An intent; here all of them have a customer. */
export type Intent = PaymentIntent & { customer: string };
export type AccountCharge = Charge & {
  customer: string;
  payment_intent: string;
  payment_method: string;
};
export type AccountRefund = Refund & { charge: string; payment_intent: string };

/** A customer as the practice knows it. */
export interface Customer {
  id: string;
  /** Whose it really is, by the practice's reference; Stripe does not know. */
  owner: string;
  deleted: boolean;
  defaultCard: string | null;
}

/** What only the simulator knows of a card. */
export interface CardFacts {
  /** Whose file it came on, also when it is detached. */
  holder: string;
  /** Grows when the bank sends new data for the same card. */
  version: number;
  /** When it came on file, or its data were renewed; ms of virtual time. */
  changedAt: number;
  behaviour: CardBehaviour;
}

/** A card, with what Stripe knows of it. */
export interface Card extends CardFacts {
  id: string;
  customer: string | null;
  fingerprint: string;
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
  /** Which installation of levy asked; null for somebody at the dashboard. */
  site: string | null;
  customer: string;
}

/**
 * What the checks read: the sandbox's own tables, and beside them what Stripe does not say. Times
 * in milliseconds of virtual time.
 */
export interface StripeBooks {
  intents: Pick<Table<Intent>, 'get' | 'values'>;
  charges: Pick<Table<AccountCharge>, 'get' | 'values'>;
  refunds: Pick<Table<AccountRefund>, 'get' | 'values'>;
  customer(id: string | null): Customer | undefined;
  /** The customer that was made last for somebody, by the practice's reference. */
  customerOf(owner: string): Customer | undefined;
  card(id: string | null): Card | undefined;
  cardFacts: Map<string, CardFacts>;
  /** Whose each customer is. */
  owners: Map<string, string>;
  tries: Try[];
  /** When the money of a charge was taken. */
  paidAt: Map<string, number>;
  /** When the money of a refund was really on its way back. */
  sentAt: Map<string, number>;
  /** The cards that were given on levy's own page, and for which fee. */
  cardsGiven: { feeId: string | null; at: number }[];
  /** The notice that each intent's metadata told of, and from when; '' for none. */
  notices: { at: number; intent: string; notice: string }[];
}

/** The books of an account whose objects are in this store. */
export function createBooks(store: Store): StripeBooks {
  const cardFacts = new Map<string, CardFacts>();
  const owners = new Map<string, string>();

  function card(id: string | null): Card | undefined {
    const method = store.paymentMethods.get(id ?? '');
    const facts = cardFacts.get(id ?? '');
    if (!method || !facts) return undefined;
    const { customer } = method;
    return { ...facts, id: method.id, customer, fingerprint: method.card.fingerprint ?? '' };
  }

  function customer(id: string | null): Customer | undefined {
    const found = store.customers.get(id ?? '');
    if (!found) return undefined;
    const owner = owners.get(found.id) ?? '';
    if (found.deleted) return { id: found.id, owner, deleted: true, defaultCard: null };
    const named = found.invoice_settings.default_payment_method as string | null;
    const isAttached = store.paymentMethods.get(named ?? '')?.customer === found.id;
    return { id: found.id, owner, deleted: false, defaultCard: isAttached ? named : null };
  }

  return {
    intents: store.paymentIntents as unknown as Table<Intent>,
    charges: store.charges as unknown as Table<AccountCharge>,
    refunds: store.refunds as unknown as Table<AccountRefund>,
    customer,
    customerOf(owner) {
      const own = [...owners].findLast(([, one]) => one === owner);
      return own && customer(own[0]);
    },
    card,
    cardFacts,
    owners,
    tries: [],
    paidAt: new Map(),
    sentAt: new Map(),
    cardsGiven: [],
    notices: [],
  };
}

/** Writes down what follows from an event and is not in Stripe's objects. */
export function noteEvent(
  books: StripeBooks,
  now: number,
  { type, object }: { type: string; object: object },
): void {
  const { id, status } = object as { id: string; status?: string };
  if (/^charge\.(succeeded|failed|pending)$/.test(type)) {
    // The bank is asked before the charge has its id.
    const latest = books.tries.at(-1);
    if (latest?.charge === '') latest.charge = id;
  }
  if (type === 'charge.succeeded') books.paidAt.set(id, now);
  const isRefund = type === 'refund.created' || type === 'refund.updated';
  if (isRefund && status === 'succeeded' && !books.sentAt.has(id)) books.sentAt.set(id, now);
}

/** Writes down what an intent's metadata tells of a notice, when a call has set it. */
export function noteNotice(
  { notices }: StripeBooks,
  world: World,
  { route, params, result }: { route: string; params: object; result: object },
): void {
  const { metadata } = params as { metadata?: Record<string, string> | '' };
  const isSet = metadata && metadata.notice !== undefined;
  if (!isSet || !/^payment_intents\.(create|update)$/.test(route)) return;
  const intent = result as PaymentIntent;
  const notice = intent.metadata.notice ?? '';
  if (notice || route.endsWith('update'))
    notices.push({ at: world.nowMs(), intent: intent.id, notice });
}
