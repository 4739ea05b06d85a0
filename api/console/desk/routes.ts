import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Type, type Static } from 'typebox';
import { BULK_ACTIONS } from '../../../core/fee/outlook.ts';
import { FAILED_STATES, type FeeSelection } from '../../../core/fee/selection.ts';
import {
  bulkActOf,
  previewBulkAct,
  selectionOf,
  startBulkAct,
  steerBulkAct,
} from '../../routes/bulk-actions.ts';
import type { BulkAct } from '../../../ledger/bulk-acts.ts';
import type { ApiDeps } from '../../deps.ts';
import { callerOf } from '../../http/auth.ts';
import { Problem } from '../../http/errors.ts';
import { ById } from '../../http/schemas.ts';
import { doneSentence } from '../done.ts';
import { viewerOf } from '../form-token.ts';
import { guarded } from '../guarded.ts';
import { html } from '../html.ts';
import { nothing } from '../layout.ts';
import { sendPage } from '../page.ts';
import { bulkBody } from './bulk.ts';
import { barTable, recoveryByAttempt, recoveryByDecline } from './charts.ts';
import { deskBody } from './desk.ts';
import { deskPath, DeskQuery, selectionOfQuery } from './filter.ts';

type OfId = { Params: Static<typeof ById> };

/** Lines of a list on one page. */
const PAGE = 100;
/** Acts on many fees that the desk lists. */
const LATEST = 10;

/** The desk of failed cards, and acts on everything that matches. */
export function deskRoutes(app: FastifyInstance, deps: ApiDeps): void {
  app.get<{ Querystring: DeskQuery }>(
    '/desk',
    { schema: { querystring: DeskQuery, hide: true } },
    async (request, reply) => {
      const { after = null, done } = request.query;
      const selection = selectionOfQuery(request.query);
      return sendDesk(request, reply, deps, { selection, after, done, refusal: null });
    },
  );
  recovery(app, deps);
  filters(app, deps);
  acts(app, deps);
}

/** Sends the desk with this selection. */
async function sendDesk(
  request: FastifyRequest,
  reply: FastifyReply,
  deps: ApiDeps,
  shown: { selection: FeeSelection; after: string | null; done?: string; refusal: string | null },
): Promise<FastifyReply> {
  const { desk, assessments, bulkActs, fees } = deps.ledger;
  const { selection, after, done, refusal } = shown;
  const everyReason = { ...selection, states: [...FAILED_STATES] };
  const [counts, declines, lines, saved, begun, all, now, failedJobs] = await Promise.all([
    desk.counts(everyReason),
    desk.declines({ ...selection, declines: [] }),
    desk.list(selection, { after, limit: PAGE + 1 }),
    desk.savedFilters(),
    bulkActs.begun(LATEST),
    assessments.list(),
    fees.now(),
    failedCharges(deps),
  ]);
  const page = lines.slice(0, PAGE);
  const next = lines.length > PAGE ? (page.at(-1)?.feeId ?? null) : null;
  const view = { selection, counts, declines, saved, refusal, now, next, failedJobs };
  return sendPage(request, reply, deps, {
    title: 'Failed cards',
    section: 'desk',
    done: doneSentence(done),
    body: deskBody(
      { ...view, assessments: all, lines: page, acts: begun },
      viewerOf(request, deps),
    ),
  });
}

/** Longest wait for the queue, in ms: the page is useful without it. */
const QUEUE_MS = 500;

/** Charge jobs that the queue keeps as failed; null when it does not answer. */
async function failedCharges({ queues }: ApiDeps): Promise<number | null> {
  const counted = queues.queues.charge.getJobCounts('failed').then(({ failed = 0 }) => failed);
  const late = sleep(QUEUE_MS, null, { ref: false });
  return Promise.race([counted, late]).catch(() => null);
}

