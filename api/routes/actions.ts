import { errorFacts } from '../../core/error-facts.ts';
import type { FastifyRequest } from 'fastify';
import { decide, applyExternalChange, type Action } from '../../core/fee/actions.ts';
import { fold } from '../../core/fee/fold.ts';
import { nextOf } from '../../core/fee/next.ts';
import type { JobName, Payload } from '../../jobs/jobs.ts';
import type { Scope } from '../../ledger/access.ts';
import type { Verdict } from '../../ledger/evidence.ts';
import type { Assessment } from '../../ledger/assessments.ts';
import type { FeeRecord } from '../../ledger/fees.ts';
import { callerOf } from '../http/auth.ts';
import type { ApiDeps } from '../deps.ts';
import { Problem, problem } from '../http/errors.ts';

/** The actor of an act, and its request; an act at the command line has none. */
export interface By {
  actor: string;
  requestId?: string;
  /** The colleague who it is, or whose key it is; null: nobody whom the ledger knows. */
  person?: string | null;
}

/** The part of `ApiDeps` that acts need. */
export type ActionDeps = Pick<ApiDeps, 'ledger' | 'queues' | 'log' | 'policy' | 'livemode'>;

export function byOf(request: FastifyRequest): By {
  const { name, person } = callerOf(request);
  return { actor: name, requestId: request.id, person };
}

/**
 * Does what a person asked for and writes it, with its outcome, to the audit trail. The answer goes
 * out only after the line is written. A refused act is written down too.
 */
export async function audited<Result>(
  deps: Pick<ActionDeps, 'ledger'>,
  by: By,
  act: { action: string; object: string; detail?: Record<string, unknown> },
  work: () => Promise<Result>,
): Promise<Result> {
  const write = (outcome: string) =>
    deps.ledger.access.audit({ ...by, ...act, detail: { ...act.detail, outcome } });
  let result: Result;
  try {
    result = await work();
  } catch (error) {
    if (error instanceof Problem) await write(error.code);
    throw error;
  }
  await write('done');
  return result;
}

/** The scope an act needs: a refund needs the scope that approves charges. */
export function scopeOf(act: Action['act']): Scope {
  return act === 'refund' ? 'approve' : 'operate';
}

/** Waives, holds, releases, retries or refunds a fee. Throws `not_found` or why it is refused. */
export async function applyAction(
  deps: ActionDeps,
  by: By,
  feeId: string,
  input: Action,
): Promise<FeeRecord> {
  const { act, ...detail } = input;
  return audited(deps, by, { action: act, object: `fee ${feeId}`, detail }, async () => {
    const changed = await deps.ledger.fees.change(feeId, by.actor, (fee) => decide(fee, input));
    if (!changed) throw problem('not_found');
    if ('refused' in changed) throw problem(changed.refused, { message: sentence(changed.why) });
    await enqueueNext(deps, changed.feeRecord);
    return changed.feeRecord;
  });
}

/** Opens the assessment of a vendor and year, or gives the one there is. */
export async function openAssessment(
  deps: ActionDeps,
  by: By,
  input: { vendor: string; year: number; autoApprove: boolean },
): Promise<{ created: boolean; assessment: Assessment }> {
  const object = `${input.vendor} ${input.year}`;
  const detail = { autoApprove: input.autoApprove };
  return audited(deps, by, { action: 'open_assessment', object, detail }, async () => {
    const { policy, livemode } = deps;
    if (input.autoApprove && policy.approvers > 1) throw problem('two_approvers');
    const opening = await deps.ledger.assessments.open({
      ...input,
      policy,
      livemode,
      actor: by.actor,
    });
    if (!opening.opened) throw problem(opening.why, { details: { ...input } });
    const { assessmentId } = opening.assessment;
    await enqueueDue(deps, 'open-assessment', { assessmentId });
    return opening;
  });
}

/** What came of an approval: how many fees it approved, or that it waits for a second person. */
export type ApprovalOutcome =
  { fees: number; hash: string } | { waitsFor: 'second_person'; approvedBy: string; hash: string };

/** Approves the roster with this hash, or is the first of two people to do so. */
export async function approveRoster(
  deps: ActionDeps,
  by: By,
  assessmentId: string,
  hash: string,
): Promise<ApprovalOutcome> {
  const object = `assessment ${assessmentId}`;
  const detail: Record<string, unknown> = { hash };
  return audited(deps, by, { action: 'approve', object, detail }, async () => {
    const approver = { actor: by.actor, person: by.person ?? null };
    const approval = await deps.ledger.assessments.approve(assessmentId, hash, approver);
    if (approval.approved) return { fees: approval.fees, hash: approval.hash };
    if (approval.why === 'second_person') {
      detail.waitsFor = approval.why;
      return { waitsFor: approval.why, approvedBy: approval.by, hash: approval.hash };
    }
    if (approval.why === 'unknown_assessment') throw problem('not_found');
    throw problem(approval.why, { details: { hash: approval.hash } });
  });
}

/** Stops further notices and charges of an assessment. */
export async function pauseAssessment(
  deps: ActionDeps,
  by: By,
  assessmentId: string,
  why: string,
): Promise<void> {
  const object = `assessment ${assessmentId}`;
  await audited(deps, by, { action: 'pause', object, detail: { why } }, async () => {
    if (await deps.ledger.assessments.pause(assessmentId, by.actor, why)) return;
    throw problem((await known(deps, assessmentId)) ? 'already_paused' : 'not_found');
  });
}

