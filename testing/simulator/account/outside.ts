import { attach, cast, detach } from '../../../sandbox/stripe/resources/payment-methods.ts';
import { completeWith } from '../../../sandbox/stripe/resources/checkout.ts';
import {
  createCustomer,
  deleteCustomer as removeCustomer,
  updateCustomer,
} from '../../../sandbox/stripe/resources/customers.ts';
import { endDispute, openDispute } from '../../../sandbox/stripe/resources/disputes.ts';
import type { PaymentMethod } from '../../../sandbox/stripe/resources/objects.ts';
import {
  cancelIntent,
  confirmIntent,
  createIntent,
} from '../../../sandbox/stripe/resources/payment-intents.ts';
import { createRefund } from '../../../sandbox/stripe/resources/refunds.ts';
import type { Timeline } from '../timeline.ts';
import type { StripeAccount } from './account.ts';
import type { AccountCharge, Card, Customer, Intent } from './books.ts';
import { approves, drawBehaviour, type CardBehaviour } from './card-behaviour.ts';

const DAY_MS = 86_400_000;

/** What happens at Stripe without levy: by cardholders, banks and people at the dashboard. */
export type Outside = ReturnType<typeof outside>;

/** Everything that the outside world can do with an account. */
export function outside(account: StripeAccount, timeline: Timeline) {
  const { books, world, random } = account;
  return {
    ...cardholders(account),

    /**
     * Somebody pays the fee's intent at the dashboard. Tries that are declined there are left out:
     * the ledger hears of payments, not of every try of somebody else.
     */
    pay(intent: Intent): boolean {
      const card = books.card(books.customer(intent.customer)?.defaultCard ?? null);
      if (!card || !approves(card.behaviour)) return false;
      return tried(() => confirmIntent(world, { payment_method: card.id }, intent.id));
    },

    /**
     * Another program of the practice, or an old version of levy, charges the year's fee. Its
     * intent names the fee as nobody here would. `pays` false: the intent is left unpaid.
     */
    chargeElsewhere(customer: Customer, amount: number, pays: boolean): Intent {
      const fee = world.newId('fee_', 24);
      const metadata = { fee, year: String(new Date(world.nowMs()).getUTCFullYear()) };
      const intent = createIntent(world, {
        ...{ amount, metadata, currency: 'usd', customer: customer.id },
        automatic_payment_methods: { enabled: true, allow_redirects: 'never' },
        description: `fee ${fee}`,
      });
      const card = customer.defaultCard;
      if (card && pays)
        tried(() => confirmIntent(world, { payment_method: card, off_session: true }, intent.id));
      return intent as Intent;
    },

    cancel: (intent: Intent): boolean => tried(() => cancelIntent(world, {}, intent.id)),

    /** A refund at the dashboard, often of a part; it does not carry the fee's id. */
    refund(intent: Intent): boolean {
      const part = random.chance(0.5) ? undefined : random.between(100, intent.amount - 1);
      const charge = books.charges.get(intent.latest_charge ?? '');
      const left = (charge?.amount ?? 0) - (charge?.amount_refunded ?? 0);
      const amount = part && Math.min(part, left || part);
      return tried(() =>
        createRefund(world, { payment_intent: intent.id, ...(amount ? { amount } : {}) }),
      );
    },

    /** A chargeback, decided weeks later, or never. */
    dispute(charge: AccountCharge): boolean {
      if (charge.status !== 'succeeded' || charge.disputed || charge.amount_refunded > 0)
        return false;
      const { id } = openDispute(world, charge.id);
      const status = random.chance(0.5) ? 'won' : 'lost';
      if (random.chance(0.8))
        timeline.at(timeline.now() + random.between(5, 60) * DAY_MS, () => {
          endDispute(world, id, status);
        });
      return true;
    },
  };
}

/** Customers and their cards. */
function cardholders({ books, world, random }: StripeAccount) {
  let numbers = 0;

  function addCustomer(owner: string): Customer {
    const { id } = createCustomer(world, {});
    books.owners.set(id, owner);
    return { id, owner, deleted: false, defaultCard: null };
  }

  /** A card that is on nobody's file yet. `twin`: the card with the same number. */
  function newCard(
    holder: string,
    twin?: Card,
    behaviour: CardBehaviour = drawBehaviour(random),
  ): PaymentMethod {
    const number = (numbers += 1);
    const brand = random.pick(['visa', 'mastercard', 'amex']);
    const look = { brand, last4: String(1000 + number), funding: 'credit' } as const;
    const method = cast(world, 'simulated', look, twin?.fingerprint ?? `fp${number}`);
    books.cardFacts.set(method.id, { holder, version: 1, changedAt: world.nowMs(), behaviour });
    return method;
  }

  /** From now on this card is the one to charge. */
  function makeDefault(customer: string, card: string): void {
    updateCustomer(world, { invoice_settings: { default_payment_method: card } }, customer);
  }

  return {
    addCustomer,

    /**
     * A new card on the customer's file, which becomes the one to charge. `twin`: the card with
     * the same number on another customer's file, as when a practice pays for several people.
     */
    addCard({ id }: Customer, twin?: Card, behaviour?: CardBehaviour): Card {
      const method = newCard(id, twin, behaviour);
      attach(world, method, id);
      makeDefault(id, method.id);
      return books.card(method.id) as Card;
    },

    /** The customer gives a card on the page; false when it is used or closed. */
    complete(sessionId: string): boolean {
      const session = world.store.sessions.get(sessionId);
      const customer = books.customer(session?.customer ?? null);
      if (session?.status !== 'open' || !customer || customer.deleted) return false;
      const method = newCard(customer.id);
      completeWith(world, session, method);
      makeDefault(customer.id, method.id);
      const setup = world.store.setupIntents.get(session.setup_intent ?? '');
      books.cardsGiven.push({ feeId: setup?.metadata?.fee ?? null, at: world.nowMs() });
      return true;
    },

    /** The bank sent new data for the same card: what was wrong with it may be over. */
    renewCard({ id }: Card): void {
      const method = world.store.paymentMethods.get(id);
      const facts = books.cardFacts.get(id);
      if (!method || !facts) return;
      const before = { card: { ...method.card } };
      method.card.exp_year += 1;
      Object.assign(facts, { version: facts.version + 1, changedAt: world.nowMs() });
      facts.behaviour = drawBehaviour(random);
      world.store.paymentMethods.put(method);
      world.emit('payment_method.automatically_updated', method, before);
    },

    detachCard({ id }: Card): void {
      const method = world.store.paymentMethods.get(id);
      if (method) detach(world, method);
    },

    deleteCustomer: ({ id }: Customer): void => void removeCustomer(world, undefined, id),
  };
}

/** What Stripe refuses to a person at the dashboard simply does not happen. */
function tried(act: () => unknown): boolean {
  try {
    act();
    return true;
  } catch {
    return false;
  }
}
