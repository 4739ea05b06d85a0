import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Type, type Static } from 'typebox';
import { FEE_STATUSES, type FeeStatus } from '../../core/fee/fee.ts';
import type { ApiDeps } from '../deps.ts';
import { problem } from '../http/errors.ts';
import { ById } from '../http/schemas.ts';
import { auditBody } from './audit.ts';
import { doneSentence } from './done.ts';
import { feeBody } from './fee.ts';
import { feesBody, type FeeFilter } from './fees.ts';
import { viewerOf } from './form-token.ts';
import { homeBody } from './home.ts';
import { overview } from './overview.ts';
import { sendPage } from './page.ts';
import { unknownBody } from './unknown.ts';

type ById = Static<typeof ById>;

/** Lines of a list on one page. */
const PAGE = 100;

/** The pages that only show. */
export function pageRoutes(app: FastifyInstance, deps: ApiDeps): void {
  home(app, deps);
  fees(app, deps);
  fee(app, deps);
  lists(app, deps);
}

const Done = Type.Object({ done: Type.Optional(Type.String({ maxLength: 40 })) });

function home(app: FastifyInstance, deps: ApiDeps): void {
  const schema = { querystring: Done, hide: true };
  app.get<{ Querystring: Static<typeof Done> }>('/', { schema }, async (request, reply) =>
    sendPage(request, reply, deps, {
      title: 'Overview',
      section: 'home',
      done: doneSentence(request.query.done),
      body: homeBody(await overview(deps), viewerOf(request, deps)),
    }),
  );
}

function fees(app: FastifyInstance, deps: ApiDeps): void {
  const { ledger } = deps;
  // An empty field of the form means "any".
  const optional = (pattern: string) => Type.Optional(Type.String({ pattern, maxLength: 200 }));
  const Query = Type.Object({
    state: Type.Optional(Type.Enum(['', ...FEE_STATUSES])),
    assessment: optional('^([0-9a-f-]{36})?$'),
    ref: Type.Optional(Type.String({ maxLength: 200 })),
    after: optional('^[0-9a-f-]{36}$'),
  });
  const schema = { querystring: Query, hide: true };
  app.get<{ Querystring: Static<typeof Query> }>('/fees', { schema }, async (request, reply) => {
    const { state, assessment, ref, after } = request.query;
    const filter: FeeFilter = {
      state: (state as FeeStatus | '') || null,
      assessment: assessment || null,
      ref: ref?.trim() || null,
    };
    const [assessments, found, now] = await Promise.all([
      ledger.assessments.list(),
      ledger.reports.fees({
        state: filter.state ?? undefined,
        assessmentId: filter.assessment ?? undefined,
        ref: filter.ref ?? undefined,
        after,
        limit: PAGE + 1,
      }),
      ledger.fees.now(),
    ]);
    const shown = found.slice(0, PAGE);
    return sendPage(request, reply, deps, {
      title: 'Fees',
      section: 'fees',
      body: feesBody({
        filter,
        assessments,
        fees: shown,
        next: found.length > PAGE ? (shown.at(-1)?.feeId ?? null) : null,
        now,
        timeZone: deps.policy.timeZone,
      }),
    });
  });
}

function fee(app: FastifyInstance, deps: ApiDeps): void {
  const schema = { params: ById, querystring: Done, hide: true };
  app.get<{ Params: ById; Querystring: Static<typeof Done> }>(
    '/fees/:id',
    { schema },
    async (request, reply) => {
      const { done } = request.query;
      return sendFee(request, reply, deps, { id: request.params.id, done, cardLink: null });
    },
  );
}

/** Sends the page of a fee. Throws `not_found`. */
export async function sendFee(
  request: FastifyRequest,
  reply: FastifyReply,
  deps: ApiDeps,
  shown: { id: string; done?: string; cardLink: string | null },
): Promise<FastifyReply> {
  const feeRecord = await deps.ledger.fees.load(shown.id);
  if (!feeRecord) throw problem('not_found');
  const { clinician, assessment } = feeRecord;
  const evidence = await deps.ledger.evidence.of(clinician.clinicianId, assessment.year);
  const view = { feeRecord, evidence, cardLink: shown.cardLink };
  return sendPage(request, reply, deps, {
    title: `Fee of ${clinician.ref}`,
    section: 'fees',
    done: doneSentence(shown.done),
    body: feeBody(view, viewerOf(request, deps)),
  });
}

function lists(app: FastifyInstance, deps: ApiDeps): void {
  const { ledger, policy } = deps;
  app.get('/unknown', { schema: { hide: true } }, async (request, reply) => {
    const lines = await ledger.reports.fees({ state: 'unknown', limit: PAGE + 1 });
    const cases = await Promise.all(
      lines.slice(0, PAGE).map(({ feeId }) => ledger.fees.load(feeId)),
    );
    return sendPage(request, reply, deps, {
      title: 'Unknown outcomes',
      section: 'desk',
      body: unknownBody(
        cases.filter((one) => one !== null),
        lines.length > PAGE,
      ),
    });
  });

  const Before = Type.Object({ before: Type.Optional(Type.Integer({ minimum: 1 })) });
  app.get<{ Querystring: Static<typeof Before> }>(
    '/audit',
    { schema: { querystring: Before, hide: true } },
    async (request, reply) => {
      const acts = await ledger.access.audited({ ...request.query, limit: PAGE + 1 });
      return sendPage(request, reply, deps, {
        title: 'Audit',
        section: 'audit',
        body: auditBody(acts.slice(0, PAGE), acts.length > PAGE, policy.timeZone),
      });
    },
  );
}
