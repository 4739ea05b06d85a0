import type { Card, Charge, Customer, Intent, Mood, Session } from './books.ts';
import { cancelIntent, confirmIntent, createIntent } from './intents.ts';
import { drawMood } from './network.ts';
import { closeDispute, createRefund, openDispute } from './refunds.ts';
import type { StripeWorld } from './world.ts';

const DAY_MS = 86_400_000;

/** What happens at Stripe without levy: by cardholders, banks and people at the dashboard. */
export function outside(world: StripeWorld) {
  const { books, random } = world;
  let numbers = 0;

  function addCustomer(owner: string): Customer {
    const id = world.newId('cus');
    const customer: Customer = { id, owner, deleted: false, defaultCard: null };
    books.customers.set(customer.id, customer);
    return customer;
  }

  /**
   * A new card on the customer's file, which becomes the one to charge. `twin`: the card with the
   * same number on another customer's file, as when a practice pays for several people.
   */
  function addCard(customer: Customer, twin?: Card, mood: Mood = drawMood(random)): Card {
    const number = (numbers += 1);
    const card: Card = {
      id: world.newId('pm'),
      customer: customer.id,
      holder: customer.id,
      brand: random.pick(['visa', 'mastercard', 'amex']),
      last4: String(1000 + number),
      fingerprint: twin?.fingerprint ?? `fp${number}`,
      version: 1,
      changedAt: world.now(),
      mood,
    };
    books.cards.set(card.id, card);
    customer.defaultCard = card.id;
    world.emit('payment_method.attached', { id: card.id, customer: customer.id }, false);
    return card;
  }

  /** The customer gives a card on the page; false when it is used or closed. */
  function complete(session: Session): boolean {
    const customer = books.customers.get(session.customer);
    if (session.status !== 'open' || !customer || customer.deleted) return false;
    const card = addCard(customer);
    Object.assign(session, { status: 'complete', url: null, completedAt: world.now() });
    const { setup_intent: setup, metadata } = session;
    const about = { customer: customer.id, payment_method: card.id };
    world.emit('setup_intent.succeeded', { id: setup, metadata, ...about }, false);
    world.emit('checkout.session.completed', { id: session.id, customer: customer.id }, false);
    return true;
  }

  /** The bank sent new data for the same card: what was wrong with it may be over. */
  function renewCard(card: Card): void {
    card.version += 1;
    card.changedAt = world.now();
    card.mood = drawMood(random);
    const about = { id: card.id, customer: card.customer };
    world.emit('payment_method.automatically_updated', about, false);
  }

  function detachCard(card: Card): void {
    const customer = books.customers.get(card.customer ?? '');
    card.customer = null;
    if (customer?.defaultCard === card.id) customer.defaultCard = null;
    world.emit('payment_method.detached', { id: card.id }, false);
  }

  function deleteCustomer(customer: Customer): void {
    customer.deleted = true;
    customer.defaultCard = null;
    for (const card of books.cards.values())
      if (card.customer === customer.id) card.customer = null;
    world.emit('customer.deleted', { id: customer.id }, false);
  }

  /**
   * Somebody pays the fee's intent at the dashboard. Tries that are declined there are left out:
   * the ledger hears of payments, not of every try of somebody else.
   */
  function pay(intent: Intent): boolean {
    const card = books.cards.get(books.customers.get(intent.customer)?.defaultCard ?? '');
    if (!card || (card.mood.answer !== 'approve' && card.mood.tries > 0)) return false;
    const asker = { by: 'outside', key: null, decidedAt: world.now(), site: null } as const;
    return tried(() => confirmIntent(world, intent.id, card.id, asker));
  }

  /**
   * Another program of the practice's, or an old version of levy, charges the year's fee. Its
   * intent names the fee as nobody here would. `pays` false: the intent is left unpaid.
   */
  function chargeElsewhere(customer: Customer, amount: number, pays: boolean): Intent {
    const fee = world.newId('fee');
    const metadata = { fee, year: String(new Date(world.now()).getUTCFullYear()) };
    const wish = { amount, customer: customer.id, description: `fee ${fee}`, metadata };
    const intent = createIntent(world, wish);
    const asker = { by: 'outside', key: null, decidedAt: world.now(), site: null } as const;
    const card = customer.defaultCard;
    if (card && pays) tried(() => confirmIntent(world, intent.id, card, asker));
    return intent;
  }

  function cancel(intent: Intent): boolean {
    return tried(() => cancelIntent(world, intent.id, false));
  }

  /** A refund at the dashboard, often of a part; it does not carry the fee's id. */
  function refund(intent: Intent): boolean {
    const amountCents = random.chance(0.5) ? undefined : random.between(100, intent.amount - 1);
    const wish = { intent: intent.id, metadata: {}, ...(amountCents ? { amountCents } : {}) };
    return tried(() => createRefund(world, wish, false));
  }

  /** A chargeback, decided weeks later, or never. */
  function dispute(charge: Charge): boolean {
    const opened = openDispute(world, charge);
    if (!opened) return false;
    const won = random.chance(0.5);
    if (random.chance(0.8))
      world.later(random.between(5, 60) * DAY_MS, () => closeDispute(world, opened, won));
    return true;
  }

  return {
    addCustomer,
    addCard,
    complete,
    renewCard,
    detachCard,
    deleteCustomer,
    pay,
    chargeElsewhere,
    cancel,
    refund,
    dispute,
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
