import type { Processor } from '../jobs/queues.ts';
import type { WorkerDeps } from './deps.ts';

/** Creates a fee for every clinician on the roster; the pump then queues the steps of each fee. */
export function createOpenAssessment({
  ledger,
}: Pick<WorkerDeps, 'ledger'>): Processor<'open-assessment'> {
  return async ({ assessmentId }) => {
    const assessment = await ledger.assessments.get(assessmentId);
    if (!assessment) return { done: 'no such assessment' };
    const enrolled = await ledger.assessments.enroll(assessmentId);
    // Also for clinicians who joined the roster while the others were being enrolled.
    const fees = enrolled + (await ledger.clinicians.enrollLatecomers());
    return { done: `${fees} fees opened` };
  };
}
