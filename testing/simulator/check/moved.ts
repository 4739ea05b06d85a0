import type { FeeStatus } from '../../../core/fee/fee.ts';
import type { Scenario } from '../scenario.ts';
import type { FeeFacts } from './facts.ts';
import { isUncertain } from './uncertain.ts';
import type { Violation } from './violation.ts';

/** Where the fee of somebody rests who works in an EHR that does not levy it. */
const RESTS = new Set<FeeStatus>([
  'exempt',
  'waived',
  'no_use',
  'paid',
  'refunded',
  'disputed',
  'held',
]);

/** Whoever works in an EHR that does not levy owes nothing more, whatever came before. */
export function checkMoved(scenario: Scenario, fees: FeeFacts[]): Violation[] {
  return fees.flatMap(({ feeId, state, person }) => {
    const { ref, vendor } = person.row;
    if (vendor !== 'therapynotes' || RESTS.has(state)) return [];
    if (isUncertain(scenario, `write ${ref} on the roster`)) return [];
    const what = `${ref} works in an EHR that does not levy and is ${state}`;
    return [{ invariant: '22 moved', feeId, what }];
  });
}
