import type { Scene } from '../scene.ts';
import type { Person } from '../truth.ts';
import { customerOf } from './stripe.ts';

/**
 * The year's fee of a person is charged by another program on the same Stripe account: before levy
 * begins, which it has to see, or when it has charged already, which it cannot help and must name.
 */
export async function chargeElsewhere(scene: Scene, person: Person): Promise<void> {
  const { setting, outside, stripe, plain } = scene;
  const customer = customerOf(scene, person);
  if (!customer) return;
  const now = setting.timeline.now();
  const own = [...stripe.books.intents.values()].filter((one) => one.customer === customer.id);
  const isBefore = now < setting.plan.openAt;
  if (!isBefore && !own.some(({ status }) => status === 'succeeded')) return;
  const rate = await plain.rates.get('theranest', new Date(now).getUTCFullYear());
  if (!rate) return;
  const pays = !isBefore || setting.random.chance(0.6);
  const intent = outside.chargeElsewhere(customer, rate.amountCents, pays);
  setting.note(`${person.plan.ref} is charged elsewhere: ${intent.id} ${intent.status}`);
}
