import { OTHER_WAY_WORDS } from '../../core/fee/code-words.ts';
import type { FastifyInstance } from 'fastify';
import { Type, type Static } from 'typebox';
import { calendarDay } from '../../core/calendar.ts';
import { decide } from '../../core/fee/actions.ts';
import { OTHER_WAYS, type OtherPayment } from '../../core/fee/fee.ts';
import type { FeeState } from '../../core/fee/fold.ts';
import { dollars } from '../../core/fee/money.ts';
import type { FeeRecord } from '../../ledger/fees.ts';
import type { ApiDeps } from '../deps.ts';
import { ById, Text } from '../http/schemas.ts';
import { byOf, scopeOf } from '../routes/actions.ts';
import { payOtherwise } from '../routes/pay-otherwise.ts';
import { guarded } from './guarded.ts';
import { html, type Html } from './html.ts';
import { formToken, type Viewer } from './layout.ts';

/** The form that records a payment without the card on file; null where it would be refused. */
export function payOtherwiseForm(
  { feeId, assessment, now }: FeeRecord,
  fee: FeeState,
  viewer: Viewer,
): Html | null {
  const today = calendarDay(now(), assessment.policy.timeZone);
  const sample: OtherPayment = { how: 'check', on: today, reference: null };
  if ('refused' in decide(fee, { act: 'pay_otherwise', ...sample })) return null;
  const amount = dollars(assessment.amountCents);
  return html`<details name="act">
    <summary>Paid otherwise</summary>
    <form method="post" action="/console/fees/${feeId}/pay-otherwise">
      ${formToken(viewer)}
      <p class="soft small">
        The practice has received the whole ${amount} without the card on file. The card is not
        charged any more, and the clinician gets a receipt.
      </p>
      <p>
        <label for="how">How it was paid</label>
        <select id="how" name="how">
          ${OTHER_WAYS.map((way) => html`<option value="${way}">${OTHER_WAY_WORDS[way]}</option>`)}
        </select>
      </p>
      <p>
        <label for="on">Received on</label>
        <input id="on" name="on" type="date" required max="${today}" value="${today}" />
      </p>
      <p>
        <label for="reference">Number of the check or the like, if there is one</label>
        <input id="reference" name="reference" maxlength="60" />
      </p>
      <p>
        <label for="sure-pay-otherwise"
          ><input type="checkbox" id="sure-pay-otherwise" name="sure" value="yes" required /> I am
          sure; this cannot be taken back</label
        >
      </p>
      <p><button>Record ${amount} as paid</button></p>
    </form>
  </details>`;
}

const Form = Type.Object({
  how: Type.Enum([...OTHER_WAYS]),
  on: Type.String({ maxLength: 10 }),
  reference: Type.Optional(Type.Union([Type.Literal(''), Text(60)])),
  sure: Type.Literal('yes'),
});

/** The route of the form. */
export function payOtherwiseRoute(app: FastifyInstance, deps: ApiDeps): void {
  app.post<{ Params: Static<typeof ById>; Body: Static<typeof Form> }>(
    '/fees/:id/pay-otherwise',
    guarded(deps, scopeOf('pay_otherwise'), { params: ById, body: Form }),
    async (request, reply) => {
      const { id } = request.params;
      const { how, on, reference = '' } = request.body;
      await payOtherwise(deps, byOf(request), id, { how, on, reference });
      return reply.redirect(`/console/fees/${id}?done=pay_otherwise`, 303);
    },
  );
}
