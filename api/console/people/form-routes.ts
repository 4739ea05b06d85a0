import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Type, type Static } from 'typebox';
import { PaymentsUnavailable } from '../../../gateways/payments.ts';
import type { KnownClinician } from '../../../ledger/clinicians.ts';
import { byOf } from '../../routes/actions.ts';
import type { ApiDeps } from '../../deps.ts';
import { requireScope } from '../../http/auth.ts';
import { ERRORS, problem } from '../../http/errors.ts';
import { ById } from '../../http/schemas.ts';
import { FIELDS } from '../../roster/columns.ts';
import { viewerOf } from '../form-token.ts';
import { guarded } from '../guarded.ts';
import { sendPage } from '../page.ts';
import { personForm, type PersonFormView, type Typed } from './form.ts';
import { fingerprintOf, savePerson, type Saved } from './save.ts';

type OfId = { Params: Static<typeof ById> };

/** The fields of the form. A text that is too long for the roster is refused beside its field. */
const Form = Type.Object({
  ...Object.fromEntries(FIELDS.map((field) => [field, Type.Optional(Type.String())])),
  seen: Type.Optional(Type.String({ maxLength: 100 })),
});
type Form = { Body: Typed & { seen?: string } };

/** The forms to add a person and to edit a row, for those who may operate. */
export function personFormRoutes(app: FastifyInstance, deps: ApiDeps): void {
  const shown = { schema: { hide: true }, onRequest: requireScope('operate') };
  app.get('/people/new', shown, async (request, reply) =>
    sendForm(request, reply, deps, { person: null, typed: {}, notes: [], seen: '' }),
  );
  app.post<Form>('/people', guarded(deps, 'operate', { body: Form }), async (request, reply) =>
    answered(request, reply, deps, null),
  );

  const ofId = { ...shown, schema: { params: ById, hide: true } };
  app.get<OfId>('/people/:id/edit', ofId, async (request, reply) => {
    const person = await personOf(deps, request.params.id);
    const seen = fingerprintOf(person);
    return sendForm(request, reply, deps, { person, typed: typedOf(person), notes: [], seen });
  });
  app.post<OfId & Form>(
    '/people/:id',
    guarded(deps, 'operate', { params: ById, body: Form }),
    async (request, reply) =>
      answered(request, reply, deps, await personOf(deps, request.params.id)),
  );
}

/** Writes the form and goes on to the person, or shows it again with what was typed. */
async function answered(
  request: FastifyRequest<Form>,
  reply: FastifyReply,
  deps: ApiDeps,
  person: KnownClinician | null,
): Promise<FastifyReply> {
  const { seen = '', ...typed } = request.body;
  const saved = await trySaving(deps, request, typed, { person, seen });
  if ('notes' in saved) {
    const stale = saved.notes.some(({ reason }) => reason === 'stale_row');
    reply.code(stale ? 409 : saved.notes.some(({ reason }) => reason === AWAY) ? 503 : 422);
    // The page shows the row as it is now: whoever saves again has seen it.
    const now = stale && person ? await personOf(deps, person.clinicianId) : person;
    const next = stale && now ? fingerprintOf(now) : seen;
    const { notes } = saved;
    return sendForm(request, reply, deps, { person: now, typed, notes, seen: next, stale });
  }
  const query = new URLSearchParams({ done: person ? 'person_saved' : 'person_added' });
  if (saved.warned.length > 0) query.set('warned', saved.warned.join(' '));
  return reply.redirect(`/console/people/${saved.clinicianId}?${query.toString()}`, 303);
}

const AWAY = 'payments_unavailable';

async function trySaving(
  deps: ApiDeps,
  request: FastifyRequest,
  typed: Typed,
  row: { person: KnownClinician | null; seen: string },
): Promise<Saved> {
  try {
    return await savePerson(deps, byOf(request), typed, row);
  } catch (error) {
    if (!(error instanceof PaymentsUnavailable)) throw error;
    const [, what, help] = ERRORS[AWAY];
    const message = `${what} ${help}`;
    return { notes: [{ line: 1, ref: null, field: null, reason: AWAY, message }] };
  }
}

async function sendForm(
  request: FastifyRequest,
  reply: FastifyReply,
  deps: ApiDeps,
  shown: Omit<PersonFormView, 'vendors' | 'timeZone'>,
): Promise<FastifyReply> {
  const vendors = await deps.ledger.rates.vendors();
  const view = { ...shown, vendors, timeZone: deps.policy.timeZone };
  return sendPage(request, reply, deps, {
    title: shown.person ? `Edit ${shown.person.ref}` : 'Add a person',
    section: 'people',
    body: personForm(view, viewerOf(request, deps)),
  });
}

async function personOf({ ledger }: ApiDeps, id: string): Promise<KnownClinician> {
  const person = await ledger.clinicians.get(id);
  if (!person) throw problem('not_found');
  return person;
}

function typedOf(person: KnownClinician): Typed {
  return Object.fromEntries(FIELDS.map((field) => [field, person[field] ?? '']));
}
