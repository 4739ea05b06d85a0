import type { Processor } from '../jobs/queues.ts';
import type { WorkerDeps } from './deps.ts';

/** Gives every clinician on the roster a fee; the pump then sees to each of them. */
export function createOpenAssessment({
  ledger,
}: Pick<WorkerDeps, 'ledger'>): Processor<'open-assessment'> {
  return async ({ assessmentId }) => {
    const assessment = await ledger.assessments.get(assessmentId);
    if (!assessment) return { done: 'no such assessment' };
    const enrolled = await ledger.assessments.enroll(assessmentId);
    // And whoever joined the roster while the others were being enrolled.
    const fees = enrolled + (await ledger.clinicians.enrollLatecomers());
    return { done: `${fees} fees opened` };
  };
}
