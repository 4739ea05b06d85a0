import multipart from '@fastify/multipart';
import type { FastifyInstance } from 'fastify';
import type { Static } from 'typebox';
import type { ApiDeps } from '../../deps.ts';
import { requireScope } from '../../http/auth.ts';
import { problem } from '../../http/errors.ts';
import { ById } from '../../http/schemas.ts';
import { FILE_BYTES } from '../../imports/read.ts';
import { viewerOf } from '../form-token.ts';
import { sendPage } from '../page.ts';
import { importsBody } from './list.ts';
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

function one(app: FastifyInstance, deps: ApiDeps): void {
  const { ledger, policy } = deps;
  app.get<{ Params: Static<typeof ById> }>(
    '/imports/:id',
    { schema: { params: ById, hide: true } },
    async (request, reply) => {
      const { id } = request.params;
      const result = await ledger.evidence.importOf(id);
      if (!result) throw problem('not_found');
      const problems = await ledger.evidence.problems(id, PROBLEMS + 1);
      return sendPage(request, reply, deps, {
        title: result.fileName,
        section: 'imports',
        body: importBody({
          result,
          problems: problems.slice(0, PROBLEMS),
          more: problems.length > PROBLEMS,
          timeZone: policy.timeZone,
        }),
      });
    },
  );
}
