import multipart from '@fastify/multipart';
import type { FastifyInstance } from 'fastify';
import { Type, type Static } from 'typebox';
import type { ApiDeps } from '../../deps.ts';
import { requireScope } from '../../http/auth.ts';
import { problem } from '../../http/errors.ts';
import { ById } from '../../http/schemas.ts';
import { FILE_BYTES } from '../../imports/read.ts';
import { doneSentence } from '../done.ts';
import { viewerOf } from '../form-token.ts';
import { sendPage } from '../page.ts';
import { importsBody } from './list.ts';
import { matchRoutes, peopleOf } from './match-routes.ts';
import { importBody } from './one.ts';
import { readFiles } from './read-form.ts';
import { outcomesBody } from './upload.ts';

/** Files that one form may send. */
const FILES = 100;
/** Problems of an import that its page lists. */
const PROBLEMS = 500;

/** The EHR's exports: sending them, and what came of each. */
export async function importPages(app: FastifyInstance, deps: ApiDeps): Promise<void> {
  list(app, deps);
  one(app, deps);
  matchRoutes(app, deps);
  await app.register(async (scope) => {
    await scope.register(multipart, {
      limits: { fileSize: FILE_BYTES + 1, files: FILES, fields: 4, fieldSize: 1_000 },
      // The reader counts the bytes, and says in words that there are too many.
      throwFileSizeLimit: false,
    });
    take(scope, deps);
  });
}

function list(app: FastifyInstance, deps: ApiDeps): void {
  app.get('/imports', { schema: { hide: true } }, async (request, reply) => {
    const [imports, vendors] = await Promise.all([
      deps.ledger.evidence.imports(),
      deps.ledger.rates.vendors(),
    ]);
    return sendPage(request, reply, deps, {
      title: 'Exports',
      section: 'imports',
      body: importsBody(
        { imports, vendors, timeZone: deps.policy.timeZone },
        viewerOf(request, deps),
      ),
    });
  });
}

function take(app: FastifyInstance, deps: ApiDeps): void {
  const options = {
    schema: { hide: true },
    onRequest: requireScope('operate'),
    config: { upload: true },
  };
  app.post('/imports', options, async (request, reply) => {
    const outcomes = await readFiles(request, deps);
    const refused = outcomes.every((outcome) => 'refused' in outcome);
    return sendPage(request, refused ? reply.code(422) : reply, deps, {
      title: 'What came of the files',
      section: 'imports',
      body: outcomesBody(outcomes),
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
