import { createPayments } from '../../../gateways/stripe/payments.ts';
import type { Scene } from '../scene.ts';
import type { Person } from '../truth.ts';
import { customerOf, newCard } from './stripe.ts';

/**
 * After the last letter some people give another card: on the page the letter names, which takes
 * the fee up again, or elsewhere, for whatever they pay there, which does not.
 */
export async function giveCardAfterAll(scene: Scene, person: Person, feeId: string): Promise<void> {
  const { random, note } = scene.setting;
  const isHere = random.chance(0.5);
  note(`happening: ${person.plan.ref} gives a card ${isHere ? 'on the page' : 'elsewhere'}`);
  if (isHere) await giveOnPage(scene, person, feeId);
  else newCard(scene, person);
  scene.kick(1_000);
}

/** Opens the page as its route does and gives a card there; asks again while Stripe is away. */
export async function giveOnPage(scene: Scene, person: Person, feeId: string): Promise<void> {
  const { setting, outside, stripe } = scene;
  const { timeline, random, note } = setting;
  const payments = createPayments(
    setting.stripe({ decidedAt: timeline.now(), site: setting.site }),
  );
  for (let tries = 0; tries < 5; tries += 1) {
    const customer = customerOf(scene, person);
    if (!customer) return;
    try {
      const returnUrl = 'https://sunrise.example/card-saved';
      const page = await payments.cardLink({ customer: customer.id, returnUrl, feeId });
      const session = stripe.books.sessions.get(page.session);
      await timeline.sleep(random.between(30, 600) * 1_000);
      if (session) outside.complete(session);
      return;
    } catch (error) {
      note(`the card page does not open: ${String(error)}`);
      await timeline.sleep(random.between(1, 10) * 3_600_000);
    }
  }
}
