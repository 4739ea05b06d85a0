import { DAY_MS, HOUR_MS } from '../plan.ts';
import { feeOf, type Scene } from '../scene.ts';
import type { Card, Customer, Intent } from '../stripe/books.ts';
import type { Person } from '../truth.ts';
import { change } from './roster.ts';

/** The clinician gives another card, on the page of Stripe's; false when there is no customer. */
export function newCard(scene: Scene, person: Person): boolean {
  const customer = customerOf(scene, person);
  if (customer) scene.outside.addCard(customer);
  return customer !== undefined;
}

/** The bank sends new data for the same card. */
export function renewCard(scene: Scene, person: Person): void {
  const card = cardOf(scene, person);
  if (card) scene.outside.renewCard(card);
}

export function detachCard(scene: Scene, person: Person): void {
  const card = cardOf(scene, person);
  if (card) scene.outside.detachCard(card);
}

/** Somebody deletes the customer at Stripe; the practice may make a new one days later. */
export async function deleteCustomer(scene: Scene, person: Person): Promise<void> {
  const { timeline, random } = scene.setting;
  const customer = customerOf(scene, person);
  if (!customer) return;
  scene.outside.deleteCustomer(customer);
  if (random.chance(0.4)) return;
  await timeline.sleep(random.between(HOUR_MS, 20 * DAY_MS));
  await newCustomer(scene, person);
}

/** The practice makes a customer with a card at Stripe, and puts it on the roster. */
export async function newCustomer(scene: Scene, person: Person): Promise<void> {
  const { timeline, random } = scene.setting;
  const made = scene.outside.addCustomer(person.plan.ref);
  const card = scene.outside.addCard(made);
  // Often the roster hears of it when Stripe's own news of the card has long been and gone.
  if (random.chance(0.8)) await timeline.sleep(random.between(HOUR_MS, 5 * DAY_MS));
  const paymentMethod = random.chance(0.5) ? card.id : null;
  await change(scene, person, { stripeCustomer: made.id, paymentMethod }, card.id);
}

/** Somebody does something with the fee's intent at Stripe's dashboard. */
export async function atDashboard(
  scene: Scene,
  person: Person,
  what: 'pay' | 'cancel' | 'refund' | 'dispute',
): Promise<void> {
  const intent = await intentOf(scene, person);
  if (!intent) return;
  const { outside, setting } = scene;
  const charge = scene.stripe.books.charges.get(intent.latest_charge ?? '');
  const did =
    what === 'dispute' ? charge !== undefined && outside.dispute(charge) : outside[what](intent);
  setting.note(`dashboard: ${what} ${intent.id}: ${did ? 'done' : 'not possible'}`);
}

async function intentOf(scene: Scene, person: Person): Promise<Intent | undefined> {
  const feeId = await feeOf(scene, person);
  const intents = [...scene.stripe.books.intents.values()];
  return intents.findLast(({ metadata }) => feeId !== null && metadata.fee === feeId);
}

function cardOf(scene: Scene, person: Person): Card | undefined {
  return scene.stripe.books.cards.get(customerOf(scene, person)?.defaultCard ?? '');
}

/** The person's own customer, whatever the roster says of them, unless it was deleted. */
export function customerOf({ stripe }: Scene, { plan }: Person): Customer | undefined {
  const customers = [...stripe.books.customers.values()];
  const latest = customers.findLast(({ owner }) => owner === plan.ref);
  return latest?.deleted ? undefined : latest;
}
