import type { Card, Event, Intent, Session } from './books.ts';
import { missing } from './errors.ts';
import type { StripeWorld } from './world.ts';

/** What a list may be narrowed to; `created` in seconds. */
export interface Filter {
  customer?: string;
  payment_intent?: string;
  charge?: string;
  source?: string;
  created?: { gte?: number; lt?: number };
}

/** Which events are asked for; `gte` in seconds. */
export interface EventFilter {
  types: string[];
  created: { gte: number };
}

/** The books as the API shows them, with what the gateway asks to be expanded. */
export function render({ books }: StripeWorld) {
  const list = <T>(data: T[]) => ({ object: 'list', data, has_more: false });
  const newest = <T>(all: Iterable<T>, keep: (one: T) => boolean = () => true) =>
    list([...all].filter(keep).reverse());

  function card(id: string) {
    const found = books.cards.get(id);
    if (!found) throw missing('payment_method');
    return method(found);
  }

  function method({ id, customer, brand, last4, fingerprint, version }: Card) {
    const exp = { exp_month: 12, exp_year: 2028 + version };
    return { id, object: 'payment_method', customer, card: { brand, last4, fingerprint, ...exp } };
  }

  function intent(one: Intent) {
    const charge = books.charges.get(one.latest_charge ?? '');
    const refunds = list(
      [...books.refunds.values()].filter((refund) => refund.charge === charge?.id).reverse(),
    );
    return {
      ...one,
      object: 'payment_intent',
      latest_charge: charge ? { ...charge, object: 'charge', refunds } : null,
    };
  }

  return {
    card,
    intent,
    customer(id: string) {
      const customer = books.customers.get(id);
      if (!customer) throw missing('id');
      if (customer.deleted) return { id, object: 'customer', deleted: true };
      const { defaultCard } = customer;
      const standard = defaultCard ? card(defaultCard) : null;
      return { id, object: 'customer', invoice_settings: { default_payment_method: standard } };
    },
    cardsOf: (customer: string) =>
      list([...books.cards.values()].filter((one) => one.customer === customer).map(method)),
    intents: (of: Filter) =>
      list([...books.intents.values()].filter(fits(of)).reverse().map(intent)),
    session: ({ id, url, status, customer, created, setup_intent }: Session) => ({
      ...{ id, url, status, customer, created, setup_intent },
      object: 'checkout.session',
      mode: 'setup',
    }),
    events: ({ types, created }: EventFilter) =>
      list(
        books.events
          .filter((one) => types.includes(one.type) && one.createdAt >= created.gte * 1_000)
          .reverse()
          .map(eventShown),
      ),
    refunds: (of: Filter) => newest(books.refunds.values(), fits(of)),
    disputes: (of: Filter) => newest(books.disputes.values(), fits(of)),
    charges: (of: Filter) => newest(books.charges.values(), fits(of)),
    movements: (of: Filter) => newest(books.movements, fits(of)),
  };
}

/** Whether an object has all that is asked for. */
function fits({ created: { gte = 0, lt = Infinity } = {}, ...of }: Filter) {
  const wanted = (['customer', 'payment_intent', 'charge', 'source'] as const).filter(
    (name) => of[name] !== undefined,
  );
  return (one: { created: number } & Omit<Filter, 'created'>) =>
    one.created >= gte && one.created < lt && wanted.every((name) => one[name] === of[name]);
}

/** An event with as much of its object as tells who it is about. */
function eventShown({ id, type, createdAt, objectId, ...about }: Event) {
  const object = {
    id: objectId,
    object: type.slice(0, type.lastIndexOf('.')),
    customer: about.customer,
    payment_intent: about.intent,
    payment_method: about.paymentMethod,
    metadata: about.feeId ? { fee: about.feeId } : {},
  };
  const created = Math.floor(createdAt / 1_000);
  return { id, object: 'event', type, created, livemode: false, data: { object } };
}
