import { Readable } from 'node:stream';
import { Type, type Static } from 'typebox';
import { byOf } from './actions.ts';
import type { ApiDeps } from '../deps.ts';
import { problem } from '../http/errors.ts';
import { importFile, importInput, PROBLEMS_SHOWN } from '../imports/import-file.ts';
import type { ImportInput } from '../imports/read.ts';
import {
  ById,
  Day,
  iso,
  Moment,
  nullable,
  secured,
  Text,
  VendorSlug,
  type Api,
} from '../http/schemas.ts';

const imported = {
  importId: Type.String(),
  fileName: Type.String(),
  sha256: Type.String(),
  format: Type.String(),
  bytes: Type.Integer(),
  records: Type.Integer(),
  findings: Type.Integer({ description: 'Uses of a code' }),
  matched: Type.Integer({ description: 'Uses laid at the door of one clinician' }),
};

const ProblemShape = Type.Object({
  line: Type.Integer(),
  reason: Type.String({ description: 'Stable' }),
  field: nullable(Type.String()),
  message: Type.String(),
  clinicianNpi: nullable(Type.String()),
  clinicianName: nullable(Type.String()),
  times: Type.Integer(),
});

const Result = Type.Object({
  ...imported,
  created: Type.Boolean({ description: 'False: the same content was imported before' }),
  unmatched: Type.Integer(),
  ambiguous: Type.Integer(),
  undated: Type.Integer(),
  refused: Type.Integer({ description: 'Rows and records that could not be read' }),
  weak: Type.Integer({ description: 'Pieces of evidence that wait for a person' }),
  clinicians: Type.Integer({ description: 'Clinicians with evidence in this file' }),
  evidenceAdded: Type.Integer({ description: 'Pieces of evidence that were not there before' }),
  feesChanged: Type.Integer(),
  problems: Type.Array(ProblemShape, { description: 'The first 1000' }),
});

const Options = Type.Object(
  {
    fileName: Type.Optional(Text(255)),
    vendor: Type.Optional(VendorSlug),
    from: Type.Optional(Day),
    to: Type.Optional(Day),
    kind: Type.Optional(Type.Enum(['x12', 'fhir', 'csv', 'xlsx', 'text'])),
  },
  { additionalProperties: false },
);

const PROBLEMS_MOST = 20_000;

/** Records of an EHR. They are streamed through; only evidence of use is kept. */
export async function importRoutes(app: Api, deps: ApiDeps): Promise<void> {
  await app.register(async (scope: Api) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
    scope.post(
      '/v1/imports',
      {
        ...secured('operate', {
          summary: 'Import a file of usage records: X12, FHIR, CSV, workbook or text, up to 4 GB',
          description: DESCRIPTION,
          tags: ['imports'],
          querystring: Options,
          response: { 200: Result, 201: Result },
        }),
        config: { upload: true },
      },
      async (request, reply) => {
        if (request.headers['content-type']?.startsWith('multipart/'))
          throw problem('unsupported_type', { help: 'Send the file itself: curl -T claims.837' });
        if (!(request.body instanceof Readable)) throw problem('empty_body');
        const result = await importFile(deps, byOf(request), request.body, inputOf(request.query));
        return reply.code(result.created ? 201 : 200).send(result);
      },
    );
  });
  listRoutes(app, deps);
}

const DESCRIPTION =
  'The content decides what it is. The same content twice changes nothing, unless the roster has ' +
  'changed: then it is matched anew. `from` and `to`, in one year, stand in for dates that ' +
  'records do not have. ' +
  'An upload that breaks off leaves nothing.';

function listRoutes(app: Api, deps: ApiDeps): void {
  const { evidence } = deps.ledger;

  app.get(
    '/v1/imports',
    secured('read', {
      summary: 'Imports, newest first; the last 1000',
      tags: ['imports'],
      querystring: Type.Object(
        { sha256: Type.Optional(Type.String({ pattern: '^[0-9a-f]{64}$' })) },
        { additionalProperties: false },
      ),
      response: {
        200: Type.Object({
          imports: Type.Array(
            Type.Object({ ...imported, importedAt: Moment, importedBy: Type.String() }),
          ),
        }),
      },
    }),
    async ({ query }) => {
      const found = query.sha256
        ? [await evidence.find(query.sha256)].filter((one) => one !== null)
        : await evidence.imports();
      return { imports: found.map((one) => ({ ...one, importedAt: iso(one.importedAt) })) };
    },
  );

  app.get(
    '/v1/imports/:id/problems',
    secured('read', {
      summary: 'What a person must look at in an import',
      tags: ['imports'],
      params: ById,
      querystring: Type.Object(
        { limit: Type.Optional(Type.Integer({ minimum: 1, maximum: PROBLEMS_MOST })) },
        { additionalProperties: false },
      ),
      response: { 200: Type.Object({ problems: Type.Array(ProblemShape) }) },
    }),
    async ({ params, query }) => ({
      problems: await evidence.problems(params.id, query.limit ?? PROBLEMS_SHOWN),
    }),
  );
}

function inputOf(query: Static<typeof Options>): ImportInput {
  const { fileName = 'upload', vendor = null, from = null, to = null, kind = null } = query;
  return importInput({ fileName, vendor, from, to, kind });
}