/** Resumes a paused assessment. */
export async function resumeAssessment(
  deps: ActionDeps,
  by: By,
  assessmentId: string,
): Promise<void> {
  await audited(deps, by, { action: 'resume', object: `assessment ${assessmentId}` }, async () => {
    if (await deps.ledger.assessments.resume(assessmentId)) return;
    throw problem((await known(deps, assessmentId)) ? 'not_paused' : 'not_found');
  });
}

/** Records a person's decision on one piece of evidence; its fees are looked at again. */
export async function decideEvidence(
  deps: ActionDeps,
  by: By,
  evidenceId: string,
  verdict: 'accepted' | 'refused',
): Promise<{ feesChanged: number }> {
  const action = verdict === 'accepted' ? 'accept_evidence' : 'refuse_evidence';
  return audited(deps, by, { action, object: `evidence ${evidenceId}` }, async () => {
    const about = await deps.ledger.evidence.decide(evidenceId, verdict, by.actor);
    if (!about) throw problem('nothing_to_decide');
    const feeIds = await deps.ledger.evidence.feesOf([about]);
    return { feesChanged: await followEvidence(deps, by, feeIds, verdict === 'accepted') };
  });
}

/**
 * Records one decision on all weak evidence of a file; its fees are looked at again. Throws
 * `nothing_to_decide` when other than `pieces` of it wait: then it is not what was shown.
 */
export async function decideFile(
  deps: ActionDeps,
  by: By,
  importId: string,
  said: { verdict: Verdict; pieces: number; why: string },
): Promise<{ feesChanged: number }> {
  const { verdict, pieces, why } = said;
  const action = verdict === 'accepted' ? 'accept_evidence' : 'refuse_evidence';
  const act = { action, object: `import ${importId}`, detail: { pieces, why } };
  return audited(deps, by, act, async () => {
    const decision = { verdict, pieces, actor: by.actor };
    const about = await deps.ledger.evidence.decideAll(importId, decision);
    if (!about) throw problem('nothing_to_decide');
    const feeIds = await deps.ledger.evidence.feesOf(about);
    const changed = await followEvidence(deps, by, [...new Set(feeIds)], verdict === 'accepted');
    return { feesChanged: changed };
  });
}

/** Reopens fees after evidence came in or was withdrawn. Gives how many changed. */
export async function followEvidence(
  deps: ActionDeps,
  by: By,
  feeIds: string[],
  came: boolean,
): Promise<number> {
  let changed = 0;
  await eachOf(feeIds, async (feeId) => {
    const after = await deps.ledger.fees.change(feeId, by.actor, (fee, { firstUse }) => {
      if (came) return { entries: applyExternalChange(fee, { change: 'evidence' }) };
      // If other evidence counts, the fee stays as it is.
      return {
        entries: firstUse ? [] : applyExternalChange(fee, { change: 'evidence_withdrawn' }),
      };
    });
    if (!after || 'refused' in after || after.added === 0) return;
    changed += 1;
    if (feeIds.length <= FEW) await enqueueNext(deps, after.feeRecord);
  });
  return changed;
}

/** Up to so many fees are queued at once; the pump queues the others. */
export const FEW = 20;

/** Queues a fee's next step if it is due. This is only faster: the pump would queue it later. */
export async function enqueueNext(deps: ActionDeps, feeRecord: FeeRecord): Promise<void> {
  const { step, at } = nextOf(fold(feeRecord.entries), feeRecord.assessment.policy);
  if (!step || (at && at > feeRecord.now())) return;
  if (feeRecord.assessment.paused && step !== 'detect' && step !== 'settle') return;
  await enqueueDue(deps, step, { feeId: feeRecord.feeId, seq: feeRecord.entries.length });
}

/** Puts a job on the queue. Without a queue nothing is lost: the pump finds it in the ledger. */
export async function enqueueDue<Name extends JobName>(
  deps: Pick<ActionDeps, 'queues' | 'log'>,
  name: Name,
  payload: Payload<Name>,
): Promise<void> {
  const late = new Promise<never>((_, reject) => {
    setTimeout(() => reject(new Error('no answer')), PATIENCE_MS).unref();
  });
  try {
    // A queue whose connection is breaking may never answer.
    await Promise.race([deps.queues.enqueue(name, payload), late]);
  } catch (error) {
    deps.log.warn(
      { job: name, ...errorFacts(error) },
      'the queue is away; the pump will offer this',
    );
  }
}

/** How long a request waits for the queue. */
const PATIENCE_MS = 2_000;

/** Items at a time: so few that other requests get database connections. */
const AT_ONCE = 4;

/** Works on all items, a few at a time. Stops at the first error and throws it. */
export async function eachOf<Item>(
  items: Iterable<Item>,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const rest = items[Symbol.iterator]();
  const hand = async () => {
    for (let one = rest.next(); !one.done; one = rest.next()) await work(one.value);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, hand));
}

async function known({ ledger }: ActionDeps, assessmentId: string): Promise<boolean> {
  return (await ledger.assessments.get(assessmentId)) !== null;
}

function sentence(why: string): string {
  return `${why.charAt(0).toUpperCase()}${why.slice(1)}.`;
}
