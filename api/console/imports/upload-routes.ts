import multipart from '@fastify/multipart';
import type { MultipartFile } from '@fastify/multipart';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ApiDeps } from '../../deps.ts';
import { requireScope } from '../../http/auth.ts';
import { ERRORS, Problem } from '../../http/errors.ts';
import { readFormParts, shownFileName, type FormFields } from '../../http/form-parts.ts';
import { importFile, importInput } from '../../imports/import-file.ts';
import { byOf } from '../../routes/actions.ts';
import { checkFormToken, viewerOf } from '../form-token.ts';
import type { Html } from '../html.ts';
import { sendPage } from '../page.ts';
import { uploadedBody, uploadForm, type FileOutcome } from './upload.ts';

/** Files of one form; a script sends them one by one. */
const FILES = 100;

/**
 * Upload of an EHR's exports. Each file is streamed through the same reader as POST /v1/imports;
 * one that breaks off leaves nothing, and what was read before it stays.
 */
export async function importUploadRoutes(app: FastifyInstance, deps: ApiDeps): Promise<void> {
  await app.register(async (scope) => {
    await scope.register(multipart, {
      // The reader counts the bytes of a file, and says in words that there are too many.
      limits: { fileSize: Infinity, files: FILES, fields: 8, fieldSize: 1_000 },
      throwFileSizeLimit: false,
    });
    const shown = { schema: { hide: true }, onRequest: requireScope('operate') };
    scope.get('/imports/upload', shown, async (request, reply) =>
      sendForm(request, reply, deps, []),
    );
    scope.post(
      '/imports/upload',
      { ...shown, config: { upload: true } },
      async (request, reply) => {
        const files = await readFiles(request, deps);
        if (files.length === 0) return sendForm(request, reply.code(422), deps, ['Choose a file.']);
        const isRefused = files.every((file) => 'refused' in file);
        return send(request, isRefused ? reply.code(422) : reply, deps, uploadedBody(files));
      },
    );
  });
}

async function readFiles(request: FastifyRequest, deps: ApiDeps): Promise<FileOutcome[]> {
  const files: FileOutcome[] = [];
  const checkToken = (token: unknown) => checkFormToken(request, deps, token);
  await readFormParts(request, checkToken, async (part, fields) => {
    if (part.filename !== '') files.push(await readFile(request, deps, part, fields));
  });
  return files;
}

async function readFile(
  request: FastifyRequest,
  deps: ApiDeps,
  { file, filename }: MultipartFile,
  fields: FormFields,
): Promise<FileOutcome> {
  const fileName = shownFileName(filename);
  const said = (name: string) => fields.get(name) || null;
  try {
    const about = { vendor: said('vendor'), from: said('from'), to: said('to'), kind: null };
    const input = importInput({ fileName, ...about });
    return { fileName, read: await importFile(deps, byOf(request), file, input) };
  } catch (error) {
    if (!(error instanceof Problem) || error.code === 'truncated_upload') throw error;
    return { fileName, refused: [error.message, error.said.help ?? ERRORS[error.code][2]] };
  }
}

async function sendForm(
  request: FastifyRequest,
  reply: FastifyReply,
  deps: ApiDeps,
  refusal: string[],
): Promise<FastifyReply> {
  const vendors = await deps.ledger.rates.vendors();
  return send(request, reply, deps, uploadForm(vendors, refusal, viewerOf(request, deps)));
}

function send(
  request: FastifyRequest,
  reply: FastifyReply,
  deps: ApiDeps,
  body: Html,
): FastifyReply {
  return sendPage(request, reply, deps, { title: 'Upload exports', section: 'imports', body });
}
