import type { FastifyInstance } from 'fastify';
import { Type, type Static } from 'typebox';
import type { KnownClinician } from '../../../ledger/clinicians.ts';
import type { ShownLine } from '../../../ledger/invoices.ts';
import type { ApiDeps } from '../../deps.ts';
import { problem } from '../../http/errors.ts';
import { ById, Uuid } from '../../http/schemas.ts';
import { invoiceOf } from '../../invoices/actions.ts';
import { INVOICE_LIMITS } from '../../invoices/read-file.ts';
import { doneSentence } from '../done.ts';
import { viewerOf } from '../form-token.ts';
import { may } from '../layout.ts';
import { sendPage } from '../page.ts';
import { invoiceBody } from './invoice.ts';
import { lineBody } from './line.ts';
import { invoicesBody } from './list.ts';

/** Rows of a list on one page. */
const PAGE = 100;
/** People who are shown of those that a search finds. */
const FOUND = 10;

/** The pages of invoices that only show. */
export function invoicePages(app: FastifyInstance, deps: ApiDeps): void {
  list(app, deps);
  invoice(app, deps);
  line(app, deps);
}

function list(app: FastifyInstance, deps: ApiDeps): void {
  const Query = Type.Object({ after: Type.Optional(Uuid) });
  const schema = { querystring: Query, hide: true };
  app.get<{ Querystring: Static<typeof Query> }>(
    '/invoices',
    { schema },
    async (request, reply) => {
      const { after } = request.query;
      const [found, assessments] = await Promise.all([
        deps.ledger.invoices.list({ after, limit: PAGE + 1 }),
        deps.ledger.assessments.list(),
      ]);
      const invoices = found.slice(0, PAGE);
      const next = found.length > PAGE ? (invoices.at(-1)?.invoiceId ?? null) : null;
      const view = { invoices, next, later: after !== undefined, assessments };
      return sendPage(request, reply, deps, {
        title: 'Invoices',
        section: 'invoices',
        body: invoicesBody(view, viewerOf(request, deps)),
      });
    },
  );
}

const Search = Type.Optional(Type.String({ maxLength: 200 }));

function invoice(app: FastifyInstance, deps: ApiDeps): void {
  const Query = Type.Object({
    done: Type.Optional(Type.String({ maxLength: 40 })),
    q: Search,
    unknown: Type.Optional(Type.Enum(['', 'yes'])),
    after: Type.Optional(Type.Integer({ minimum: 0, maximum: 2 * INVOICE_LIMITS.rows })),
  });
  app.get<{ Params: Static<typeof ById>; Querystring: Static<typeof Query> }>(
    '/invoices/:id',
    { schema: { params: ById, querystring: Query, hide: true } },
    async (request, reply) => {
      const { id } = request.params;
      const { done, q = '', unknown, after } = request.query;
      const shown = await invoiceOf(deps, id);
      const onlyUnknown = unknown === 'yes';
      const page = { after, limit: PAGE + 1, unknown: onlyUnknown };
      const { invoices } = deps.ledger;
      const [lines, same, replaced, found] = await Promise.all([
        invoices.lines(id, page),
        shown.confirmedAt ? null : invoices.sameContent(id).then(orNull(deps)),
        orNull(deps)(shown.replaces),
        q.trim() === '' ? null : peopleLike(deps, q),
      ]);
      const kept = lines.slice(0, PAGE);
      const next = lines.length > PAGE ? (kept.at(-1)?.line ?? null) : null;
      const { timeZone } = deps.policy;
      const view = { invoice: shown, lines: kept, onlyUnknown, next, same, replaced };
      return sendPage(request, reply, deps, {
        title: `Invoice ${shown.number}`,
        section: 'invoices',
        done: doneSentence(done),
        body: invoiceBody({ ...view, found, searched: q, timeZone }, viewerOf(request, deps)),
      });
    },
  );
}

const orNull =
  ({ ledger }: ApiDeps) =>
  (id: string | null) =>
    id ? ledger.invoices.get(id) : null;

/** A line of an invoice by its number. */
export const OfLine = Type.Object({
  ...ById.properties,
  line: Type.Integer({ minimum: 1, maximum: 2 * INVOICE_LIMITS.rows }),
});
export type OfLine = { Params: Static<typeof OfLine> };

function line(app: FastifyInstance, deps: ApiDeps): void {
  const Query = Type.Object({ q: Search });
  app.get<OfLine & { Querystring: Static<typeof Query> }>(
    '/invoices/:id/lines/:line',
    { schema: { params: OfLine, querystring: Query, hide: true } },
    async (request, reply) => {
      const { id, line: number } = request.params;
      const shown = await invoiceOf(deps, id);
      const one = await lineOf(deps, id, number);
      const viewer = viewerOf(request, deps);
      const scope = shown.confirmedAt ? 'approve' : 'operate';
      const isFree = !shown.voidedAt && (!shown.confirmedAt || !one.clinicianId);
      const mayMatch = isFree && may(viewer, scope);
      const asked = request.query.q === undefined ? wordsOf(one) : [request.query.q];
      const { searched, found } = mayMatch ? await firstLike(deps, asked) : NOBODY;
      return sendPage(request, reply, deps, {
        title: `Line ${number} of invoice ${shown.number}`,
        section: 'invoices',
        body: lineBody({ invoice: shown, line: one, searched, found, mayMatch }, viewer),
      });
    },
  );
}

const NOBODY = { searched: '', found: [] };

/** What the vendor wrote, the most telling first; a name in another order has the same words. */
function wordsOf({ ref, npi, name }: ShownLine): string[] {
  const words = (name ?? '').split(/[\s,]+/).filter((word) => word.length > 2);
  const longest = words.sort((a, b) => b.length - a.length).slice(0, 2);
  return [npi, ref, name, ...longest].filter((one) => one !== null && one !== '') as string[];
}

/** The people of the first search that finds anybody. */
async function firstLike(
  deps: ApiDeps,
  searches: readonly string[],
): Promise<{ searched: string; found: KnownClinician[] }> {
  for (const searched of searches) {
    const found = await peopleLike(deps, searched);
    if (found.length > 0) return { searched, found };
  }
  return { searched: searches.at(0) ?? '', found: [] };
}

/** A line that is there. Throws `not_found`. */
export async function lineOf(
  { ledger }: ApiDeps,
  invoiceId: string,
  number: number,
): Promise<ShownLine> {
  const [one] = await ledger.invoices.lines(invoiceId, { after: number - 1, limit: 1 });
  if (one?.line !== number) throw problem('not_found');
  return one;
}

async function peopleLike({ ledger }: ApiDeps, searched: string): Promise<KnownClinician[]> {
  const text = searched.replace(/[\u0000-\u001f\u007f]+/g, ' ').trim();
  const filter = { text: text || null, vendor: null, gap: null, sort: 'name' as const };
  return ledger.people.find(filter, { after: null, limit: FOUND });
}
