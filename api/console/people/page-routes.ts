import { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import { Type, type Static } from 'typebox';
import { GAPS, type PeopleFilter } from '../../../ledger/people.ts';
import type { ApiDeps } from '../../deps.ts';
import { problem } from '../../http/errors.ts';
import { ById } from '../../http/schemas.ts';
import { doneSentence } from '../done.ts';
import { viewerOf } from '../form-token.ts';
import { html, type Html } from '../html.ts';
import { sendPage } from '../page.ts';
import { peopleBody } from './list.ts';
import { personBody } from './person.ts';
import { ROSTER_HEADER, rosterCsv } from './roster-csv.ts';
import { warningsShown } from './words.ts';

/** Lines of a list on one page. */
const PAGE = 100;
/** Fees of one person: a fee a vendor and year. */
const FEES = 200;
/** Changes of one row that are shown. */
const ACTS = 50;

/** The pages of the roster that only show, and its downloads. */
export function peoplePages(app: FastifyInstance, deps: ApiDeps): void {
  list(app, deps);
  person(app, deps);
  downloads(app, deps);
}

const Query = Type.Object({
  q: Type.Optional(Type.String({ maxLength: 200 })),
  // An empty field of the form means "any".
  vendor: Type.Optional(Type.String({ pattern: '^[a-z0-9_-]{0,64}$' })),
  gap: Type.Optional(Type.Enum(['', ...GAPS])),
  sort: Type.Optional(Type.Enum(['ref', 'name'])),
  after: Type.Optional(ById.properties.id),
});

function list(app: FastifyInstance, deps: ApiDeps): void {
  const { ledger } = deps;
  const schema = { querystring: Query, hide: true };
  app.get<{ Querystring: Static<typeof Query> }>('/people', { schema }, async (request, reply) => {
    const filter = filterOf(request.query);
    const { after = null } = request.query;
    const [vendors, found] = await Promise.all([
      ledger.rates.vendors(),
      ledger.people.find(filter, { after, limit: PAGE + 1 }),
    ]);
    const people = found.slice(0, PAGE);
    const next = found.length > PAGE ? (people.at(-1)?.clinicianId ?? null) : null;
    return sendPage(request, reply, deps, {
      title: 'People',
      section: 'people',
      body: peopleBody(
        { filter, vendors, people, next, later: after !== null },
        viewerOf(request, deps),
      ),
    });
  });
}

function filterOf({ q, vendor, gap, sort }: Static<typeof Query>): PeopleFilter {
  // No control character is in any field, and Postgres refuses the first of them.
  const text = (q ?? '').replace(/[\u0000-\u001f\u007f]+/g, ' ').trim();
  return { text: text || null, vendor: vendor || null, gap: gap || null, sort: sort ?? 'ref' };
}

const Done = Type.Object({
  done: Type.Optional(Type.String({ maxLength: 40 })),
  warned: Type.Optional(Type.String({ maxLength: 200 })),
});

function person(app: FastifyInstance, deps: ApiDeps): void {
  const schema = { params: ById, querystring: Done, hide: true };
  app.get<{ Params: Static<typeof ById>; Querystring: Static<typeof Done> }>(
    '/people/:id',
    { schema },
    async (request, reply) => {
      const view = await personView(deps, request.params.id);
      const { done, warned } = request.query;
      const body: Html = personBody(view, viewerOf(request, deps));
      return sendPage(request, reply, deps, {
        title: view.person.ref,
        section: 'people',
        done: doneSentence(done),
        body: html`${warningsShown(warned)}${body}`,
      });
    },
  );
}

async function personView({ ledger, policy }: ApiDeps, id: string) {
  const found = await ledger.clinicians.get(id);
  if (!found) throw problem('not_found');
  const [vendors, fees, assessments, evidence, acts] = await Promise.all([
    ledger.rates.vendors(),
    ledger.reports.fees({ ref: found.ref, limit: FEES }),
    ledger.assessments.list(),
    ledger.people.evidenceByYear(id),
    ledger.access.auditedOf(`clinician ${id}`, ACTS),
  ]);
  fees.sort((a, b) => b.year - a.year || (a.vendor < b.vendor ? -1 : 1));
  const { timeZone } = policy;
  return { person: found, vendors, fees, assessments, evidence, acts, timeZone };
}

function downloads(app: FastifyInstance, deps: ApiDeps): void {
  const files: Record<string, () => Readable> = {
    'roster.csv': () => Readable.from(rosterCsv(deps.ledger)),
    'template.csv': () => Readable.from([ROSTER_HEADER]),
  };
  for (const [name, content] of Object.entries(files))
    app.get(`/people/${name}`, { schema: { hide: true } }, (_request, reply) =>
      reply
        .type('text/csv; charset=utf-8')
        .header('content-disposition', `attachment; filename="${name}"`)
        .send(content()),
    );
}
