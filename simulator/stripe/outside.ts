import type { Card, Charge, Customer, Intent, Mood } from './books.ts';
import { cancelIntent, confirmIntent } from './intents.ts';
import { drawMood } from './network.ts';
import { closeDispute, createRefund, openDispute } from './refunds.ts';
import type { StripeWorld } from './world.ts';

const DAY_MS = 86_400_000;

/** What happens at Stripe without levy: by cardholders, banks and people at the dashboard. */
export function outside(world: StripeWorld) {
  const { books, random } = world;
  let numbers = 0;

  function addCustomer(): Customer {
    const customer: Customer = { id: world.newId('cus'), deleted: false, defaultCard: null };
    books.customers.set(customer.id, customer);
    return customer;
  }

  /** A new card on the customer's file, which becomes the one to charge. */
  function addCard(customer: Customer, mood: Mood = drawMood(random)): Card {
    const number = (numbers += 1);
    const card: Card = {
      id: world.newId('pm'),
      customer: customer.id,
      brand: random.pick(['visa', 'mastercard', 'amex']),
      last4: String(1000 + number),
      fingerprint: `fp${number}`,
      version: 1,
      changedAt: world.now(),
      mood,
    };
    books.cards.set(card.id, card);
    customer.defaultCard = card.id;
    world.emit('payment_method.attached', { id: card.id, customer: customer.id }, false);
    return card;
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
    const asker = { by: 'outside', key: null, decidedAt: world.now() } as const;
    return tried(() => confirmIntent(world, intent.id, card.id, asker));
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
    renewCard,
    detachCard,
    deleteCustomer,
    pay,
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
