import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Type, type Static } from 'typebox';
import { calendarDay } from '../../../core/calendar.ts';
import { BUCKETS, type Bucket } from '../../../core/roster.ts';
import type { Assessment } from '../../../ledger/assessments.ts';
import { MARKS, type RosterFilter } from '../../../ledger/years.ts';
import type { ApiDeps } from '../../deps.ts';
import { problem, Problem } from '../../http/errors.ts';
import { ById } from '../../http/schemas.ts';
import { approveRoster, byOf, enqueueDue, type ApprovalOutcome } from '../../routes/actions.ts';
import { doneSentence } from '../done.ts';
import { viewerOf } from '../form-token.ts';
import { sendPage } from '../page.ts';
import { LIST_FILES, sendList } from '../../lists/send.ts';
import type { Decision } from './decide.ts';
import { differenceBody } from './difference.ts';
import { listsBody } from './lists.ts';
import { openingBody } from './opening.ts';
import { yearBody } from './overview.ts';
import { progressBody } from './progress.ts';
import { reportBody } from './report.ts';
import { rosterBody } from './roster.ts';
import { ACTED_ON, earliestCharge } from './words.ts';

type OfId = { Params: Static<typeof ById> };

/** Lines of a list on one page. */
const PAGE = 100;

/** The pages of a year: what opening means, what is to be decided, and the roster. */
export function yearPages(app: FastifyInstance, deps: ApiDeps): void {
  opening(app, deps);
  overview(app, deps);
  roster(app, deps);
  lists(app, deps);
  progress(app, deps);
  report(app, deps);
}

/** The assessment with this id. Throws `not_found`. */
export async function assessmentOf({ ledger }: ApiDeps, id: string): Promise<Assessment> {
  const found = await ledger.assessments.get(id);
  if (!found) throw problem('not_found');
  return found;
}

function opening(app: FastifyInstance, deps: ApiDeps): void {
  const { ledger } = deps;
  const Query = Type.Object({ rate: Type.String({ pattern: '^[a-z0-9_-]{1,64} \\d{4}$' }) });
  app.get<{ Querystring: Static<typeof Query> }>(
    '/assessments/new',
    { schema: { querystring: Query, hide: true } },
    async (request, reply) => {
      const [name = '', year] = request.query.rate.split(' ');
      const [vendors, rate, found, people, coverage, assessments] = await Promise.all([
        ledger.rates.vendors(),
        ledger.rates.get(name, Number(year)),
        ledger.assessments.preview(name, Number(year)),
        ledger.years.people(name),
        ledger.years.coverage(name, Number(year)),
        ledger.assessments.list(),
      ]);
      const vendor = vendors.find((one) => one.vendor === name);
      if (!vendor || !rate) throw problem('not_found');
      const open = assessments.find((one) => one.vendor === name && one.year === rate.year);
      return sendPage(request, reply, deps, {
        title: `Open ${vendor.name} ${rate.year}?`,
        section: 'home',
        body: openingBody(
          {
            ...{ vendor, rate, people, coverage, used: found?.used ?? 0, policy: deps.policy },
            open: open?.assessmentId ?? null,
          },
          viewerOf(request, deps),
        ),
      });
    },
  );
}

function overview(app: FastifyInstance, deps: ApiDeps): void {
  const { ledger } = deps;
  const Query = Type.Object({ done: Type.Optional(Type.String({ maxLength: 40 })) });
  app.get<OfId & { Querystring: Static<typeof Query> }>(
    '/assessments/:id',
    { schema: { params: ById, querystring: Query, hide: true } },
    async (request, reply) => {
      const { id } = request.params;
      const assessment = await assessmentOf(deps, id);
      const [states, now] = await Promise.all([ledger.reports.byState(id), ledger.fees.now()]);
      const [decision, marks] = await Promise.all([
        decisionOf(deps, assessment, now),
        ledger.years.marks(id, earliestCharge(now, assessment.policy)),
      ]);
      // Another look at the page does not ask again: a job of this id is queued once a day.
      if (marks.cards.known < marks.cards.all)
        await enqueueDue(deps, 'read-cards', {
          assessmentId: id,
          day: calendarDay(now, 'UTC'),
        });
      return sendPage(request, reply, deps, {
        title: `${assessment.vendorName} ${assessment.year}`,
        section: 'home',
        done: doneSentence(request.query.done),
        body: yearBody({ ...decision, states, marks, now }, viewerOf(request, deps)),
      });
    },
  );
}

/** What is to be decided now. What a hash covers is kept, so that a later change can be named. */
async function decisionOf(
  { ledger }: ApiDeps,
  assessment: Assessment,
  now: Date,
): Promise<Decision> {
  const { assessmentId, enrolledAt, policy } = assessment;
  const chargeDay = earliestCharge(now, policy);
  const totals = await ledger.years.totals(assessmentId);
  const isReady = enrolledAt !== null && !totals.detecting;
  if (!isReady || !ACTED_ON.some((bucket) => totals[bucket]))
    return { assessment, totals, hash: null, first: null, chargeDay };
  // Counted again with the hash: sum and button must be those of the roster that it names.
  const shown = await ledger.rosterViews.show(assessmentId);
  const first = await ledger.assessments.firstApproval(assessmentId, shown.hash);
  return { assessment, ...shown, first, chargeDay };
}

const Query = Type.Object({
  q: Type.Optional(Type.String({ maxLength: 200 })),
  // An empty field of the form means "any".
  bucket: Type.Optional(Type.Enum(['', ...(Object.keys(BUCKETS) as Bucket[])])),
  mark: Type.Optional(Type.Enum(['', ...MARKS])),
  after: Type.Optional(Type.String({ maxLength: 200 })),
});

