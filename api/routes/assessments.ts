import { Type, type Static } from 'typebox';
import { PASS_ON, REFUND_MOVED } from '../../core/policy.ts';
import type { Assessment } from '../../ledger/assessments.ts';
import {
  approveRoster,
  byOf,
  openAssessment,
  pauseAssessment,
  resumeAssessment,
} from './actions.ts';
import { callerOf } from '../http/auth.ts';
import type { ApiDeps } from '../deps.ts';
import { problem } from '../http/errors.ts';
import { rosterRoute } from '../roster/roster.ts';
import {
  ById,
  Cents,
  iso,
  Moment,
  nullable,
  secured,
  VendorSlug,
  Why,
  Year,
  type Api,
} from '../http/schemas.ts';

const AssessmentShape = Type.Object({
  assessmentId: Type.String(),
  vendor: Type.String(),
  vendorName: Type.String(),
  year: Type.Integer(),
  royaltyCents: Cents,
  processingCents: Cents,
  amountCents: Cents,
  rateSource: Type.String(),
  autoApprove: Type.Boolean(),
  livemode: Type.Boolean(),
  openedBy: Type.String(),
  openedAt: Moment,
  enrolledAt: nullable(Moment),
  paused: nullable(Type.Object({ at: Moment, by: Type.String(), why: Type.String() })),
  policy: Type.Object({
    timeZone: Type.String(),
    noticeDays: Type.Integer(),
    passOn: Type.Enum([...PASS_ON]),
    refundMoved: Type.Enum([...REFUND_MOVED]),
    chargeHour: Type.Integer(),
    attemptsMax: Type.Integer(),
    retryDays: Type.Array(Type.Integer()),
    dayMs: Type.Integer(),
    approvers: Type.Integer({ description: 'How many people must approve a roster' }),
  }),
});

const States = Type.Array(
  Type.Object({ state: Type.String(), fees: Type.Integer(), cents: Cents }),
);

const OfVendor = Type.Object({ vendor: VendorSlug, year: Year }, { additionalProperties: false });

const NewAssessment = Type.Object(
  { vendor: VendorSlug, year: Year, autoApprove: Type.Optional(Type.Boolean()) },
  { additionalProperties: false },
);

const Preview = Type.Object({
  vendor: Type.String(),
  year: Type.Integer(),
  clinicians: Type.Integer(),
  used: Type.Integer(),
  amountCents: Cents,
  totalCents: Cents,
  rateStatus: Type.String(),
});

/** Assessments: one year's run for one vendor. */
export function assessmentRoutes(app: Api, deps: ApiDeps): void {
  const { assessments, reports } = deps.ledger;

  app.post(
    '/v1/assessments',
    secured('operate', {
      summary: 'Open the assessment of a vendor and year',
      description: 'There is one: asked again, the same is given. `autoApprove` needs `approve`.',
      tags: ['assessments'],
      body: NewAssessment,
      response: { 200: AssessmentShape, 201: AssessmentShape },
    }),
    async (request, reply) => {
      const { vendor, year, autoApprove = false } = request.body;
      if (autoApprove && !callerOf(request).scopes.includes('approve'))
        throw problem('missing_scope', { details: { scope: 'approve' } });
      const opening = await openAssessment(deps, byOf(request), { vendor, year, autoApprove });
      return reply.code(opening.created ? 201 : 200).send(shown(opening.assessment));
    },
  );

  app.get(
    '/v1/assessments',
    secured('read', {
      summary: 'All assessments, newest year first',
      tags: ['assessments'],
      response: { 200: Type.Object({ assessments: Type.Array(AssessmentShape) }) },
    }),
    async () => ({ assessments: (await assessments.list()).map(shown) }),
  );

  app.get(
    '/v1/assessments/preview',
    secured('read', {
      summary: 'What an assessment would find now, forecast rates included',
      tags: ['assessments'],
      querystring: OfVendor,
      response: { 200: Preview },
    }),
    async ({ query }) => {
      const found = await assessments.preview(query.vendor, query.year);
      if (!found) throw problem('unknown_year', { details: query });
      const { status, ...rest } = found;
      return { ...query, ...rest, totalCents: rest.used * rest.amountCents, rateStatus: status };
    },
  );

  app.get(
    '/v1/assessments/:id',
    secured('read', {
      summary: 'An assessment, with its fees by state',
      tags: ['assessments'],
      params: ById,
      response: { 200: Type.Object({ ...AssessmentShape.properties, states: States }) },
    }),
    async ({ params }) => {
      const assessment = await assessments.get(params.id);
      if (!assessment) throw problem('not_found');
      return { ...shown(assessment), states: await reports.byState(params.id) };
    },
  );

  rosterRoute(app, deps);
  actRoutes(app, deps);
}

function actRoutes(app: Api, deps: ApiDeps): void {
  const current = async (id: string): Promise<Static<typeof AssessmentShape>> => {
    const assessment = await deps.ledger.assessments.get(id);
    if (!assessment) throw problem('not_found');
    return shown(assessment);
  };

  app.post(
    '/v1/assessments/:id/approve',
    secured('approve', {
      summary: 'Approve the roster with this hash',
      description: '202: it is recorded, and waits for a second person to approve the same hash.',
      tags: ['assessments'],
      params: ById,
      body: Type.Object(
        { hash: Type.String({ pattern: '^[0-9a-f]{64}$' }) },
        { additionalProperties: false },
      ),
      response: {
        200: Type.Object({ fees: Type.Integer(), hash: Type.String() }),
        202: Type.Object({
          waitsFor: Type.Literal('second_person'),
          approvedBy: Type.String(),
          hash: Type.String(),
        }),
      },
    }),
    async (request, reply) => {
      const { params, body } = request;
      const outcome = await approveRoster(deps, byOf(request), params.id, body.hash);
      return 'waitsFor' in outcome ? reply.code(202).send(outcome) : outcome;
    },
  );

  app.post(
    '/v1/assessments/:id/pause',
    secured('operate', {
      summary: 'Stop before the next e-mail or charge',
      tags: ['assessments'],
      params: ById,
      body: Type.Object({ why: Why }, { additionalProperties: false }),
      response: { 200: AssessmentShape },
    }),
    async (request) => {
      await pauseAssessment(deps, byOf(request), request.params.id, request.body.why);
      return current(request.params.id);
    },
  );

  app.post(
    '/v1/assessments/:id/resume',
    secured('operate', {
      summary: 'Go on',
      tags: ['assessments'],
      params: ById,
      response: { 200: AssessmentShape },
    }),
    async (request) => {
      await resumeAssessment(deps, byOf(request), request.params.id);
      return current(request.params.id);
    },
  );
}

function shown(one: Assessment): Static<typeof AssessmentShape> {
  const { pausedAt, pausedBy, pausedWhy, ...rest } = one;
  return {
    ...rest,
    openedAt: iso(one.openedAt),
    enrolledAt: iso(one.enrolledAt),
    paused: pausedAt && { at: iso(pausedAt), by: pausedBy ?? '', why: pausedWhy ?? '' },
  };
}
