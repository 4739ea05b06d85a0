import { Type, type Static } from 'typebox';
import {
  DECISIONS,
  keptCents,
  matchTotals,
  OUTCOME_NAMES,
  outcomeOf,
  outcomeWords,
  standingOf,
} from '../../core/reconcile/three-way.ts';
import type { MatchItem } from '../../ledger/invoice-match.ts';
import type { Invoice } from '../../ledger/invoices.ts';
import type { ApiDeps } from '../deps.ts';
import { callerOf } from '../http/auth.ts';
import { problem } from '../http/errors.ts';
import { isDay } from '../http/is-day.ts';
import {
  ById,
  Cents,
  Day,
  iso,
  Limit,
  LIMIT,
  Moment,
  nextAfter,
  nullable,
  secured,
  Text,
  Uuid,
  VendorSlug,
  Why,
  Year,
  type Api,
} from '../http/schemas.ts';
import {
  confirmInvoice,
  decideItem,
  discardInvoice,
  enterInvoice,
  invoiceOf,
  scopeOfDecision,
  voidInvoice,
} from '../invoices/actions.ts';
import { matchToRoster } from '../invoices/lines.ts';
import { INVOICE_LIMITS } from '../invoices/read-file.ts';
import { byOf } from './actions.ts';

/** An invoice of 100,000 lines as JSON. */
const BODY_BYTES = 25 * 1024 * 1024;

const AmountCents = Type.Integer({ minimum: -100_000_000, maximum: 100_000_000 });

const NewInvoice = Type.Object(
  {
    vendor: VendorSlug,
    year: Year,
    number: Text(100, 'As the vendor wrote it; one number is entered once'),
    dated: Day,
    totalCents: Type.Integer({ minimum: -100_000_000_000, maximum: 100_000_000_000 }),
    replaces: Type.Optional(Uuid),
    lines: Type.Array(
      Type.Object(
        {
          name: Type.Optional(Text(300)),
          ref: Type.Optional(Text(300)),
          npi: Type.Optional(Text(40)),
          amountCents: AmountCents,
        },
        { additionalProperties: false },
      ),
      { minItems: 1, maxItems: INVOICE_LIMITS.rows },
    ),
  },
  { additionalProperties: false },
);

const Shape = Type.Object({
  invoiceId: Type.String(),
  vendor: Type.String(),
  year: Type.Integer(),
  number: Type.String(),
  dated: Type.String(),
  totalCents: Cents,
  lines: Type.Integer(),
  linesCents: Cents,
  unknown: Type.Integer({ description: 'Lines that mean nobody known' }),
  replaces: nullable(Type.String()),
  fileName: nullable(Type.String()),
  entered: Type.Object({ at: Moment, by: Type.String() }),
  confirmed: nullable(Type.Object({ at: Moment, by: Type.String() })),
  voided: nullable(Type.Object({ at: Moment, by: Type.String(), why: Type.String() })),
});

const Page = Type.Object({ limit: Limit, after: Type.Optional(Uuid) });

/** The vendor's invoices, and their match with fees and payments. */
export function invoiceRoutes(app: Api, deps: ApiDeps): void {
  entering(app, deps);
  reading(app, deps);
  acts(app, deps);
  match(app, deps);
}

function entering(app: Api, deps: ApiDeps): void {
  app.post(
    '/v1/invoices',
    {
      ...secured('operate', {
        summary: 'Enter a vendor’s invoice as a draft',
        description:
          'One line is one charge for one person; a credit is negative. Each line is matched to ' +
          'the roster by NPI, reference or name. Nothing counts before it is confirmed.',
        tags: ['invoices'],
        body: NewInvoice,
        response: { 201: Shape },
      }),
      bodyLimit: BODY_BYTES,
    },
    async (request, reply) => {
      const { lines, replaces = null, ...head } = request.body;
      if (!isDay(head.dated) || head.number.trim() === '')
        throw problem('invalid_request', { message: 'The number or the day is none.' });
      const written = lines.map(({ name = null, ref = null, npi = null, amountCents }) => {
        return { name, ref, npi, amountCents };
      });
      const matched = await matchToRoster(deps.ledger, head.vendor, written);
      const entered = { ...head, replaces, fileName: null };
      const invoiceId = await enterInvoice(deps, byOf(request), entered, matched);
      return reply.code(201).send(shown(await invoiceOf(deps, invoiceId)));
    },
  );
}

