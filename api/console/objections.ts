import type { FastifyInstance } from 'fastify';
import { Type, type Static } from 'typebox';
import { isObjectionOpen } from '../../core/fee/actions.ts';
import type { FeeState } from '../../core/fee/fold.ts';
import type { OpenObjection } from '../../ledger/objections.ts';
import type { FeeRecord } from '../../ledger/fees.ts';
import type { ApiDeps } from '../deps.ts';
import { callerOf } from '../http/auth.ts';
import { ById, Why } from '../http/schemas.ts';
import { byOf } from '../routes/actions.ts';
import { answerObjection, OBJECTIONS } from '../routes/objections.ts';
import { guarded } from './guarded.ts';
import { html, type Html } from './html.ts';
import { isolated } from './isolated.ts';
import { formToken, may, nothing, type Viewer } from './layout.ts';
import { sendPage } from './page.ts';
import { person, table, type Column } from './table.ts';
import { when } from './times.ts';

/** The objection that waits for an answer, on the page of its fee; null when none waits. */
export function objectionCard(
  { feeId, assessment }: FeeRecord,
  fee: FeeState,
  viewer: Viewer,
): Html | null {
  if (!fee.objected || !isObjectionOpen(fee)) return null;
  const settles = fee.paid ? 'Accept, and refund' : 'Accept, and waive';
  return html`<section class="card warn" aria-labelledby="objection">
    <h3 id="objection">The clinician objects</h3>
    <p>“${isolated(fee.objected.text)}”</p>
    <p class="soft small">${when(fee.objected.at, assessment.policy.timeZone)}</p>
    ${
      may(viewer, 'operate') &&
      html`<form method="post" action="/console/fees/${feeId}/answer-objection">
        ${formToken(viewer)}
        <p>
          <label for="answer">Your answer, which the clinician reads</label>
          <textarea id="answer" name="why" required maxlength="500" rows="3"></textarea>
        </p>
        <p class="buttons">
          <button name="accepted" value="no">Keep the fee</button>
          <button class="danger" name="accepted" value="yes">${settles}</button>
        </p>
      </form>`
    }
  </section>`;
}

const COLUMNS: Column<OpenObjection & { timeZone: string }>[] = [
  { head: 'Clinician', kind: 'name', cell: ({ name, ref, feeId }) => person(name, ref, feeId) },
  { head: 'Fee', cell: ({ vendorName, year }) => `${vendorName} ${year}` },
  { head: 'Since', cell: ({ at, timeZone }) => when(at, timeZone) },
  { head: 'Objection', cell: ({ text }) => html`“${isolated(text)}”` },
];

const Form = Type.Object({
  accepted: Type.Union([Type.Literal('yes'), Type.Literal('no')]),
  why: Why,
});

/** The list of objections, and the form that answers one. */
export function objectionPages(app: FastifyInstance, deps: ApiDeps): void {
  app.get('/objections', { schema: { hide: true } }, async (request, reply) => {
    const open = await deps.ledger.objections.open(OBJECTIONS);
    const { timeZone } = deps.policy;
    return sendPage(request, reply, deps, {
      title: 'Objections',
      section: 'home',
      body: html`<h1>Objections</h1>
        <p class="lead">
          Nothing is sent or charged for these fees before somebody has answered. The answer stands
          on the clinician’s page.
        </p>
        ${
          open.length === 0
            ? nothing('No objection waits for an answer.')
            : table(
                COLUMNS,
                open.map((one) => ({ ...one, timeZone })),
              )
        }`,
    });
  });

  app.post<{ Params: Static<typeof ById>; Body: Static<typeof Form> }>(
    '/fees/:id/answer-objection',
    guarded(deps, 'operate', { params: ById, body: Form }),
    async (request, reply) => {
      const { id } = request.params;
      const { accepted, why } = request.body;
      const { scopes } = callerOf(request);
      const answer = { accepted: accepted === 'yes', why: why.trim() };
      await answerObjection(deps, { ...byOf(request), scopes }, id, answer);
      return reply.redirect(`/console/fees/${id}?done=objection_answered`, 303);
    },
  );
}
