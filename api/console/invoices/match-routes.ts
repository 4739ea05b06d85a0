import { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import { Type, type Static } from 'typebox';
import {
  DECISIONS,
  matchTotals,
  OUTCOME_NAMES,
  outcomeOf,
  outcomeWords,
  type MatchGroup,
  type MatchOutcome,
} from '../../../core/reconcile/three-way.ts';
import type { Vendor } from '../../../ledger/rates.ts';
import type { ApiDeps } from '../../deps.ts';
import { callerOf } from '../../http/auth.ts';
import { problem } from '../../http/errors.ts';
import { VendorSlug, Why, Year } from '../../http/schemas.ts';
import { decideItem, scopeOfDecision } from '../../invoices/actions.ts';
import { byOf } from '../../routes/actions.ts';
import { doneSentence } from '../done.ts';
import { viewerOf } from '../form-token.ts';
import { guarded } from '../guarded.ts';
import { sendPage } from '../page.ts';
import { itemBody } from './item.ts';
import { matchCsv } from './match-csv.ts';
import { matchBody } from './match.ts';

/** Items of a match on one page. */
const PAGE = 100;

const OfYear = Type.Object({ vendor: VendorSlug, year: Year });
type OfYear = Static<typeof OfYear>;

const Item = Type.String({ pattern: '^[0-9a-f-]{36}(\\.[0-9]{1,6})?$' });
const OfItem = Type.Object({ ...OfYear.properties, item: Item });

/** The pages of a year's match, its download, and the decisions. */
export function matchRoutes(app: FastifyInstance, deps: ApiDeps): void {
  page(app, deps);
  download(app, deps);
  item(app, deps);
}

function page(app: FastifyInstance, deps: ApiDeps): void {
  const { ledger } = deps;
  const Query = Type.Object({
    done: Type.Optional(Type.String({ maxLength: 40 })),
    outcome: Type.Optional(Type.Enum(OUTCOME_NAMES)),
    open: Type.Optional(Type.Enum(['', 'yes'])),
    after: Type.Optional(Item),
  });
  const schema = { params: OfYear, querystring: Query, hide: true };
  app.get<{ Params: OfYear; Querystring: Static<typeof Query> }>(
    '/invoices/match/:vendor/:year',
    { schema },
    async (request, reply) => {
      const { vendor, year } = request.params;
      const { outcome = null, open, after, done } = request.query;
      const { name: vendorName } = await vendorOf(deps, vendor);
      const onlyOpen = open === 'yes';
      const [groups, assessments] = await Promise.all([
        ledger.invoiceMatch.groups(vendor, year),
        ledger.assessments.list(),
      ]);
      const filter = { facts: factsOf(groups, outcome, onlyOpen), undecided: onlyOpen };
      const found = await ledger.invoiceMatch.items(vendor, year, filter, {
        after,
        limit: PAGE + 1,
      });
      const items = found.slice(0, PAGE);
      const run = assessments.find((one) => one.vendor === vendor && one.year === year);
      return sendPage(request, reply, deps, {
        title: `Match of ${vendorName} ${year}`,
        section: 'invoices',
        done: doneSentence(done),
        body: matchBody({
          ...{ vendor, vendorName, year, outcome, onlyOpen, items },
          totals: matchTotals(groups),
          next: found.length > PAGE ? (items.at(-1)?.item ?? null) : null,
          byInvoice: run ? run.policy.passOn === 'invoice' : null,
        }),
      });
    },
  );
}

/** The facts of the items that are wanted; null for all. */
function factsOf(groups: MatchGroup[], outcome: MatchOutcome | null, onlyOpen: boolean) {
  if (!outcome && !onlyOpen) return null;
  const isWanted = ({ facts }: MatchGroup) => {
    const found = outcomeOf(facts);
    return outcome ? found === outcome : !outcomeWords(found).agrees;
  };
  return groups.filter(isWanted).map(({ facts }) => facts);
}

function download(app: FastifyInstance, deps: ApiDeps): void {
  app.get<{ Params: OfYear }>(
    '/invoices/match/:vendor/:year/match.csv',
    { schema: { params: OfYear, hide: true } },
    async (request, reply) => {
      const { vendor, year } = request.params;
      await vendorOf(deps, vendor);
      return reply
        .type('text/csv; charset=utf-8')
        .header('content-disposition', `attachment; filename="match-${vendor}-${year}.csv"`)
        .send(Readable.from(matchCsv(deps.ledger, vendor, year)));
    },
  );
}

function item(app: FastifyInstance, deps: ApiDeps): void {
  type Params = { Params: Static<typeof OfItem> };
  app.get<Params>(
    '/invoices/match/:vendor/:year/:item',
    { schema: { params: OfItem, hide: true } },
    async (request, reply) => {
      const { vendor, year, item: id } = request.params;
      const { name: vendorName } = await vendorOf(deps, vendor);
      const found = await deps.ledger.invoiceMatch.item(vendor, year, id);
      if (!found) throw problem('not_found');
      const { timeZone } = deps.policy;
      const view = { vendor, vendorName, year, item: found, timeZone };
      return sendPage(request, reply, deps, {
        title: `Match of ${found.ref ?? 'a line'}`,
        section: 'invoices',
        body: itemBody(view, viewerOf(request, deps)),
      });
    },
  );

  const Decided = Type.Object({
    decision: Type.Enum([...DECISIONS]),
    why: Why,
    seen: Type.String({ maxLength: 100 }),
  });
  app.post<Params & { Body: Static<typeof Decided> }>(
    '/invoices/match/:vendor/:year/:item',
    guarded(deps, 'operate', { params: OfItem, body: Decided }),
    async (request, reply) => {
      const { vendor, year } = request.params;
      const { decision, why, seen } = request.body;
      const scope = scopeOfDecision(decision);
      if (!callerOf(request).scopes.includes(scope))
        throw problem('missing_scope', { details: { scope } });
      await decideItem(deps, byOf(request), request.params, { decision, why, seen });
      const match = `/console/invoices/match/${vendor}/${year}`;
      return reply.redirect(`${match}?open=yes&done=difference_decided#people`, 303);
    },
  );
}

async function vendorOf({ ledger }: ApiDeps, vendor: string): Promise<Vendor> {
  const found = (await ledger.rates.vendors()).find((one) => one.vendor === vendor);
  if (!found) throw problem('not_found');
  return found;
}
