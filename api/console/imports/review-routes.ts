import type { FastifyInstance } from 'fastify';
import { Type, type Static } from 'typebox';
import type { ApiDeps } from '../../deps.ts';
import { ById, Why } from '../../http/schemas.ts';
import { byOf, decideFile } from '../../routes/actions.ts';
import { doneSentence } from '../done.ts';
import { viewerOf } from '../form-token.ts';
import { guarded } from '../guarded.ts';
import { sendPage } from '../page.ts';
import { reviewBody } from './review.ts';

/** Weak findings on one page. */
const PAGE = 100;
/** Files that can be decided on as a whole on the page. */
const FILES = 20;

/** Weak findings: the list, and the decision on all of one file. */
export function reviewRoutes(app: FastifyInstance, deps: ApiDeps): void {
  const { evidence, knownNames } = deps.ledger;
  const Query = Type.Object({ done: Type.Optional(Type.String({ maxLength: 40 })) });
  app.get<{ Querystring: Static<typeof Query> }>(
    '/review',
    { schema: { querystring: Query, hide: true } },
    async (request, reply) => {
      const [weak, files] = await Promise.all([evidence.weak(PAGE + 1), evidence.weakFiles(FILES)]);
      const shown = weak.slice(0, PAGE);
      const standings = await knownNames.standings(shown);
      const view = { weak: shown, more: weak.length > PAGE, files, standings };
      return sendPage(request, reply, deps, {
        title: 'Review',
        section: 'review',
        done: doneSentence(request.query.done),
        body: reviewBody(view, viewerOf(request, deps)),
      });
    },
  );

  const Said = Type.Object({
    verdict: Type.Union([Type.Literal('accepted'), Type.Literal('refused')]),
    pieces: Type.String({ pattern: '^[1-9]\\d{0,8}$' }),
    why: Why,
  });
  app.post<{ Params: Static<typeof ById>; Body: Static<typeof Said> }>(
    '/imports/:id/verdict',
    guarded(deps, 'operate', { params: ById, body: Said }),
    async (request, reply) => {
      const { verdict, pieces, why } = request.body;
      const said = { verdict, pieces: Number(pieces), why: why.trim() };
      await decideFile(deps, byOf(request), request.params.id, said);
      return reply.redirect(`/console/review?done=${verdict}`, 303);
    },
  );
}
