import type { Scenario } from '../scenario.ts';
import type { Try } from '../account/books.ts';
import { everOf, grouped, type FeeFacts } from './facts.ts';
import type { Violation } from './violation.ts';

/** The networks' and our own limits, by the bank's side of it. */
export function checkCards(scenario: Scenario, fees: FeeFacts[]): Violation[] {
  return fees.flatMap((fee) => {
    const byCard = grouped(fee.tries, ({ fingerprint, version }) => `${fingerprint} ${version}`);
    return [...byCard.values()].flatMap((tries) => checkCard(scenario, fee, tries));
  });
}

function checkCard({ environment }: Scenario, fee: FeeFacts, all: Try[]): Violation[] {
  const { policy } = environment.plan;
  const { feeId } = fee;
  const found: Violation[] = [];
  const breach = (what: string) => found.push({ invariant: '12 card limits', feeId, what });
  const tries = all.filter(({ by }) => by === 'levy');
  const asks = everOf(fee, 'retry_asked');
  const cards = everOf(fee, 'card_updated');
  // A person who lets go of a fee that waits for one says that it may be tried again.
  const said = [...asks, ...cards, ...everOf(fee, 'released')];
  const declined = tries.filter(({ result }) => result === 'declined');
  // Another customer is announced anew, and begins anew.
  const begun = 1 + asks.length + cards.length + everOf(fee, 'customer_changed').length;
  if (declined.length > policy.attemptsMax * begun)
    breach(`${declined.length} declined tries of one card`);
  for (const one of tries)
    if (all.some(({ forbidden, at }) => forbidden && at < one.decidedAt))
      breach(`${one.charge} after the bank had said never again`);
  tries.forEach((one, index) => {
    const before = tries[index - 1];
    if (!before) return;
    const freed = said.some(({ at }) => at > before.at && at <= one.at);
    if (!freed && one.at - before.at < policy.retrySoonMs && before.result === 'declined')
      breach(`${one.charge} came ${one.at - before.at} ms after the decline before it`);
  });
  return found;
}
