import type { FastifyInstance } from 'fastify';
import { Type, type Static } from 'typebox';
import type { Action } from '../../core/fee/actions.ts';
import {
  applyAction,
  byOf,
  decideEvidence,
  openAssessment,
  pauseAssessment,
  resumeAssessment,
  scopeOf,
} from '../routes/actions.ts';
import type { ApiDeps } from '../deps.ts';
import { ById, Uuid, Why } from '../http/schemas.ts';
import { cardLinkOf } from './card-link.ts';
import type { Done } from './done.ts';
import { inputFor, isFinal, needsWhy } from './fee-actions.ts';
import { guarded } from './guarded.ts';
import { objectionPages } from './objections.ts';
import { payOtherwiseRoute } from './pay-otherwise.ts';
import { sendFee } from './page-routes.ts';
import { approveOrShow } from './year/page-routes.ts';

const Verdict = Type.Union([Type.Literal('accepted'), Type.Literal('refused')]);
type OfId = { Params: Static<typeof ById> };

/**
 * The routes of the console's forms. Each calls the same function as the API's route and then shows
 * the page again. Scope and form token are checked first.
 */
export function actionRoutes(app: FastifyInstance, deps: ApiDeps): void {
  feeActRoutes(app, deps);
  cardLinkRoute(app, deps);
  payOtherwiseRoute(app, deps);
  objectionPages(app, deps);
  assessmentActRoutes(app, deps);
  evidenceActRoute(app, deps);
}

/** The acts that the page of a fee offers. */
const ACTS = [
  'waive',
  'hold',
  'release',
  'retry',
  'bounce',
  'refund',
  'send_card_link',
  'note',
] as const;

function feeActRoutes(app: FastifyInstance, deps: ApiDeps): void {
  for (const act of ACTS) {
    const body = Type.Object({
      ...(needsWhy(act) && { why: Why }),
      ...(isFinal(act) && { sure: Type.Literal('yes') }),
    });
    app.post<OfId & { Body: { why?: string } }>(
      `/fees/:id/${act.replaceAll('_', '-')}`,
      guarded(deps, scopeOf(act), { params: ById, body }),
      async (request, reply) => {
        const { id } = request.params;
        const input: Action = inputFor(act, needsWhy(act) ? (request.body.why ?? '').trim() : '');
        await applyAction(deps, byOf(request), id, input);
        return reply.redirect(doneAt(`/console/fees/${id}`, act), 303);
      },
    );
  }
}

function assessmentActRoutes(app: FastifyInstance, deps: ApiDeps): void {
  const page = (id: string) => `/console/assessments/${id}`;

  const Open = Type.Object({ rate: Type.String({ pattern: '^[a-z0-9_-]{1,64} \\d{4}$' }) });
  app.post<{ Body: Static<typeof Open> }>(
    '/assessments',
    guarded(deps, 'operate', { body: Open }),
    async (request, reply) => {
      const [vendor = '', year] = request.body.rate.split(' ');
      const input = { vendor, year: Number(year), autoApprove: false };
      const { assessment } = await openAssessment(deps, byOf(request), input);
      return reply.redirect(doneAt(page(assessment.assessmentId), 'opened'), 303);
    },
  );

  const Approve = Type.Object({
    hash: Type.String({ pattern: '^[0-9a-f]{64}$' }),
    read: Type.Literal('yes'),
  });
  app.post<OfId & { Body: Static<typeof Approve> }>(
    '/assessments/:id/approve',
    guarded(deps, 'approve', { params: ById, body: Approve }),
    async (request, reply) => {
      const { id } = request.params;
      const outcome = await approveOrShow(request, reply, deps, { id, hash: request.body.hash });
      if (!outcome) return reply;
      const done = 'waitsFor' in outcome ? 'approved_first' : 'approved';
      return reply.redirect(doneAt(page(id), done), 303);
    },
  );

  const Pause = Type.Object({ why: Why });
  app.post<OfId & { Body: Static<typeof Pause> }>(
    '/assessments/:id/pause',
    guarded(deps, 'operate', { params: ById, body: Pause }),
    async (request, reply) => {
      const { id } = request.params;
      await pauseAssessment(deps, byOf(request), id, request.body.why.trim());
      return reply.redirect(doneAt(page(id), 'paused'), 303);
    },
  );

  app.post<OfId>(
    '/assessments/:id/resume',
    guarded(deps, 'operate', { params: ById }),
    async (request, reply) => {
      const { id } = request.params;
      await resumeAssessment(deps, byOf(request), id);
      return reply.redirect(doneAt(page(id), 'resumed'), 303);
    },
  );
}

function evidenceActRoute(app: FastifyInstance, deps: ApiDeps): void {
  const body = Type.Object({ verdict: Verdict, fee: Type.Optional(Uuid) });
  app.post<OfId & { Body: Static<typeof body> }>(
    '/evidence/:id',
    guarded(deps, 'operate', { params: ById, body }),
    async (request, reply) => {
      const { verdict, fee } = request.body;
      await decideEvidence(deps, byOf(request), request.params.id, verdict);
      return reply.redirect(doneAt(fee ? `/console/fees/${fee}` : '/console/review', verdict), 303);
    },
  );
}

/** Shows the link once on the fee's page: anybody who has it may change the card. */
function cardLinkRoute(app: FastifyInstance, deps: ApiDeps): void {
  app.post<OfId>(
    '/fees/:id/card-link',
    guarded(deps, 'operate', { params: ById }),
    async (request, reply) => {
      const { id } = request.params;
      const url = await cardLinkOf(deps, byOf(request), id);
      return sendFee(request, reply, deps, { id, cardLink: url });
    },
  );
}

function doneAt(path: string, done: Done): string {
  return `${path}?done=${done}`;
}
