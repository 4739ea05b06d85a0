import { Type, type Static } from 'typebox';
import { BULK_ACTIONS } from '../../core/fee/outlook.ts';
import { whereOf } from '../../core/fee/selection.ts';
import type { BulkAct } from '../../ledger/bulk-acts.ts';
import type { ApiDeps } from '../deps.ts';
import {
  ById,
  Cents,
  iso,
  Moment,
  nullable,
  secured,
  Text,
  Why,
  type Api,
} from '../http/schemas.ts';
import { bulkActOf, previewBulkAct, startBulkAct, steerBulkAct } from './bulk-actions.ts';

const BulkShape = Type.Object({
  bulkId: Type.String(),
  act: Type.String(),
  why: nullable(Type.String()),
  where: Type.String(),
  state: Type.String({ description: 'previewed, running, paused, aborted or finished' }),
  members: Type.Integer({ description: 'Fees that it acts on, fixed at the preview' }),
  preview: Type.Array(
    Type.Object({
      refused: nullable(Type.String({ description: 'Why these fees are left out' })),
      step: nullable(Type.String()),
      on: nullable(Type.String({ description: 'The day of that step; null: at once' })),
      fees: Type.Integer(),
      cents: Cents,
    }),
  ),
  createdBy: Type.String(),
  createdAt: Moment,
  startedBy: nullable(Type.String()),
  startedAt: nullable(Moment),
  pausedBy: nullable(Type.String()),
  pausedWhy: nullable(Type.String()),
  endedAt: nullable(Moment),
  progress: Type.Array(
    Type.Object({
      result: Type.String({ description: 'done, open, or the code of a refusal' }),
      fees: Type.Integer(),
    }),
  ),
});

const Wanted = Type.Object(
  {
    act: Type.Enum([...BULK_ACTIONS]),
    where: Text(500, 'Which fees: state=needs_card and year=2026'),
    why: Type.Optional(Why),
  },
  { additionalProperties: false },
);

const DESCRIPTION =
  'Counts what the act would do to every fee that matches, and fixes its members; nothing is ' +
  'done before it is started. `where` joins conditions with `and`: state, decline, year, vendor, ' +
  'assessment, days>=30, text. waive, hold, refund and note need `why`. A preview can be started ' +
  'for a day. A refund needs the scope `approve` as well.';

/** Acts on every fee that matches a selection: preview, start, pause, resume, abort. */
export function bulkActRoutes(app: Api, deps: ApiDeps): void {
  app.post(
    '/v1/bulk-acts',
    secured('operate', {
      summary: 'Preview an act on every fee that matches',
      description: DESCRIPTION,
      tags: ['bulk acts'],
      body: Wanted,
      response: { 201: BulkShape },
    }),
    async (request, reply) => {
      const { act, where, why = null } = request.body;
      const previewed = await previewBulkAct(deps, request, { act, why, where });
      return reply.code(201).send(await shown(deps, previewed));
    },
  );

  app.get(
    '/v1/bulk-acts',
    secured('read', {
      summary: 'The latest acts on many fees that were started',
      tags: ['bulk acts'],
      response: { 200: Type.Object({ bulkActs: Type.Array(BulkShape) }) },
    }),
    async () => {
      const acts = await deps.ledger.bulkActs.begun(MOST);
      return { bulkActs: await Promise.all(acts.map((act) => shown(deps, act))) };
    },
  );

  app.get(
    '/v1/bulk-acts/:id',
    secured('read', {
      summary: 'An act on many fees, and how far it has come',
      tags: ['bulk acts'],
      params: ById,
      response: { 200: BulkShape },
    }),
    async ({ params }) => shown(deps, await bulkActOf(deps, params.id)),
  );

  app.post(
    '/v1/bulk-acts/:id/start',
    secured('operate', {
      summary: 'Start a previewed act',
      tags: ['bulk acts'],
      params: ById,
      response: { 200: BulkShape },
    }),
    async (request) => shown(deps, await startBulkAct(deps, request, request.params.id)),
  );
  const steering = {
    pause: 'Stop it before the next fees; it can go on later',
    resume: 'Let it go on',
    abort: 'End it where it stands, for good',
  };
  for (const [wish, summary] of Object.entries(steering) as [keyof typeof steering, string][])
    app.post(
      `/v1/bulk-acts/:id/${wish}`,
      secured('operate', {
        summary,
        tags: ['bulk acts'],
        params: ById,
        response: { 200: BulkShape },
      }),
      async (request) => shown(deps, await steerBulkAct(deps, request, request.params.id, wish)),
    );
}

/** How many acts are listed. */
const MOST = 50;

async function shown({ ledger }: ApiDeps, act: BulkAct): Promise<Static<typeof BulkShape>> {
  const { bulkId, why, members, state, preview, createdBy } = act;
  const { startedBy, pausedBy, pausedWhy } = act;
  return {
    ...{ bulkId, act: act.act, why, members, state, preview, createdBy },
    ...{ startedBy, pausedBy, pausedWhy },
    where: whereOf(act.selection),
    createdAt: iso(act.createdAt),
    startedAt: iso(act.startedAt),
    endedAt: iso(act.endedAt),
    progress: await ledger.bulkActs.progress(bulkId),
  };
}