function reading(app: Api, deps: ApiDeps): void {
  app.get(
    '/v1/invoices',
    secured('read', {
      summary: 'The vendors’ invoices, the latest entered first',
      tags: ['invoices'],
      querystring: Page,
      response: {
        200: Type.Object({ invoices: Type.Array(Shape), next: nullable(Type.String()) }),
      },
    }),
    async ({ query: { after, limit = LIMIT } }) => {
      const found = await deps.ledger.invoices.list({ after, limit });
      const next = nextAfter(found, limit, ({ invoiceId }) => invoiceId);
      return { invoices: found.map(shown), next };
    },
  );

  app.get(
    '/v1/invoices/:id',
    secured('read', {
      summary: 'One invoice',
      tags: ['invoices'],
      params: ById,
      response: { 200: Shape },
    }),
    async ({ params }) => shown(await invoiceOf(deps, params.id)),
  );

  const Lines = Type.Object({
    limit: Limit,
    after: Type.Optional(Type.Integer({ minimum: 0, maximum: INVOICE_LIMITS.rows })),
    unknown: Type.Optional(Type.Boolean()),
  });
  app.get(
    '/v1/invoices/:id/lines',
    secured('read', {
      summary: 'The lines of an invoice; `after` is the number of the last line seen',
      tags: ['invoices'],
      params: ById,
      querystring: Lines,
      response: { 200: Type.Object({ lines: Type.Array(Type.Unknown()) }) },
    }),
    async ({ params, query: { limit = LIMIT, after, unknown } }) => {
      await invoiceOf(deps, params.id);
      return { lines: await deps.ledger.invoices.lines(params.id, { limit, after, unknown }) };
    },
  );
}

function acts(app: Api, deps: ApiDeps): void {
  const Anyway = Type.Object({ anyway: Type.Optional(Type.Boolean()) });
  app.post(
    '/v1/invoices/:id/confirm',
    secured('approve', {
      summary: 'Confirm a draft: from then on it counts and never changes',
      description:
        'The lines must be the total, to the cent. `anyway`: although another invoice has the ' +
        'same lines.',
      tags: ['invoices'],
      params: ById,
      querystring: Anyway,
      response: { 200: Shape },
    }),
    async (request) => {
      const { id } = request.params;
      const { anyway = false } = request.query;
      await confirmInvoice(deps, byOf(request), id, anyway);
      return shown(await invoiceOf(deps, id));
    },
  );

  app.post(
    '/v1/invoices/:id/void',
    secured('approve', {
      summary: 'End a confirmed invoice that should not have been entered',
      tags: ['invoices'],
      params: ById,
      body: Type.Object({ why: Why }, { additionalProperties: false }),
      response: { 200: Shape },
    }),
    async (request) => {
      const { id } = request.params;
      await voidInvoice(deps, byOf(request), id, request.body.why);
      return shown(await invoiceOf(deps, id));
    },
  );

  app.delete(
    '/v1/invoices/:id',
    secured('operate', {
      summary: 'Remove a draft',
      tags: ['invoices'],
      params: ById,
      response: { 204: Type.Null() },
    }),
    async (request, reply) => {
      await discardInvoice(deps, byOf(request), request.params.id);
      return reply.code(204).send(null);
    },
  );
}

const Item = Type.Object({
  item: Type.String(),
  clinicianId: nullable(Type.String()),
  name: nullable(Type.String()),
  ref: nullable(Type.String()),
  feeId: nullable(Type.String()),
  outcome: Type.String(),
  says: Type.String(),
  standing: Type.String(),
  invoicedCents: Cents,
  feeCents: Cents,
  keptCents: Cents,
  decisions: Type.Array(Type.String()),
  decision: nullable(Type.String()),
  why: nullable(Type.String()),
});

const Sums = { invoicedCents: Cents, feeCents: Cents, keptCents: Cents };

const Match = Type.Object({
  reconciled: Type.Boolean(),
  open: Type.Integer(),
  waiting: Type.Integer(),
  ...Sums,
  outcomes: Type.Array(
    Type.Object({
      outcome: Type.String(),
      says: Type.String(),
      items: Type.Integer(),
      open: Type.Integer(),
      waiting: Type.Integer(),
      ...Sums,
    }),
  ),
  items: Type.Array(Item),
  next: nullable(Type.String()),
});

