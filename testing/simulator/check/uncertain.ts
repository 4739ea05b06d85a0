import { YEAR } from '../plan.ts';
import type { Scenario } from '../scenario.ts';
import type { ExpectedEvidence, Person } from '../expected.ts';
import type { Violation } from './violation.ts';

/**
 * A question without an answer was carried out or not, then or much later: of these, and of these
 * alone, the ledger's word is taken. What was answered must be as it was answered.
 */
export async function settleExpected(scenario: Scenario): Promise<Violation[]> {
  const found: Violation[] = [];
  const everybody = await scenario.plain.clinicians.list({ limit: 1_000 });
  for (const person of scenario.expected.people) {
    const { ref } = person.row;
    const known = everybody.find((one) => one.ref === ref);
    person.clinicianId ??= known?.clinicianId ?? null;
    if (!known) continue;
    // Which is also changed by Stripe's news of another card.
    person.row.paymentMethod = known.paymentMethod;
    for (const field of ['vendor', 'email', 'stripeCustomer'] as const) {
      if (known[field] === person.row[field]) continue;
      if (!isUncertain(scenario, `write ${ref} on the roster`))
        found.push(lost(`the ${field} of ${ref}`));
      Object.assign(person.row, { [field]: known[field] });
    }
    for (const piece of await scenario.plain.evidence.of(known.clinicianId, YEAR))
      if (!settlePiece(scenario, person, piece)) found.push(lost(`the evidence about ${ref}`));
  }
  return found;
}

export function isUncertain({ expected }: Scenario, what: string): boolean {
  return expected.unanswered.has(what);
}

interface Piece {
  evidenceId: string;
  certainty: string;
  verdict: string | null;
}

/** Gives false when an answered decision is not what the ledger has. */
function settlePiece(
  scenario: Scenario,
  person: Person,
  { evidenceId, certainty, verdict }: Piece,
): boolean {
  const stands = verdict === null ? certainty === 'sure' : verdict === 'accepted';
  const { ref, uses } = person.plan;
  const known = person.evidence.find((one) => one.evidenceId === evidenceId);
  const piece: ExpectedEvidence = known ?? { evidenceId, standing: [] };
  if (!known) {
    // An import that was carried out, and of which nobody was told.
    person.evidence.push(piece);
    const from = Math.min(...uses.map(({ at }) => at));
    piece.standing.push({ from, stands: certainty === 'sure' });
  }
  if (piece.standing.at(-1)?.stands === stands) return true;
  piece.standing.push({ from: scenario.environment.timeline.now(), stands });
  return ['accepted', 'refused'].some((word) =>
    isUncertain(scenario, `${word} evidence of ${ref}`),
  );
}

function lost(what: string): Violation {
  return {
    invariant: '8 operator requests',
    feeId: null,
    what: `${what} is not what was answered`,
  };
}
