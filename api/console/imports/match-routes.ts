import type { FastifyInstance } from 'fastify';
import { Type, type Static } from 'typebox';
import { createSuggestions } from '../../../usage/suggestions.ts';
import type { ApiDeps } from '../../deps.ts';
import { problem } from '../../http/errors.ts';
import { ById, Uuid, Why } from '../../http/schemas.ts';
import { decideName } from '../../imports/decide-name.ts';
import { audited, byOf } from '../../routes/actions.ts';
import { doneSentence } from '../done.ts';
import { viewerOf } from '../form-token.ts';
import { guarded } from '../guarded.ts';
import { sendPage } from '../page.ts';
import { namesBody } from './names.ts';
import type { PeopleToMatch, PersonToMatch } from './people.ts';

type OfId = { Params: Static<typeof ById> };

/** People of an import that its page shows at once. */
const PEOPLE = 50;
/** People on the roster that are suggested for one name. */
const SUGGESTED = 3;
/** Names on the page of decided names. */
const NAMES = 500;

/** A person as the page names them; see usage/clinician-match.ts. */
const person = {
  name: Type.String({ maxLength: 400 }),
  npi: Type.String({ pattern: '^(\\d{10})?$' }),
};

/** Deciding on the people and rows of an import that need a person. */
export function matchRoutes(app: FastifyInstance, deps: ApiDeps): void {
  const page = (id: string, done: string) => `/console/imports/${id}?done=${done}`;
  const Match = Type.Object({ ...person, clinician: Uuid });
  app.post<OfId & { Body: Static<typeof Match> }>(
    '/imports/:id/match',
    guarded(deps, 'operate', { params: ById, body: Match }),
    async (request, reply) => {
      const { id } = request.params;
      const { name, npi, clinician } = request.body;
      const said = { importId: id, person: { name, npi }, clinicianId: clinician, why: null };
      await decideName(deps, byOf(request), said);
      return reply.redirect(page(id, 'name_matched'), 303);
    },
  );

  const Ignore = Type.Object({ ...person, why: Why });
  app.post<OfId & { Body: Static<typeof Ignore> }>(
    '/imports/:id/ignore',
    guarded(deps, 'operate', { params: ById, body: Ignore }),
    async (request, reply) => {
      const { id } = request.params;
      const { name, npi, why } = request.body;
      const said = { importId: id, person: { name, npi }, clinicianId: null, why: why.trim() };
      await decideName(deps, byOf(request), said);
      return reply.redirect(page(id, 'name_ignored'), 303);
    },
  );

  const Dismiss = Type.Object({ why: Why });
  app.post<OfId & { Body: Static<typeof Dismiss> }>(
    '/imports/:id/dismiss',
    guarded(deps, 'operate', { params: ById, body: Dismiss }),
    async (request, reply) => {
      const { id } = request.params;
      const why = request.body.why.trim();
      const by = byOf(request);
      const act = { action: 'dismiss_rows', object: `import ${id}`, detail: { why } };
      await audited(deps, by, act, async () => {
        if (await deps.ledger.evidence.dismiss(id, why, by.actor)) return;
        throw problem('nothing_to_decide');
      });
      return reply.redirect(page(id, 'rows_dismissed'), 303);
    },
  );
  names(app, deps);
}

function names(app: FastifyInstance, deps: ApiDeps): void {
  const { ledger, policy } = deps;
  const Done = Type.Object({ done: Type.Optional(Type.String({ maxLength: 40 })) });
  app.get<{ Querystring: Static<typeof Done> }>(
    '/imports/names',
    { schema: { querystring: Done, hide: true } },
    async (request, reply) => {
      const all = await ledger.knownNames.list(NAMES + 1);
      const shown = { more: all.length > NAMES, timeZone: policy.timeZone };
      return sendPage(request, reply, deps, {
        title: 'Names that were decided on',
        section: 'imports',
        done: doneSentence(request.query.done),
        body: namesBody(all.slice(0, NAMES), shown, viewerOf(request, deps)),
      });
    },
  );

  app.post<OfId>(
    '/imports/names/:id/forget',
    guarded(deps, 'operate', { params: ById }),
    async (request, reply) => {
      const { id } = request.params;
      const act = { action: 'forget_name', object: `name ${id}` };
      await audited(deps, byOf(request), act, async () => {
        if (!(await ledger.knownNames.forget(id))) throw problem('not_found');
      });
      return reply.redirect('/console/imports/names?done=name_forgotten', 303);
    },
  );
}

/** What somebody asks for whom they mean by a name: the person with this reference. */
export interface AskedFor {
  name: string;
  npi: string;
  ref: string;
}

/** The people of an import who wait for a match, each with who may be meant and what it means. */
export async function peopleOf(
  { ledger }: ApiDeps,
  { importId, vendor }: { importId: string; vendor: string | null },
  asked: AskedFor | null,
): Promise<PeopleToMatch> {
  const waiting = await ledger.knownNames.unmatched(importId, PEOPLE + 1);
  const [roster, vendors, named] = await Promise.all([
    waiting.length === 0 ? [] : ledger.clinicians.forMatching(),
    ledger.rates.vendors(),
    asked ? ledger.clinicians.similar([{ ref: asked.ref.trim() }]) : [],
  ]);
  const suggest = createSuggestions(roster);
  const people = waiting.slice(0, PEOPLE).map((one): PersonToMatch => {
    const { writtenName: name, writtenNpi: npi } = one;
    const near = suggest({ name, npi }, SUGGESTED);
    const isAsked = asked?.name === one.name && asked.npi === one.npi;
    const found = isAsked ? named[0] : undefined;
    const others = near.filter(({ clinicianId }) => clinicianId !== found?.clinicianId);
    return {
      ...one,
      suggestions: found ? [found, ...others] : near,
      unknownRef: isAsked && !found ? asked.ref : null,
    };
  });
  const pairs = people.flatMap(({ suggestions, uses }) =>
    suggestions.flatMap(({ clinicianId }) => uses.map(({ year }) => ({ clinicianId, year }))),
  );
  return {
    importId,
    people,
    standings: pairs.length === 0 ? [] : await ledger.knownNames.standings(pairs),
    more: waiting.length > PEOPLE,
    vendorName: vendors.find((one) => one.vendor === vendor)?.name ?? null,
  };
}
