import multipart from '@fastify/multipart';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Type, type Static } from 'typebox';
import { audited, byOf } from '../../routes/actions.ts';
import type { ApiDeps } from '../../deps.ts';
import { callerOf, requireScope } from '../../http/auth.ts';
import { ById } from '../../http/schemas.ts';
import { FIELDS, type Field } from '../../roster/columns.ts';
import { createNotes } from '../../roster/validate-row.ts';
import { writeRoster } from '../../roster/write.ts';
import { checkFormToken, viewerOf } from '../form-token.ts';
import { guarded } from '../guarded.ts';
import { type Html } from '../html.ts';
import { sendPage } from '../page.ts';
import { previewBody } from './preview.ts';
import { readUpload } from './read-upload.ts';
import {
  isReady,
  namedRows,
  planUpload,
  previewOf,
  type ReadyUpload,
  type UploadPlan,
} from './upload-plan.ts';
import {
  columnsForm,
  goneBody,
  uploadForm,
  UPLOAD_LIMITS,
  writtenBody,
  type LateRow,
} from './upload.ts';

type OfId = { Params: Static<typeof ById> };

const PATH = '/console/people/upload';

/**
 * Upload of a roster in three steps: the file, what it would change, the confirmation. The rows
 * wait in the ledger meanwhile. A confirmation names the hash of the plan that was shown, and
 * writes that plan or nothing.
 */
export async function uploadRoutes(app: FastifyInstance, deps: ApiDeps): Promise<void> {
  await app.register(async (scope) => {
    await scope.register(multipart, {
      limits: { fileSize: UPLOAD_LIMITS.bytes + 1, files: 1, fields: 4, fieldSize: 1_000 },
      // The reader counts the bytes, and says in words that there are too many.
      throwFileSizeLimit: false,
    });
    takeFile(scope, deps);
  });
  showUpload(app, deps);
  nameColumns(app, deps);
  confirm(app, deps);
  discard(app, deps);
}

function takeFile(app: FastifyInstance, deps: ApiDeps): void {
  const shown = { schema: { hide: true }, onRequest: requireScope('operate') };
  app.get('/people/upload', shown, async (request, reply) => sendForm(request, reply, deps, []));
  app.post('/people/upload', { ...shown, config: { upload: true } }, async (request, reply) => {
    // The token comes before the file, and the file is not read without it.
    const checkToken = (token: unknown) => checkFormToken(request, deps, token);
    const vendors = await deps.ledger.rates.vendors();
    const read = await readUpload(request, vendors, checkToken);
    if ('refusal' in read) return sendForm(request, reply.code(422), deps, read.refusal);
    const uploadedBy = callerOf(request).name;
    const uploadId = await deps.ledger.rosterUploads.keep({ ...read, uploadedBy });
    return reply.redirect(`${PATH}/${uploadId}`, 303);
  });
}

function showUpload(app: FastifyInstance, deps: ApiDeps): void {
  app.get<OfId>(
    '/people/upload/:id',
    { schema: { params: ById, hide: true }, onRequest: requireScope('operate') },
    async (request, reply) => sendUpload(request, reply, deps, request.params.id, null),
  );
}

const Columns = Type.Object(
  Object.fromEntries(
    FIELDS.map((field) => [field, Type.Optional(Type.String({ pattern: '^\\d{0,4}$' }))]),
  ),
);

function nameColumns(app: FastifyInstance, deps: ApiDeps): void {
  app.post<OfId & { Body: Partial<Record<Field, string>> }>(
    '/people/upload/:id/columns',
    guarded(deps, 'operate', { params: ById, body: Columns }),
    async (request, reply) => {
      const { id } = request.params;
      const upload = await deps.ledger.rosterUploads.get(id);
      const { headings, rows } = upload ?? {};
      if (!headings || !rows) return sendUpload(request, reply, deps, id, null);
      const columns = new Map(
        FIELDS.flatMap((field) => {
          const at = request.body[field];
          return at && Number(at) < headings.length ? [[field, Number(at)] as const] : [];
        }),
      );
      const refusal = refusalOf(columns);
      if (refusal) return sendUpload(request, reply.code(422), deps, id, refusal);
      const chosen = new Set(columns.values());
      const ignored = headings.filter((heading, at) => heading !== '' && !chosen.has(at));
      await deps.ledger.rosterUploads.nameColumns(id, { rows: namedRows(rows, columns), ignored });
      return reply.redirect(`${PATH}/${id}`, 303);
    },
  );
}

