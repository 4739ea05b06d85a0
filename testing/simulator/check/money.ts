import type { EntryData } from '../../../core/fee/fee.ts';
import type { Scenario } from '../scenario.ts';
import { doubles } from './doubles.ts';
import { everOf, personOf, type FeeFacts } from './facts.ts';
import type { Violation } from './violation.ts';

/** What Stripe's true books say about money: once, announced, the right amount, given back. */
export function checkMoney(scenario: Scenario, fees: FeeFacts[]): Violation[] {
  return [...fees.flatMap((fee) => moneyOf(scenario, fee)), ...twice(scenario)];
}

/**
 * At most one charge of a clinician has succeeded and was not given back, whatever ledgers and fees
 * there were. What another program took when levy had decided already is not levy's to answer for.
 */
function twice(scenario: Scenario): Violation[] {
  const { tries, paidAt } = scenario.stripe.books;
  return doubles(scenario).flatMap(({ ref, charges }) => {
    const ours = charges.filter((charge, index) => {
      const asked = tries.find((one) => one.charge === charge.id);
      const before = paidAt.get(charges[index - 1]?.id ?? '');
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

function moneyOf(scenario: Scenario, fee: FeeFacts): Violation[] {
  const { feeId, rates, tries } = fee;
  const found: Violation[] = [];
  const breach = (invariant: string, what: string) => found.push({ invariant, feeId, what });
  for (const { by, amountCents, charge, intent } of tries) {
    const isOurs =
      by === 'levy' || scenario.stripe.books.intents.get(intent)?.metadata.fee === feeId;
    if (isOurs && !rates.has(amountCents))
      breach('5 amount', `${charge} is of ${amountCents} cents, not of the rate`);
  }
  const attempts = everOf(fee, 'attempted').length;
  const asked = tries.filter(({ by }) => by === 'levy').length;
  if (asked > attempts)
    breach('11 one try per attempt', `the bank was asked ${asked} times for ${attempts} attempts`);
  const keys = tries.flatMap(({ by, key }) => (by === 'levy' ? [key ?? 'none'] : []));
  if (new Set(keys).size < keys.length) breach('11 one try per attempt', 'a key asked twice');
  // A payment that Stripe was still processing may have been declined later.
  const refused = new Set(
    tries.flatMap(({ charge, result }) => (result === 'approved' ? [] : [charge])),
  );
  for (const { data } of everOf(fee, 'declined').filter(isOfBank))
    if (data.charge === null || !refused.has(data.charge))
      breach(
        '19 declines',
        `attempt ${data.attempt} is down as declined, and no bank has declined`,
      );
  if (mustBeFree(fee)) {
    const kept = keptCents(scenario, fee);
    if (kept > 0) breach('4 given back', `${kept} cents were kept though waived or refunded`);
  }
  for (const { at } of fee.mails.filter(({ messageId }) => messageId.includes('-refunded-')))
    if (!isGivenBack(scenario, fee, at))
      breach('4 given back', 'a refund was told before it was one');
  return found;
}

/** A decline by a bank that levy saw itself. Stripe alone asks for authentication. */
function isOfBank({ data }: { data: EntryData['declined'] }): boolean {
  return data.sentToNetwork && !data.adopted && data.code !== 'authentication_required';
}

/** Whether some money of the fee was really on its way back at that moment. */
function isGivenBack(scenario: Scenario, { person }: FeeFacts, at: number): boolean {
  const { books } = scenario.stripe;
  const own = new Set(
    [...books.intents.values()].flatMap((one) =>
      isOf(scenario, one, person.plan.ref) ? [one.id] : [],
    ),
  );
  return [...books.refunds.values()].some(
    ({ id, payment_intent: intent }) => own.has(intent) && (books.sentAt.get(id) ?? Infinity) <= at,
  );
}

/** Waived or given back, and no refund has failed, which is a person's then. */
function mustBeFree(fee: FeeFacts): boolean {
  const kinds = new Set(fee.entries.map(({ kind }) => kind));
  if (kinds.has('refund_failed') || kinds.has('disputed')) return false;
  return kinds.has('waive_asked') || kinds.has('waived') || kinds.has('refund_asked');
}

/** What was taken and neither given back nor charged back. */
function keptCents({ stripe, environment }: Scenario, fee: FeeFacts): number {
  const { books } = stripe;
  const known = new Set(everOf(fee, 'intent_opened').map(({ data }) => data.intent));
  // Another installation that took money did not know of a waiver here, unless Stripe told of it.
  const taken = fee.tries.filter(({ site }) => site === null || site === environment.site);
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
  scenario: Scenario,
  { metadata, customer }: { metadata: Record<string, string>; customer: string },
  ref: string,
): boolean {
  const { fee } = metadata;
  return fee !== undefined && personOf(scenario, { feeId: fee, customer }) === ref;
}
