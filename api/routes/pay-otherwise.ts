import { Type } from 'typebox';
import { calendarDay } from '../../core/calendar.ts';
import { OTHER_WAYS, type OtherPayment } from '../../core/fee/fee.ts';
import type { FeeRecord } from '../../ledger/fees.ts';
import type { ApiDeps } from '../deps.ts';
import { problem } from '../http/errors.ts';
import { isDay } from '../http/is-day.ts';
import { ById, Day, secured, Text, type Api } from '../http/schemas.ts';
import { applyAction, audited, byOf, scopeOf, type ActionDeps, type By } from './actions.ts';
import { Acted, stateAfter } from './fee-history.ts';

const Payment = Type.Object(
  {
    how: Type.Enum([...OTHER_WAYS]),
    on: Day,
    reference: Type.Optional(Text(60, 'The number of the check or the like')),
  },
  { additionalProperties: false },
);

/** Records that a clinician has paid without the card on file. */
export function payOtherwiseRoute(app: Api, deps: ApiDeps): void {
  app.post(
    '/v1/fees/:id/pay-otherwise',
    secured(scopeOf('pay_otherwise'), {
      summary: 'Record that the whole fee was paid without the card on file',
      description:
        'By check, through payroll, by bank transfer or in cash. The card is not charged any ' +
        'more; if it was charged meanwhile, it is refunded. The clinician gets a receipt.',
      tags: ['fees'],
      params: ById,
      body: Payment,
      response: { 200: Acted },
    }),
    async (request) => {
      const { how, on, reference = '' } = request.body;
      await payOtherwise(deps, byOf(request), request.params.id, { how, on, reference });
      return stateAfter(deps, request.params.id);
    },
  );
}

/**
 * Records a payment without the card on file. Throws `invalid_request` for a day that is none or
 * has not come yet, `not_found`, and why the ledger refuses it.
 */
export async function payOtherwise(
  deps: ActionDeps,
  by: By,
  feeId: string,
  { how, on, reference }: Omit<OtherPayment, 'reference'> & { reference: string },
): Promise<FeeRecord> {
  const feeRecord = await deps.ledger.fees.load(feeId);
  const payment = { how, on, reference: reference.trim() || null };
  const today = feeRecord && calendarDay(feeRecord.now(), feeRecord.assessment.policy.timeZone);
  if (!isDay(on) || (today && on > today))
    return audited(
      deps,
      by,
      { action: 'pay_otherwise', object: `fee ${feeId}`, detail: payment },
      () => {
        throw problem('invalid_request', {
          message: 'The day of the payment is no day of the calendar, or has not come yet.',
          help: 'Write the day on which the money came in.',
        });
      },
    );
  return applyAction(deps, by, feeId, { act: 'pay_otherwise', ...payment });
}