function refusalOf(columns: Map<Field, number>): string | null {
  if (!columns.has('ref') || !columns.has('name'))
    return 'Say which columns are the reference and the name: both are needed.';
  if (new Set(columns.values()).size < columns.size)
    return 'One column cannot be two fields: choose another one.';
  return null;
}

function confirm(app: FastifyInstance, deps: ApiDeps): void {
  const body = Type.Object({ plan: Type.String({ pattern: '^[0-9a-f]{64}$' }) });
  app.post<OfId & { Body: Static<typeof body> }>(
    '/people/upload/:id/confirm',
    guarded(deps, 'operate', { params: ById, body }),
    async (request, reply) => {
      const { id } = request.params;
      const claim = await deps.ledger.rosterUploads.claim(id);
      if (claim === 'busy') return sendUpload(request, reply.code(409), deps, id, BUSY);
      if (claim !== 'claimed') return sendUpload(request, reply, deps, id, null);
      let finished = false;
      try {
        const upload = await deps.ledger.rosterUploads.get(id);
        if (!upload || !isReady(upload)) return await sendUpload(request, reply, deps, id, null);
        const plan = await planUpload(deps, upload);
        if (plan.hash !== request.body.plan)
          return await sendPreview(request, reply.code(409), deps, { upload, plan }, CHANGED);
        const outcome = await writeUpload(deps, request, plan);
        await deps.ledger.rosterUploads.finish(id, callerOf(request).name, outcome);
        finished = true;
      } finally {
        if (!finished) await deps.ledger.rosterUploads.release(id);
      }
      return reply.redirect(`${PATH}/${id}`, 303);
    },
  );
}

const BUSY =
  'A roster is being written at this moment, by you or by somebody else. Nothing was written for ' +
  'this confirmation: look again in a minute.';
const CHANGED =
  'The roster has changed since you saw this page, so nothing was written. This is what the file ' +
  'would change now: look at it again and confirm it.';

async function writeUpload(
  deps: ApiDeps,
  request: FastifyRequest,
  { wanted, unchanged, refused: leftOut }: UploadPlan,
): Promise<Record<string, unknown>> {
  const by = byOf(request);
  const detail: Record<string, unknown> = {};
  return audited(deps, by, { action: 'put_clinicians', object: 'roster', detail }, async () => {
    const vendors = await deps.ledger.rates.vendors();
    const late = createNotes(LATE);
    const written = await writeRoster(deps, by, wanted, vendors, late, { asPlanned: true });
    const { created, updated, enrolled, feesChanged } = written;
    const refused = leftOut.rows() + late.rows();
    Object.assign(detail, { created, updated, unchanged, refused });
    const rows: LateRow[] = late.first().map(({ line, ref, message }) => ({ line, ref, message }));
    return { created, updated, unchanged, refused, enrolled, feesChanged, late: rows };
  });
}

/** Most rows that are named of those that changed while the file was being written. */
const LATE = 200;

function discard(app: FastifyInstance, deps: ApiDeps): void {
  app.post<OfId>(
    '/people/upload/:id/discard',
    guarded(deps, 'operate', { params: ById }),
    async (request, reply) => {
      await deps.ledger.rosterUploads.discard(request.params.id);
      return reply.redirect(PATH, 303);
    },
  );
}

/** Sends what there is to see of an upload: its columns, its preview, or what came of it. */
async function sendUpload(
  request: FastifyRequest,
  reply: FastifyReply,
  deps: ApiDeps,
  id: string,
  refusal: string | null,
): Promise<FastifyReply> {
  const upload = await deps.ledger.rosterUploads.get(id);
  if (!upload) return send(request, reply.code(404), deps, goneBody());
  if (isReady(upload)) {
    const plan = await planUpload(deps, upload);
    return sendPreview(request, reply, deps, { upload, plan }, refusal);
  }
  const { headings } = upload;
  if (headings && upload.rows) {
    const body = columnsForm({ ...upload, headings }, refusal, viewerOf(request, deps));
    return send(request, reply, deps, body);
  }
  const late = (upload.outcome?.['late'] ?? []) as LateRow[];
  return send(request, reply, deps, writtenBody(upload, late, deps.policy.timeZone));
}

async function sendPreview(
  request: FastifyRequest,
  reply: FastifyReply,
  deps: ApiDeps,
  { upload, plan }: { upload: ReadyUpload; plan: UploadPlan },
  refusal: string | null,
): Promise<FastifyReply> {
  const preview = await previewOf(deps, upload, plan);
  const view = { upload, plan: preview, refusal, timeZone: deps.policy.timeZone };
  return send(request, reply, deps, previewBody(view, viewerOf(request, deps)));
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
  return sendPage(request, reply, deps, { title: 'Upload a roster', section: 'people', body });
}
