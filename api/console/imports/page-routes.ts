import type { FastifyInstance } from 'fastify';
import { Type, type Static } from 'typebox';
import type { ApiDeps } from '../../deps.ts';
import { problem } from '../../http/errors.ts';
import { ById } from '../../http/schemas.ts';
import { doneSentence } from '../done.ts';
import { viewerOf } from '../form-token.ts';
import { sendPage } from '../page.ts';
import { importsBody } from './list.ts';
import { matchRoutes, peopleOf } from './match-routes.ts';
import { importBody } from './one.ts';

/** Problems of an import that its page lists. */
const PROBLEMS = 500;

/** The EHR's exports: what was read, and what came of each. */
export function importPages(app: FastifyInstance, deps: ApiDeps): void {
  list(app, deps);
  one(app, deps);
  matchRoutes(app, deps);
}

function list(app: FastifyInstance, deps: ApiDeps): void {
  app.get('/imports', { schema: { hide: true } }, async (request, reply) => {
    const imports = await deps.ledger.evidence.imports();
    return sendPage(request, reply, deps, {
      title: 'Exports',
      section: 'imports',
      body: importsBody(imports, deps.policy.timeZone, viewerOf(request, deps)),
    });
  });
}

const Query = Type.Object({
  done: Type.Optional(Type.String({ maxLength: 40 })),
  name: Type.Optional(Type.String({ maxLength: 400 })),
  npi: Type.Optional(Type.String({ maxLength: 10 })),
  ref: Type.Optional(Type.String({ maxLength: 200 })),
});

function one(app: FastifyInstance, deps: ApiDeps): void {
  const { ledger, policy } = deps;
  app.get<{ Params: Static<typeof ById>; Querystring: Static<typeof Query> }>(
    '/imports/:id',
    { schema: { params: ById, querystring: Query, hide: true } },
    async (request, reply) => {
      const { id } = request.params;
      const { done, name, npi, ref } = request.query;
      const result = await ledger.evidence.importOf(id);
      if (!result) throw problem('not_found');
      const asked = name !== undefined && npi !== undefined && ref ? { name, npi, ref } : null;
      const [problems, people] = await Promise.all([
        ledger.evidence.rowProblems(id, PROBLEMS + 1),
        peopleOf(deps, result, asked),
      ]);
      const view = { result, people, problems: problems.slice(0, PROBLEMS) };
      return sendPage(request, reply, deps, {
        title: result.fileName,
        section: 'imports',
        done: doneSentence(done),
        body: importBody(
          { ...view, more: problems.length > PROBLEMS, timeZone: policy.timeZone },
          viewerOf(request, deps),
        ),
      });
    },
  );
}
