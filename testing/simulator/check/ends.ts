import type { FeeStatus } from '../../../core/fee/fee.ts';
import type { Scenario } from '../scenario.ts';
import { hadEvidence } from '../expected.ts';
import { entriesOf, type FeeFacts } from './facts.ts';
import { awaitsInvoice } from './invoices.ts';
import type { Violation } from './violation.ts';

/** Where a fee with use may rest for good. */
const ENDS = new Set<FeeStatus>([
  'paid',
  'refunded',
  'disputed',
  'gave_up',
  'waived',
  'held',
  'needs_card',
  'notice_failed',
]);

/** When all is quiet, nobody is forgotten and nothing waits for nobody. */
export function checkEnds(scenario: Scenario, fees: FeeFacts[], openEvents: number): Violation[] {
  const found = [
    ...forgotten(scenario, fees),
    ...fees.flatMap((fee) => [...addressWaits(scenario, fee), ...cardWaits(scenario, fee)]),
  ];
  if (openEvents > 0)
    found.push({ invariant: '3 liveness', feeId: null, what: `${openEvents} events unhandled` });
  return found;
}

/** Everybody whose use stands and who works in this EHR came to an end with a name. */
function forgotten(scenario: Scenario, fees: FeeFacts[]): Violation[] {
  const { expected, environment } = scenario;
  const now = environment.timeline.now();
  return expected.people.flatMap((person) => {
    const { ref } = person.plan;
    if (!person.clinicianId || !hadEvidence(person, now, now)) return [];
    if (person.row.vendor !== 'theranest') return [];
    const fee = fees.find((one) => one.person === person);
    if (fee && (ENDS.has(fee.state) || awaitsInvoice(scenario, fee))) return [];
    const what = fee ? `${ref} has used a code and is ${fee.state}` : `${ref} has no fee`;
    return [{ invariant: '3 liveness', feeId: fee?.feeId ?? null, what }];
  });
}

/** A fee whose notice failed goes on with another address; the mail server knows what it saw. */
function addressWaits({ environment }: Scenario, { feeId, state, person }: FeeFacts): Violation[] {
  const { ref, email } = person.row;
  if (state !== 'notice_failed' || !email || environment.mailbox.known.has(email)) return [];
  const what = `no notice was ever sent to the address of ${ref}`;
  return [{ invariant: '3 liveness', feeId, what }];
}

const SETTLED_MS = 20 * 86_400_000;

/** A fee that waits for a card is charged when there is one that it has not been tried on. */
function cardWaits({ stripe, environment }: Scenario, fee: FeeFacts): Violation[] {
  if (fee.state !== 'needs_card') return [];
  const { books } = stripe;
  const customer = books.customer(fee.person.row.stripeCustomer);
  const named = books.card(fee.person.row.paymentMethod);
  // The roster's own word counts for more than what Stripe has for the customer.
  const isNamed = named && named.customer === customer?.id;
  const card = isNamed ? named : books.card(customer?.defaultCard ?? null);
  // An intent of a former customer takes no card of the present one.
  const bound = fee.intent ? books.intents.get(fee.intent)?.customer : customer?.id;
  if (!card || !customer || bound !== customer.id) return [];
  const since = [...entriesOf(fee, 'card_missing'), ...entriesOf(fee, 'declined')];
  const asked = Math.max(0, ...since.map(({ at }) => at));
  const wasTried = fee.tries.some(({ fingerprint }) => fingerprint === card.fingerprint);
  // Stripe dates its news to the second: what may be older than the decline is not tried again.
  const isNew = !wasTried || card.changedAt > asked + 1_000;
  if (!isNew || card.changedAt > environment.timeline.now() - SETTLED_MS) return [];
  const what = `waits for a card, and ${card.id} is on file since`;
  const when = new Date(card.changedAt).toISOString();
  return [{ invariant: '3 liveness', feeId: fee.feeId, what: `${what} ${when}` }];
}