const ItemId = Type.String({ pattern: '^[0-9a-f-]{36}(\\.[0-9]{1,6})?$' });

function match(app: Api, deps: ApiDeps): void {
  const Query = Type.Object({
    outcome: Type.Optional(Type.Enum(OUTCOME_NAMES)),
    limit: Limit,
    after: Type.Optional(ItemId),
  });
  app.get(
    '/v1/assessments/:id/match',
    secured('read', {
      summary: 'Invoices, fees and payments side by side, person by person',
      tags: ['invoices'],
      params: ById,
      querystring: Query,
      response: { 200: Match },
    }),
    async ({ params, query: { outcome, limit = LIMIT, after } }) => {
      const { vendor, year } = await assessmentOf(deps, params.id);
      const groups = await deps.ledger.invoiceMatch.groups(vendor, year);
      const facts = outcome
        ? groups.map((group) => group.facts).filter((one) => outcomeOf(one) === outcome)
        : null;
      const filter = { facts, undecided: false };
      const page = { after, limit };
      const items = await deps.ledger.invoiceMatch.items(vendor, year, filter, page);
      const { outcomes, ...totals } = matchTotals(groups);
      return {
        ...totals,
        outcomes: outcomes.map((one) => ({ ...one, says: outcomeWords(one.outcome).says })),
        items: items.map(shownItem),
        next: nextAfter(items, limit, ({ item }) => item),
      };
    },
  );

  const Decide = Type.Object(
    { decision: Type.Enum([...DECISIONS]), why: Why },
    { additionalProperties: false },
  );
  const OfItem = Type.Object({ ...ById.properties, item: ItemId });
  app.post(
    '/v1/assessments/:id/match/:item/decide',
    secured('operate', {
      summary: 'Decide about a difference',
      description:
        'A decision holds as long as its facts do. All but `dispute` and `await` need `approve`.',
      tags: ['invoices'],
      params: OfItem,
      body: Decide,
      response: { 200: Item },
    }),
    async (request) => {
      const { id, item } = request.params;
      const { decision, why } = request.body;
      const scope = scopeOfDecision(decision);
      if (!callerOf(request).scopes.includes(scope))
        throw problem('missing_scope', { details: { scope } });
      // Of an assessment that is not there no item is found, and the audit has a line about it.
      const assessment = await deps.ledger.assessments.get(id);
      const { vendor = 'nobody', year = 0 } = assessment ?? {};
      const input = { decision, why, seen: null };
      await decideItem(deps, byOf(request), { vendor, year, item }, input);
      const after = await deps.ledger.invoiceMatch.item(vendor, year, item);
      if (!after) throw problem('not_found');
      return shownItem(after);
    },
  );
}

async function assessmentOf({ ledger }: ApiDeps, id: string) {
  const assessment = await ledger.assessments.get(id);
  if (!assessment) throw problem('not_found');
  return assessment;
}

function shownItem({ facts, decision, holds, ...item }: MatchItem): Static<typeof Item> {
  const outcome = outcomeOf(facts);
  const { says, decisions } = outcomeWords(outcome);
  const { clinicianId, name, ref, feeId, why } = item;
  return {
    ...{ item: item.item, clinicianId, name, ref, feeId, outcome, says },
    standing: standingOf(outcome, holds ? decision : null),
    ...{ invoicedCents: facts.invoicedCents, feeCents: facts.feeCents },
    ...{ keptCents: keptCents(facts), decisions: [...decisions] },
    ...{ decision: holds ? decision : null, why: holds ? why : null },
  };
}

function shown(invoice: Invoice): Static<typeof Shape> {
  const { confirmedAt, confirmedBy, voidedAt, voidedBy, voidWhy, enteredAt, enteredBy } = invoice;
  return {
    ...invoice,
    entered: { at: iso(enteredAt), by: enteredBy },
    confirmed: confirmedAt && { at: iso(confirmedAt), by: confirmedBy ?? '' },
    voided: voidedAt && { at: iso(voidedAt), by: voidedBy ?? '', why: voidWhy ?? '' },
  };
}
