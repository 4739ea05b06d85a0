import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Type, type Static } from 'typebox';
import { byOf } from '../../routes/actions.ts';
import { applyMove, previewMove, type MovePreview } from '../../routes/moves.ts';
import type { ApiDeps } from '../../deps.ts';
import { requireScope } from '../../http/auth.ts';
import { ERRORS, Problem, problem } from '../../http/errors.ts';
import { ById } from '../../http/schemas.ts';
import { viewerOf } from '../form-token.ts';
import { guarded } from '../guarded.ts';
import { sendPage } from '../page.ts';
import { moveBody, NOT_LISTED, type MoveView } from './move.ts';

type OfId = { Params: Static<typeof ById> };

const Form = Type.Object({
  vendor: Type.String({ maxLength: 64 }),
  on: Type.String({ maxLength: 10 }),
});
const Confirm = Type.Object({
  ...Form.properties,
  shown: Type.String({ pattern: '^[0-9a-f]{64}$' }),
  sure: Type.Literal('yes'),
});

/** The pages on which a move to another EHR is entered, shown and made. */
export function moveFormRoutes(app: FastifyInstance, deps: ApiDeps): void {
  const page = { schema: { params: ById, hide: true }, onRequest: requireScope('operate') };
  app.get<OfId>('/people/:id/move', page, async (request, reply) =>
    sendMove(request, reply, deps, { vendor: '', on: '', preview: null, refused: null }),
  );
  app.post<OfId & { Body: Static<typeof Form> }>(
    '/people/:id/move',
    guarded(deps, 'operate', { params: ById, body: Form }),
    async (request, reply) => {
      const { vendor, on } = request.body;
      const told = { vendor, on };
      try {
        const preview = await previewMove(deps, request.params.id, toldOf(told));
        return await sendMove(request, reply, deps, { vendor, on, preview, refused: null });
      } catch (error) {
        return refusedMove(request, reply, deps, { ...told, error });
      }
    },
  );
  app.post<OfId & { Body: Static<typeof Confirm> }>(
    '/people/:id/move/confirm',
    guarded(deps, 'operate', { params: ById, body: Confirm }),
    async (request, reply) => {
      const { vendor, on, shown } = request.body;
      const told = { vendor, on };
      const { id } = request.params;
      try {
        await applyMove(deps, byOf(request), id, toldOf(told), shown);
      } catch (error) {
        return refusedMove(request, reply, deps, { ...told, error });
      }
      return reply.redirect(`/console/people/${id}?done=moved`, 303);
    },
  );
}

function toldOf({ vendor, on }: Static<typeof Form>) {
  return { vendor: vendor === NOT_LISTED ? null : vendor, on };
}

/** Shows the form again with why the move was not made, and what it would do by now. */
async function refusedMove(
  request: FastifyRequest<OfId>,
  reply: FastifyReply,
  deps: ApiDeps,
  { error, vendor, on }: Static<typeof Form> & { error: unknown },
): Promise<FastifyReply> {
  if (!(error instanceof Problem) || error.code === 'not_found') throw error;
  const told = { vendor, on };
  const stale = error.code === 'stale_move';
  const preview: MovePreview | null = stale
    ? await previewMove(deps, request.params.id, toldOf(told))
    : null;
  reply.code(ERRORS[error.code][0]);
  return sendMove(request, reply, deps, { ...told, preview, refused: refusalOf(error) });
}

function refusalOf({ code, message }: Problem): string {
  return code === 'invalid_request' ? 'There is no such day.' : `${message} ${ERRORS[code][2]}`;
}

async function sendMove(
  request: FastifyRequest<OfId>,
  reply: FastifyReply,
  deps: ApiDeps,
  shown: Omit<MoveView, 'person' | 'vendors'>,
): Promise<FastifyReply> {
  const person = await deps.ledger.clinicians.get(request.params.id);
  if (!person) throw problem('not_found');
  const vendors = await deps.ledger.rates.vendors();
  return sendPage(request, reply, deps, {
    title: `Move of ${person.ref}`,
    section: 'people',
    body: moveBody({ ...shown, person, vendors }, viewerOf(request, deps)),
  });
}
