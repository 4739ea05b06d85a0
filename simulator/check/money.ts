import type { Scene } from '../scene.ts';
import { entriesOf, type FeeFacts, type Violation } from './facts.ts';

/** What Stripe's true books say about money: once, announced, the right amount, given back. */
export function checkMoney(scene: Scene, fees: FeeFacts[]): Violation[] {
  return [...fees.flatMap((fee) => moneyOf(scene, fee)), ...twice(scene, fees)];
}

/** At most one charge of a clinician has succeeded, whatever fees levy believes there are. */
function twice({ stripe, truth }: Scene, fees: FeeFacts[]): Violation[] {
  return truth.people.flatMap((person) => {
    const own = fees.filter((fee) => fee.person === person);
    const succeeded = [...stripe.books.charges.values()].filter(
      ({ status, metadata }) =>
        status === 'succeeded' && own.some(({ feeId }) => feeId === metadata.fee),
    );
    if (succeeded.length <= 1) return [];
    const what = `${person.plan.ref} was charged ${succeeded.length} times`;
    return [{ invariant: '1 charged once', feeId: own[0]?.feeId ?? null, what }];
  });
}

function moneyOf({ stripe }: Scene, fee: FeeFacts): Violation[] {
  const { feeId, rateCents, tries } = fee;
  const found: Violation[] = [];
  const breach = (invariant: string, what: string) => found.push({ invariant, feeId, what });
  for (const { amountCents, charge } of tries)
    if (amountCents !== rateCents)
      breach('5 amount', `${charge} is of ${amountCents} cents, the rate of ${rateCents}`);
  const attempts = entriesOf(fee, 'attempted').length;
  const asked = tries.filter(({ by }) => by === 'levy').length;
  if (asked > attempts)
    breach('11 one try per attempt', `the bank was asked ${asked} times for ${attempts} attempts`);
  const keys = tries.flatMap(({ by, key }) => (by === 'levy' ? [key ?? 'none'] : []));
  if (new Set(keys).size < keys.length) breach('11 one try per attempt', 'a key asked twice');
  if (mustBeFree(fee)) {
    const kept = keptCents(stripe, feeId);
    if (kept > 0) breach('4 given back', `${kept} cents were kept though waived or refunded`);
  }
  for (const { at } of fee.mails.filter(({ messageId }) => messageId.includes('-refunded-')))
    if (!isGivenBack(stripe, fee, at))
      breach('4 given back', 'a refund was told before it was one');
  return found;
}

/** Whether some money of the fee was really on its way back at that moment. */
function isGivenBack({ books }: Scene['stripe'], { feeId }: FeeFacts, at: number): boolean {
  const own = new Set(
    [...books.intents.values()].flatMap((one) => (one.metadata.fee === feeId ? [one.id] : [])),
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
function keptCents({ books }: Scene['stripe'], feeId: string): number {
  const charges = [...books.charges.values()].filter(
    ({ status, metadata }) => status === 'succeeded' && metadata.fee === feeId,
  );
  return charges.reduce((sum, { id, amount }) => {
    const back = [...books.refunds.values()].filter(
      ({ charge, status }) => charge === id && status === 'succeeded',
    );
    return sum + amount - back.reduce((total, one) => total + one.amount, 0);
  }, 0);
}
