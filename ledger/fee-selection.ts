import type { FeeSelection } from '../core/fee/selection.ts';
import { hasText } from './people.ts';

/**
 * The fees of a selection, as a part of a statement: `from` names the tables f (fees), a
 * (assessments) and c (clinicians), `values` begin with parameter $1.
 */
export function selected(selection: FeeSelection): { from: string; values: unknown[] } {
  const { assessmentId, vendor, year, states, declines, minDays, text } = selection;
  // Only a search by text reads the clinicians: joining all of them would cost half the time.
  const people = text === null ? '' : 'join clinicians c using (clinician_id)';
  return {
    from: `from fees f join assessments a using (assessment_id) ${people}
      where ($1::uuid is null or f.assessment_id = $1)
        and ($2::text is null or a.vendor = $2)
        and ($3::integer is null or a.year = $3)
        and (cardinality($4::text[]) = 0 or f.state = any ($4))
        and (cardinality($5::text[]) = 0 or f.decline = any ($5))
        and ($6::integer is null or f.since_at <= levy_now() - make_interval(days => $6))
        and ($7::text is null${text === null ? '' : ` or ${hasText('$7')}`})`,
    values: [assessmentId, vendor, year, states, declines, minDays, text],
  };
}
