import type { Ledger } from '../../ledger/ledger.ts';
import type { Processes } from './processes.ts';
import type { Operator } from './operator.ts';
import type { Environment } from './environment.ts';
import type { StripeAccount } from './account/account.ts';
import type { Outside } from './account/outside.ts';
import type { Person, Expected } from './expected.ts';

/** What events and checks work on: an installation and the world around it. */
export interface Scenario {
  environment: Environment;
  expected: Expected;
  operator: Operator;
  /** The ledger without faults and without time: to look, and to begin with. */
  plain: Ledger;
  stripe: StripeAccount;
  outside: Outside;
  /** The processes of levy. */
  processes: Processes;
  /** Other installations on the same Stripe account. */
  others(): Scenario[];
  /** Whose each fee is, by the practice's reference, whichever ledger named it. */
  fees: Map<string, string>;
  /** Sets up a second installation; null where there is none in this seed. */
  second: (() => Scenario) | null;
  /** Has the pump look soon. */
  kick(ms: number): void;
  /** Delivers an event to levy's webhook address. */
  hint(event: { type: string; feeId: string | null; customer: string | null }): void;
}

/** The person's fee in the assessment, when there is one. */
export async function feeOf(scenario: Scenario, person: Person): Promise<string | null> {
  const [assessmentId] = scenario.expected.opened;
  if (!assessmentId || !person.clinicianId) return null;
  const { ref } = person.row;
  const [line] = await scenario.plain.reports.fees({ assessmentId, ref, limit: 1 });
  return line?.feeId ?? null;
}

/** Writes down an answer of levy's, for the checker. */
export function acted(
  scenario: Scenario,
  act: string,
  feeId: string | null,
  answer: { askedAt: number } & ({ done: unknown } | { refused: string }),
): void {
  const outcome = 'done' in answer ? 'done' : answer.refused;
  const answeredAt = scenario.environment.timeline.now();
  scenario.expected.acts.push({ act, feeId, askedAt: answer.askedAt, answeredAt, outcome });
  scenario.kick(500);
}
