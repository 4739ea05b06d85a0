import { Type } from 'typebox';
import { fold } from '../../core/fee/fold.ts';
import type { Scope } from '../../ledger/access.ts';
import type { FeeRecord } from '../../ledger/fees.ts';
import type { ApiDeps } from '../deps.ts';
import { callerOf } from '../http/auth.ts';
import { problem } from '../http/errors.ts';
import { ById, Cents, iso, Moment, secured, Why, type Api } from '../http/schemas.ts';
import { applyAction, audited, byOf, type ActionDeps, type By } from './actions.ts';
import { Acted, stateAfter } from './fee-history.ts';

/** Objections that are listed at once, the oldest first. */
export const OBJECTIONS = 200;

const Answer = Type.Object({ accepted: Type.Boolean(), why: Why }, { additionalProperties: false });

/** Clinicians' objections to their fees, and the answers of people. */
export function objectionRoutes(app: Api, deps: ApiDeps): void {
  app.get(
    '/v1/objections',
    secured('read', {
      summary: 'Objections that wait for an answer, the oldest first',
      tags: ['fees'],
      response: {
        200: Type.Object({
          objections: Type.Array(
            Type.Object({
              feeId: Type.String(),
              ref: Type.String(),
              name: Type.String(),
              vendorName: Type.String(),
              year: Type.Integer(),
              amountCents: Cents,
              at: Moment,
              text: Type.String(),
            }),
          ),
        }),
      },
    }),
    async () => {
      const open = await deps.ledger.objections.open(OBJECTIONS);
      return { objections: open.map((one) => ({ ...one, at: iso(one.at) })) };
    },
  );

  app.post(
    '/v1/fees/:id/answer-objection',
    secured('operate', {
      summary: 'Answer the clinician’s objection',
      description:
        'Accepted: the fee is waived, or refunded if it is paid, which needs the scope approve. ' +
        'Not accepted: the fee goes on, and the clinician gets the answer by e-mail.',
      tags: ['fees'],
      params: ById,
      body: Answer,
      response: { 200: Acted },
    }),
    async (request) => {
      const { id } = request.params;
      const { accepted, why } = request.body;
      const { scopes } = callerOf(request);
      await answerObjection(deps, { ...byOf(request), scopes }, id, { accepted, why: why.trim() });
      return stateAfter(deps, id);
    },
  );
}

/**
 * Answers an objection. Throws `not_found`, `missing_scope` when money would go back and the caller
 * may not approve, and why the ledger refuses it.
 */
export async function answerObjection(
  deps: ActionDeps,
  { scopes, ...by }: By & { scopes: readonly Scope[] },
  feeId: string,
  answer: { accepted: boolean; why: string },
): Promise<FeeRecord> {
  const feeRecord = await deps.ledger.fees.load(feeId);
  const isRefund = answer.accepted && feeRecord && fold(feeRecord.entries).paid !== null;
  if (isRefund && !scopes.includes('approve'))
    return audited(
      deps,
      by,
      { action: 'answer_objection', object: `fee ${feeId}`, detail: answer },
      () => {
        throw problem('missing_scope', {
          message: 'The fee is paid: accepting the objection gives the money back.',
          help: 'Ask somebody who may approve to answer it.',
        });
      },
    );
  return applyAction(deps, by, feeId, { act: 'answer_objection', ...answer });
}