function recovery(app: FastifyInstance, deps: ApiDeps): void {
  app.get('/desk/recovery', { schema: { hide: true } }, async (request, reply) => {
    const rows = await deps.ledger.desk.recovery(null);
    return sendPage(request, reply, deps, {
      title: 'How much is recovered',
      section: 'desk',
      body: html`<p class="crumbs"><a href="/console/desk">Failed cards</a></p>
        <h1>How much is recovered</h1>
        ${
          rows.length === 0
            ? nothing('No card has been tried yet.')
            : html`${barTable('Paid at each try', recoveryByAttempt(rows))}
              ${barTable('Paid after a decline, by the latest decline', recoveryByDecline(rows))}`
        }`,
    });
  });
}

function filters(app: FastifyInstance, deps: ApiDeps): void {
  const { desk } = deps.ledger;
  const Save = Type.Object({
    name: Type.String({ minLength: 1, maxLength: 80, pattern: '\\S' }),
    where: Type.String({ maxLength: 1_000 }),
  });
  app.post<{ Body: Static<typeof Save> }>(
    '/desk/filters',
    guarded(deps, 'operate', { body: Save }),
    async (request, reply) => {
      const selection = selectionOf(request.body.where);
      const name = request.body.name.trim();
      await desk.saveFilter({ name, selection, savedBy: callerOf(request).name });
      return reply.redirect(deskPath(selection), 303);
    },
  );
  const Remove = Type.Object({ name: Type.String({ maxLength: 80 }) });
  app.post<{ Body: Static<typeof Remove> }>(
    '/desk/filters/remove',
    guarded(deps, 'operate', { body: Remove }),
    async (request, reply) => {
      await desk.removeFilter(request.body.name);
      return reply.redirect('/console/desk', 303);
    },
  );
}

function acts(app: FastifyInstance, deps: ApiDeps): void {
  const Wanted = Type.Object({
    act: Type.Enum([...BULK_ACTIONS]),
    why: Type.Optional(Type.String({ maxLength: 500 })),
    where: Type.String({ maxLength: 1_000 }),
  });
  app.post<{ Body: Static<typeof Wanted> }>(
    '/desk/preview',
    guarded(deps, 'operate', { body: Wanted }),
    async (request, reply) => {
      const { act, why = null, where } = request.body;
      const selection = selectionOf(where);
      let previewed: BulkAct;
      try {
        previewed = await previewBulkAct(deps, request, { act, why, where });
      } catch (error) {
        if (!(error instanceof Problem) || error.code !== 'why_needed') throw error;
        const refusal = `${error.message} Nothing was done.`;
        reply.code(422);
        return sendDesk(request, reply, deps, { selection, after: null, refusal });
      }
      return reply.redirect(`/console/desk/acts/${previewed.bulkId}`, 303);
    },
  );

  const Page = Type.Object({ after: Type.Optional(Type.Integer({ minimum: 0 })) });
  app.get<OfId & { Querystring: Static<typeof Page> }>(
    '/desk/acts/:id',
    { schema: { params: ById, querystring: Page, hide: true } },
    async (request, reply) => {
      const { id } = request.params;
      const act = await bulkActOf(deps, id);
      const { after = 0 } = request.query;
      const [progress, members] = await Promise.all([
        deps.ledger.bulkActs.progress(id),
        deps.ledger.bulkActs.members(id, { after, limit: PAGE + 1 }),
      ]);
      const page = members.slice(0, PAGE);
      const next = members.length > PAGE ? (page.at(-1)?.position ?? null) : null;
      const view = { act, progress, members: page, next, timeZone: deps.policy.timeZone };
      return sendPage(request, reply, deps, {
        title: 'An act on many fees',
        section: 'desk',
        body: bulkBody(view, viewerOf(request, deps)),
      });
    },
  );

  for (const wish of ['start', 'pause', 'resume', 'abort'] as const)
    app.post<OfId>(
      `/desk/acts/:id/${wish}`,
      guarded(deps, 'operate', { params: ById }),
      async (request, reply) => {
        const { id } = request.params;
        if (wish === 'start') await startBulkAct(deps, request, id);
        else await steerBulkAct(deps, request, id, wish);
        return reply.redirect(`/console/desk/acts/${id}`, 303);
      },
    );
}
