import { DAY_MS, HOUR_MS } from '../plan.ts';
import { feeOf, type Scenario } from '../scenario.ts';
import type { Card, Customer, Intent } from '../account/books.ts';
import type { Person } from '../expected.ts';
import { change } from './roster.ts';

/** The clinician gives another card, on the page of Stripe's; false when there is no customer. */
export function newCard(scenario: Scenario, person: Person): boolean {
  const customer = customerOf(scenario, person);
  if (customer) scenario.outside.addCard(customer);
  return customer !== undefined;
}

/** The bank sends new data for the same card. */
export function renewCard(scenario: Scenario, person: Person): void {
  const card = cardOf(scenario, person);
  if (card) scenario.outside.renewCard(card);
}

export function detachCard(scenario: Scenario, person: Person): void {
  const card = cardOf(scenario, person);
  if (card) scenario.outside.detachCard(card);
}

/** Somebody deletes the customer at Stripe; the practice may make a new one days later. */
export async function deleteCustomer(scenario: Scenario, person: Person): Promise<void> {
  const { timeline, random } = scenario.environment;
  const customer = customerOf(scenario, person);
  if (!customer) return;
  scenario.outside.deleteCustomer(customer);
  if (random.chance(0.4)) return;
  await timeline.sleep(random.between(HOUR_MS, 20 * DAY_MS));
  await newCustomer(scenario, person);
}

/** The practice makes a customer with a card at Stripe, and puts it on the roster. */
export async function newCustomer(scenario: Scenario, person: Person): Promise<void> {
  const { timeline, random } = scenario.environment;
  const made = scenario.outside.addCustomer(person.plan.ref);
  const card = scenario.outside.addCard(made);
  // Often the roster hears of it when Stripe's own news of the card has long been and gone.
  if (random.chance(0.8)) await timeline.sleep(random.between(HOUR_MS, 5 * DAY_MS));
  const paymentMethod = random.chance(0.5) ? card.id : null;
  await change(scenario, person, { stripeCustomer: made.id, paymentMethod }, card.id);
}

/** Somebody does something with the fee's intent at Stripe's dashboard. */
export async function atDashboard(
  scenario: Scenario,
  person: Person,
  what: 'pay' | 'cancel' | 'refund' | 'dispute',
): Promise<void> {
  const intent = await intentOf(scenario, person);
  if (!intent) return;
  const { outside, environment } = scenario;
  const charge = scenario.stripe.books.charges.get(intent.latest_charge ?? '');
  const did =
    what === 'dispute' ? charge !== undefined && outside.dispute(charge) : outside[what](intent);
  environment.note(`dashboard: ${what} ${intent.id}: ${did ? 'done' : 'not possible'}`);
}

async function intentOf(scenario: Scenario, person: Person): Promise<Intent | undefined> {
  const feeId = await feeOf(scenario, person);
  const intents = [...scenario.stripe.books.intents.values()];
  return intents.findLast(({ metadata }) => feeId !== null && metadata.fee === feeId);
}

function cardOf(scenario: Scenario, person: Person): Card | undefined {
  return scenario.stripe.books.card(customerOf(scenario, person)?.defaultCard ?? null);
}

/** The person's own customer, whatever the roster says of them, unless it was deleted. */
export function customerOf({ stripe }: Scenario, { plan }: Person): Customer | undefined {
  const latest = stripe.books.customerOf(plan.ref);
  return latest?.deleted ? undefined : latest;
}
