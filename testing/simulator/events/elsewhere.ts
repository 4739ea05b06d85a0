import type { Scenario } from '../scenario.ts';
import type { Person } from '../expected.ts';
import { customerOf } from './stripe.ts';

/**
 * The year's fee of a person is charged by another program on the same Stripe account: before levy
 * begins, which it has to see, or when it has charged already, which it cannot help and must name.
 */
export async function chargeElsewhere(scenario: Scenario, person: Person): Promise<void> {
  const { environment, outside, stripe, plain } = scenario;
  const customer = customerOf(scenario, person);
  if (!customer) return;
  const now = environment.timeline.now();
  const own = [...stripe.books.intents.values()].filter((one) => one.customer === customer.id);
  const isBefore = now < environment.plan.openAt;
  if (!isBefore && !own.some(({ status }) => status === 'succeeded')) return;
  const rate = await plain.rates.get('theranest', new Date(now).getUTCFullYear());
  if (!rate) return;
  const pays = !isBefore || environment.random.chance(0.6);
  const intent = outside.chargeElsewhere(customer, rate.amountCents, pays);
  environment.note(`${person.plan.ref} is charged elsewhere: ${intent.id} ${intent.status}`);
}
