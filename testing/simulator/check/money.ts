import type { Scene } from '../scene.ts';
import { doubles } from './doubles.ts';
import { everOf, personOf, type FeeFacts, type Violation } from './facts.ts';

/** What Stripe's true books say about money: once, announced, the right amount, given back. */
export function checkMoney(scene: Scene, fees: FeeFacts[]): Violation[] {
  return [...fees.flatMap((fee) => moneyOf(scene, fee)), ...twice(scene)];
}

/**
 * At most one charge of a clinician has succeeded and was not given back, whatever ledgers and fees
 * there were. What another program took when levy had decided already is not levy's to answer for.
 */
function twice(scene: Scene): Violation[] {
  const { tries } = scene.stripe.books;
  return doubles(scene).flatMap(({ ref, charges }) => {
    const ours = charges.filter((charge, index) => {
      const asked = tries.find((one) => one.charge === charge.id);
      const before = charges[index - 1]?.paidAt;
      return before && asked?.by === 'levy' && before < asked.decidedAt;
    });
    // Two of levy's own that crossed each other are two all the same.
    const own = charges.filter(({ id }) =>
      tries.some(({ charge, by }) => charge === id && by === 'levy'),
    );
    if (ours.length === 0 && own.length < 2) return [];
    const what = `${ref} was charged ${charges.length} times`;
    return [{ invariant: '1 charged once', feeId: null, what }];
  });
}

function moneyOf(scene: Scene, fee: FeeFacts): Violation[] {
  const { feeId, rates, tries } = fee;
  const found: Violation[] = [];
  const breach = (invariant: string, what: string) => found.push({ invariant, feeId, what });
  for (const { by, amountCents, charge, intent } of tries) {
    const isOurs = by === 'levy' || scene.stripe.books.intents.get(intent)?.metadata.fee === feeId;
    if (isOurs && !rates.has(amountCents))
      breach('5 amount', `${charge} is of ${amountCents} cents, not of the rate`);
  }
  const attempts = everOf(fee, 'attempted').length;
  const asked = tries.filter(({ by }) => by === 'levy').length;
  if (asked > attempts)
    breach('11 one try per attempt', `the bank was asked ${asked} times for ${attempts} attempts`);
  const keys = tries.flatMap(({ by, key }) => (by === 'levy' ? [key ?? 'none'] : []));
  if (new Set(keys).size < keys.length) breach('11 one try per attempt', 'a key asked twice');
  if (mustBeFree(fee)) {
    const kept = keptCents(scene, fee);
    if (kept > 0) breach('4 given back', `${kept} cents were kept though waived or refunded`);
  }
  for (const { at } of fee.mails.filter(({ messageId }) => messageId.includes('-refunded-')))
    if (!isGivenBack(scene, fee, at)) breach('4 given back', 'a refund was told before it was one');
  return found;
}

/** Whether some money of the fee was really on its way back at that moment. */
function isGivenBack(scene: Scene, { person }: FeeFacts, at: number): boolean {
  const { books } = scene.stripe;
  const own = new Set(
    [...books.intents.values()].flatMap((one) =>
      isOf(scene, one, person.plan.ref) ? [one.id] : [],
    ),
  );
  return [...books.refunds.values()].some(
    ({ payment_intent: intent, sentAt }) => own.has(intent) && sentAt !== null && sentAt <= at,
  );
}

/** Waived or given back, and no refund has failed, which is a person's then. */
function mustBeFree(fee: FeeFacts): boolean {
  const kinds = new Set(fee.entries.map(({ kind }) => kind));
  if (kinds.has('refund_failed') || kinds.has('disputed')) return false;
  return kinds.has('waive_asked') || kinds.has('waived') || kinds.has('refund_asked');
}

/** What was taken and neither given back nor charged back. */
function keptCents({ stripe, setting }: Scene, fee: FeeFacts): number {
  const { books } = stripe;
  const known = new Set(everOf(fee, 'intent_opened').map(({ data }) => data.intent));
  // Another installation that took money did not know of a waiver here, unless Stripe told of it.
  const taken = fee.tries.filter(({ site }) => site === null || site === setting.site);
  const charges = [...books.charges.values()].filter(
    ({ id, status, payment_intent: intent }) =>
      status === 'succeeded' && known.has(intent) && taken.some(({ charge }) => charge === id),
  );
  return charges.reduce((sum, { id, amount }) => {
    const back = [...books.refunds.values()].filter(
      ({ charge, status }) => charge === id && status === 'succeeded',
    );
    return sum + amount - back.reduce((total, one) => total + one.amount, 0);
  }, 0);
}

/** Whether an intent or a charge is the person's fee of the year. */
function isOf(
  scene: Scene,
  { metadata, customer }: { metadata: Record<string, string>; customer: string },
  ref: string,
): boolean {
  const { fee } = metadata;
  return fee !== undefined && personOf(scene, { feeId: fee, customer }) === ref;
}