function roster(app: FastifyInstance, deps: ApiDeps): void {
  const { ledger } = deps;
  app.get<OfId & { Querystring: Static<typeof Query> }>(
    '/assessments/:id/roster',
    { schema: { params: ById, querystring: Query, hide: true } },
    async (request, reply) => {
      const assessment = await assessmentOf(deps, request.params.id);
      const { after = null } = request.query;
      const filter = filterOf(request.query);
      const chargeDay = earliestCharge(await ledger.fees.now(), assessment.policy);
      const found = await ledger.years.roster(assessment.assessmentId, chargeDay, filter, {
        after,
        limit: PAGE + 1,
      });
      const rows = found.slice(0, PAGE);
      const next = found.length > PAGE ? (rows.at(-1)?.ref ?? null) : null;
      return sendPage(request, reply, deps, {
        title: `Roster of ${assessment.vendorName} ${assessment.year}`,
        section: 'home',
        body: rosterBody({ assessment, filter, rows, next, later: after !== null }),
      });
    },
  );
}

function filterOf({ q, bucket, mark }: Static<typeof Query>): RosterFilter {
  // No control character is in any field, and Postgres refuses the first of them.
  const text = (q ?? '').replace(/[\u0000-\u001f\u007f]+/g, ' ').trim();
  return { text: text || null, bucket: bucket || null, mark: mark || null };
}

function lists(app: FastifyInstance, deps: ApiDeps): void {
  const One = Type.Object({ assessment: Type.Optional(ById.properties.id) });
  app.get<{ Querystring: Static<typeof One> }>(
    '/reports',
    { schema: { querystring: One, hide: true } },
    async (request, reply) => {
      const { assessment } = request.query;
      const all = await deps.ledger.assessments.list();
      return sendPage(request, reply, deps, {
        title: 'Lists for the bookkeeper',
        section: 'home',
        body: listsBody(
          all.filter(({ assessmentId }) => !assessment || assessment === assessmentId),
        ),
      });
    },
  );

  const OfFile = Type.Object({ ...ById.properties, file: Type.Enum(LIST_FILES) });
  app.get<{ Params: Static<typeof OfFile> }>(
    '/assessments/:id/lists/:file',
    { schema: { params: OfFile, hide: true } },
    async ({ params }, reply) =>
      sendList(reply, deps, await assessmentOf(deps, params.id), params.file),
  );
}

function progress(app: FastifyInstance, deps: ApiDeps): void {
  const { ledger } = deps;
  app.get<OfId>(
    '/assessments/:id/progress',
    { schema: { params: ById, hide: true } },
    async (request, reply) => {
      const assessment = await assessmentOf(deps, request.params.id);
      const { assessmentId, policy } = assessment;
      const [days, states] = await Promise.all([
        ledger.yearReport.days(assessmentId, policy.timeZone),
        ledger.reports.byState(assessmentId),
      ]);
      return sendPage(request, reply, deps, {
        title: `Progress of ${assessment.vendorName} ${assessment.year}`,
        section: 'home',
        body: progressBody({ assessment, days, states }),
      });
    },
  );
}

/** Acts and findings that a report shows. */
const REPORTED = 500;

function report(app: FastifyInstance, deps: ApiDeps): void {
  const { ledger, practiceName } = deps;
  app.get<OfId>(
    '/assessments/:id/report',
    { schema: { params: ById, hide: true } },
    async (request, reply) => {
      const assessment = await assessmentOf(deps, request.params.id);
      const { assessmentId: id } = assessment;
      const [now, totals, states, accounts, approvals, findings, acts] = await Promise.all([
        ledger.fees.now(),
        ledger.years.totals(id),
        ledger.reports.byState(id),
        ledger.bookkeeping.accounts(id),
        ledger.yearReport.approvals(id),
        ledger.findings.open({ assessmentId: id, limit: REPORTED + 1 }),
        ledger.yearReport.acts(id, REPORTED + 1),
      ]);
      return sendPage(request, reply, deps, {
        title: `Report of ${assessment.vendorName} ${assessment.year}`,
        section: 'home',
        body: reportBody({
          ...{ assessment, practiceName, now, totals, states, accounts, approvals },
          findings: findings.slice(0, REPORTED),
          acts: acts.slice(0, REPORTED),
          more: { findings: findings.length > REPORTED, acts: acts.length > REPORTED },
        }),
      });
    },
  );
}

/** People whose change is named one by one. */
const CHANGES = 200;

/**
 * Approves the roster with this hash and gives what came of it. When the roster has changed since
 * it was shown, sends a page with the difference and gives null. Throws why it is refused
 * otherwise.
 */
export async function approveOrShow(
  request: FastifyRequest,
  reply: FastifyReply,
  deps: ApiDeps,
  { id, hash }: { id: string; hash: string },
): Promise<ApprovalOutcome | null> {
  try {
    return await approveRoster(deps, byOf(request), id, hash);
  } catch (error) {
    if (!(error instanceof Problem) || error.code !== 'stale_roster') throw error;
    const { ledger } = deps;
    const difference = await ledger.rosterViews.difference(id, hash, CHANGES);
    if (!difference) throw error;
    const decision = await decisionOf(deps, await assessmentOf(deps, id), await ledger.fees.now());
    reply.code(409);
    await sendPage(request, reply, deps, {
      title: 'The roster has changed.',
      section: 'home',
      body: differenceBody(decision, difference, viewerOf(request, deps)),
    });
    return null;
  }
}
