import { createPayments } from '../../../gateways/stripe/client.ts';
import type { Scenario } from '../scenario.ts';
import type { Person } from '../expected.ts';
import { customerOf, newCard } from './stripe.ts';

/**
 * After the last letter some people give another card: on the page the letter names, which takes
 * the fee up again, or elsewhere, for whatever they pay there, which does not.
 */
export async function giveCardAfterAll(
  scenario: Scenario,
  person: Person,
  feeId: string,
): Promise<void> {
  const { random, note } = scenario.environment;
  const isHere = random.chance(0.5);
  note(`event: ${person.plan.ref} gives a card ${isHere ? 'on the page' : 'elsewhere'}`);
  if (isHere) await giveOnPage(scenario, person, feeId);
  else newCard(scenario, person);
  scenario.kick(1_000);
}

/** Opens the page as its route does and gives a card there; asks again while Stripe is away. */
export async function giveOnPage(scenario: Scenario, person: Person, feeId: string): Promise<void> {
  const { environment, outside } = scenario;
  const { timeline, random, note } = environment;
  const payments = createPayments(
    environment.stripe({ decidedAt: timeline.now(), site: environment.site, isAlive: () => true }),
  );
  for (let tries = 0; tries < 5; tries += 1) {
    const customer = customerOf(scenario, person);
    if (!customer) return;
    try {
      const returnUrl = 'https://sunrise.example/card-saved';
      const page = await payments.cardLink({ customer: customer.id, returnUrl, feeId });
      await timeline.sleep(random.between(30, 600) * 1_000);
      outside.complete(page.session);
      return;
    } catch (error) {
      note(`the card page does not open: ${String(error)}`);
      await timeline.sleep(random.between(1, 10) * 3_600_000);
    }
  }
}
