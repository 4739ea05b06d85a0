import { Readable } from 'node:stream';
import { Type, type Static } from 'typebox';
import type { Action, ActionWithReason } from '../../core/fee/actions.ts';
import { FEE_STATUSES } from '../../core/fee/fee.ts';
import type { FeeLine } from '../../ledger/reports.ts';
import { applyAction, byOf, scopeOf } from './actions.ts';
import { cardLinkOf } from '../console/card-link.ts';
import type { ApiDeps } from '../deps.ts';
import { problem } from '../http/errors.ts';
import { feeLine, headerLine } from './fee-csv.ts';
import { Acted, FeeHistory, historyOf, stateAfter } from './fee-history.ts';
import { payOtherwiseRoute } from './pay-otherwise.ts';
import {
  ById,
  iso,
  Limit,
  LIMIT,
  Moment,
  nextAfter,
  nullable,
  secured,
  Text,
  Uuid,
  Why,
  type Api,
} from '../http/schemas.ts';

const Line = Type.Object({
  feeId: Type.String(),
  assessmentId: Type.String(),
  vendor: Type.String(),
  year: Type.Integer(),
  ref: Type.String(),
  name: Type.String(),
  state: Type.String(),
  nextStep: nullable(Type.String()),
  dueAt: nullable(Moment),
  intent: nullable(Type.String()),
  declinedCode: nullable(Type.String()),
});

const filter = {
  assessmentId: Type.Optional(Uuid),
  state: Type.Optional(Type.Enum([...FEE_STATUSES])),
  ref: Type.Optional(Text(200, 'The practice’s reference of a clinician')),
};
const Filter = Type.Object(filter, { additionalProperties: false });
const Page = Type.Object(
  { ...filter, after: Type.Optional(Uuid), limit: Limit },
  { additionalProperties: false },
);

/** Fees read from the ledger at a time for the export: it is never held as a whole. */
const CSV_PAGE = 1_000;

/** Fees: lists, histories, and the acts of people on one fee. */
export function feeRoutes(app: Api, deps: ApiDeps): void {
  const { reports } = deps.ledger;

  app.get(
    '/v1/fees',
    secured('read', {
      summary: 'Fees, page by page',
      tags: ['fees'],
      querystring: Page,
      response: {
        200: Type.Object({ fees: Type.Array(Line), next: nullable(Type.String()) }),
      },
    }),
    async ({ query }) => {
      const limit = query.limit ?? LIMIT;
      const fees = await reports.fees({ ...query, limit });
      return { fees: fees.map(shown), next: nextAfter(fees, limit, ({ feeId }) => feeId) };
    },
  );

  app.get(
    '/v1/fees.csv',
    secured('read', {
      summary: 'All fees as CSV, safe to open in a spreadsheet',
      tags: ['fees'],
      querystring: Filter,
      response: {},
    }),
    async ({ query }, reply) =>
      reply
        .type('text/csv; charset=utf-8')
        .header('content-disposition', 'attachment; filename="fees.csv"')
        .send(Readable.from(csv(deps, query))),
  );

  app.get(
    '/v1/fees/:id',
    secured('read', {
      summary: 'The story of a fee',
      description: 'Every entry in order, what is next, when and why, and the evidence.',
      tags: ['fees'],
      params: ById,
      response: { 200: FeeHistory },
    }),
    async ({ params }) => {
      const story = await historyOf(deps, params.id);
      if (!story) throw problem('not_found');
      return story;
    },
  );

  actRoutes(app, deps);
  payOtherwiseRoute(app, deps);
  cardLinkRoute(app, deps);
}

const WithWhy = Type.Object({ why: Why }, { additionalProperties: false });

function actRoutes(app: Api, deps: ApiDeps): void {
  const withWhy: Record<ActionWithReason, string> = {
    waive: 'Waive the fee; money already taken is given back',
    hold: 'Stop everything about the fee until it is released',
    bounce: 'The notice came back: nothing is charged until another one stands',
    refund: 'Give the money back',
    note: 'Write a remark into the story of the fee; nothing else changes',
  };
  for (const [act, summary] of Object.entries(withWhy) as [ActionWithReason, string][])
    app.post(
      `/v1/fees/:id/${act}`,
      secured(scopeOf(act), {
        summary,
        tags: ['fees'],
        params: ById,
        body: WithWhy,
        response: { 200: Acted },
      }),
      async (request) => {
        const { id } = request.params;
        await applyAction(deps, byOf(request), id, { act, why: request.body.why.trim() });
        return stateAfter(deps, id);
      },
    );
  const plain = {
    release: 'Let a held fee go on',
    retry: 'Try again what failed: the notice, or the card',
    send_card_link: 'Send the clinician the link to give another card',
  };
  for (const [act, summary] of Object.entries(plain) as [keyof typeof plain, string][])
    app.post(
      `/v1/fees/:id/${act.replaceAll('_', '-')}`,
      secured(scopeOf(act), { summary, tags: ['fees'], params: ById, response: { 200: Acted } }),
      async (request) => {
        const input: Action = { act };
        await applyAction(deps, byOf(request), request.params.id, input);
        return stateAfter(deps, request.params.id);
      },
    );
}

function cardLinkRoute(app: Api, deps: ApiDeps): void {
  app.post(
    '/v1/fees/:id/card-link',
    {
      ...secured('operate', {
        summary: 'A page of Stripe’s on which the clinician gives another card',
        tags: ['fees'],
        params: ById,
        response: { 201: Type.Object({ url: Type.String() }) },
      }),
      // Anybody who has the link may change the card.
      config: { secretAnswer: true },
    },
    async (request, reply) => {
      const url = await cardLinkOf(deps, byOf(request), request.params.id);
      return reply.code(201).send({ url });
    },
  );
}

async function* csv(
  { ledger }: Pick<ApiDeps, 'ledger'>,
  wanted: Static<typeof Filter>,
): AsyncGenerator<string> {
  const assessments = new Map(
    (await ledger.assessments.list()).map((one) => [one.assessmentId, one]),
  );
  yield headerLine();
  for (let after: string | undefined; ;) {
    const page = await ledger.reports.fees({ ...wanted, after, limit: CSV_PAGE });
    yield page.map((fee) => feeLine(fee, assessments.get(fee.assessmentId))).join('');
    if (page.length < CSV_PAGE) return;
    after = page.at(-1)?.feeId;
  }
}

function shown(fee: FeeLine): Static<typeof Line> {
  return { ...fee, dueAt: iso(fee.dueAt) };
}
