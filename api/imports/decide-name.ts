import type { NameDecision } from '../../ledger/known-names.ts';
import { problem } from '../http/errors.ts';
import { audited, followEvidence, type ActionDeps, type By } from '../routes/actions.ts';

/**
 * Remembers whom a name in an import means, writes the evidence that follows from it, and has the
 * fees it concerns looked at again. Throws `not_found`, `nothing_to_decide` when somebody has said
 * so before, and `name_contradicted`.
 */
export async function decideName(
  deps: ActionDeps,
  by: By,
  decision: Omit<NameDecision, 'actor'>,
): Promise<{ pieces: number; feesChanged: number }> {
  const { importId, clinicianId, why } = decision;
  const action = clinicianId ? 'match_name' : 'ignore_name';
  const detail: Record<string, unknown> = clinicianId ? { clinician: clinicianId } : { why };
  const act = { action, object: `import ${importId}`, detail };
  return audited(deps, by, act, async () => {
    const decided = await deps.ledger.knownNames.decide({ ...decision, actor: by.actor });
    if (!decided.decided)
      throw problem(
        decided.why === 'unknown'
          ? 'not_found'
          : decided.why === 'already'
            ? 'nothing_to_decide'
            : 'name_contradicted',
      );
    detail['name'] = decided.knownId;
    // If this process ends here, the next reconciliation finds the fees by their evidence.
    const feeIds = await deps.ledger.evidence.feesOf(decided.pairs);
    const feesChanged = await followEvidence(deps, by, feeIds, true);
    return { pieces: decided.pieces, feesChanged };
  });
}
