import multipart from '@fastify/multipart';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Type, type Static } from 'typebox';
import type { InvoiceUpload } from '../../../ledger/invoice-uploads.ts';
import type { ApiDeps } from '../../deps.ts';
import { callerOf, requireScope } from '../../http/auth.ts';
import { Problem, problem, type ErrorCode } from '../../http/errors.ts';
import { ById, isUuid, Uuid } from '../../http/schemas.ts';
import { enterInvoice } from '../../invoices/actions.ts';
import {
  areEnough,
  guessColumns,
  headingRow,
  INVOICE_FIELDS,
  type InvoiceColumns,
} from '../../invoices/columns.ts';
import { matchToRoster, readLines } from '../../invoices/lines.ts';
import { INVOICE_LIMITS, readTable, type InvoiceTable } from '../../invoices/read-file.ts';
import { byOf } from '../../routes/actions.ts';
import { checkFormToken, viewerOf } from '../form-token.ts';
import { guarded } from '../guarded.ts';
import type { Html } from '../html.ts';
import { sendPage } from '../page.ts';
import { columnsForm, enterForm, SHOWN_ROWS, type TypedHead } from './enter.ts';
import { headOf, readForm, type ReadHead } from './read-form.ts';

type OfId = { Params: Static<typeof ById> };

/** A file that has become a draft, or whose columns a person has to name, or why it is neither. */
type Taken = { goTo: string } | { refusal: string[] };

/** The routes by which an invoice is entered, by hand or from a file, as a draft. */
export async function enterRoutes(app: FastifyInstance, deps: ApiDeps): Promise<void> {
  await app.register(async (scope) => {
    await scope.register(multipart, {
      limits: { fileSize: INVOICE_LIMITS.bytes + 1, files: 1, fields: 8, fieldSize: 1_000 },
      throwFileSizeLimit: false,
    });
    takeForm(scope, deps);
  });
  nameColumns(app, deps);
}

function takeForm(app: FastifyInstance, deps: ApiDeps): void {
  const shown = { schema: { hide: true }, onRequest: requireScope('operate') };
  const Query = Type.Object({ replaces: Type.Optional(Uuid) });
  app.get<{ Querystring: Static<typeof Query> }>(
    '/invoices/new',
    { ...shown, schema: { querystring: Query, hide: true } },
    async (request, reply) => {
      const { replaces } = request.query;
      const old = replaces ? await deps.ledger.invoices.get(replaces) : null;
      if (replaces && !old) throw problem('not_found');
      const typed: TypedHead = old
        ? { vendor: old.vendor, year: String(old.year), number: old.number, replaces: replaces! }
        : {};
      return sendForm(request, reply, deps, typed, []);
    },
  );
  app.post('/invoices', { ...shown, config: { upload: true } }, async (request, reply) => {
    const { typed, file } = await readForm(request, (token) => {
      checkFormToken(request, deps, token);
    });
    const read = headOf(typed, await deps.ledger.rates.vendors());
    const taken: Taken = 'refusal' in read ? read : await take(deps, request, read.head, file);
    if ('goTo' in taken) return reply.redirect(taken.goTo, 303);
    return sendForm(request, reply.code(422), deps, typed, taken.refusal);
  });
}

async function take(
  deps: ApiDeps,
  request: FastifyRequest,
  head: ReadHead,
  file: Awaited<ReturnType<typeof readForm>>['file'],
): Promise<Taken> {
  if (file === 'too_large') return { refusal: ['The file is larger than 10 MB.'] };
  if (!file) {
    const { totalCents } = head;
    if (totalCents === null) return { refusal: [TOTAL_NEEDED] };
    return drafted(deps, request, { ...head, totalCents, fileName: null }, []);
  }
  const table = await readTable(file.bytes);
  if ('refusal' in table) return { refusal: [table.refusal] };
  const at = headingRow(table.rows.map(({ cells }) => cells));
  if (at !== null) {
    const columns = guessColumns(table.rows[at]?.cells ?? []);
    return fromTable(deps, request, { head, fileName: file.name, table }, { at, columns });
  }
  const upload = { fileName: file.name, head, ...table };
  const id = await deps.ledger.invoiceUploads.keep(upload, callerOf(request).name);
  return { goTo: `/console/invoices/upload/${id}` };
}

const TOTAL_NEEDED =
  'The total on the document is needed: its lines are checked against it, to the cent.';

async function fromTable(
  deps: ApiDeps,
  request: FastifyRequest,
  { head, fileName, table }: { head: ReadHead; fileName: string; table: InvoiceTable },
  { at, columns }: { at: number; columns: InvoiceColumns },
): Promise<Taken> {
  const read = readLines(table, at, columns);
  if (read.problems.length > 0) return { refusal: [...read.problems, NONE_LEFT_OUT] };
  if (read.lines.length === 0) return { refusal: ['There are no lines in this file.'] };
  const totalCents = head.totalCents ?? read.totalCents;
  if (totalCents === null) return { refusal: [TOTAL_NEEDED] };
  const lines = await matchToRoster(deps.ledger, head.vendor, read.lines);
  return drafted(deps, request, { ...head, totalCents, fileName }, lines);
}

const NONE_LEFT_OUT = 'Correct these lines in the file: no line of an invoice is left out.';

async function drafted(
  deps: ApiDeps,
  request: FastifyRequest,
  head: Parameters<typeof enterInvoice>[2],
  lines: Parameters<typeof enterInvoice>[3],
): Promise<Taken> {
  try {
    const invoiceId = await enterInvoice(deps, byOf(request), head, lines);
    return { goTo: `/console/invoices/${invoiceId}` };
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return { refusal: [error.message, error.said.help ?? REMEDIES[error.code] ?? ''] };
  }
}

const REMEDIES: Partial<Record<ErrorCode, string>> = {
  duplicate_invoice: 'Look for it among the invoices. A correction is entered as a replacement.',
  not_replaceable: 'It was voided or replaced already.',
};

function nameColumns(app: FastifyInstance, deps: ApiDeps): void {
  app.get<OfId>(
    '/invoices/upload/:id',
    { schema: { params: ById, hide: true }, onRequest: requireScope('operate') },
    async (request, reply) => {
      const upload = await uploadOf(deps, request.params.id);
      return send(request, reply, deps, columnsForm(upload, [], viewerOf(request, deps)));
    },
  );

  const Columns = Type.Object(
    Object.fromEntries(
      ['heading', ...INVOICE_FIELDS].map((name) => [
        name,
        Type.Optional(Type.String({ pattern: '^\\d{0,3}$' })),
      ]),
    ),
  );
  app.post<OfId & { Body: Record<string, string> }>(
    '/invoices/upload/:id',
    guarded(deps, 'operate', { params: ById, body: Columns }),
    async (request, reply) => {
      const upload = await uploadOf(deps, request.params.id);
      const { heading, ...chosen } = request.body;
      const columns: InvoiceColumns = Object.fromEntries(
        INVOICE_FIELDS.flatMap((field) => (chosen[field] ? [[field, Number(chosen[field])]] : [])),
      );
      const at = heading ? Math.min(Number(heading), SHOWN_ROWS) : -1;
      const taken = refusalOf(columns) ?? (await fromUpload(deps, request, upload, at, columns));
      if ('goTo' in taken) return reply.redirect(taken.goTo, 303);
      const body = columnsForm(upload, taken.refusal, viewerOf(request, deps));
      return send(request, reply.code(422), deps, body);
    },
  );
}

async function fromUpload(
  deps: ApiDeps,
  request: FastifyRequest,
  { uploadId, head, fileName, rows, computed }: InvoiceUpload,
  at: number,
  columns: InvoiceColumns,
): Promise<Taken> {
  const table = { rows, computed };
  const taken = await fromTable(deps, request, { head, fileName, table }, { at, columns });
  if ('goTo' in taken) await deps.ledger.invoiceUploads.discard(uploadId);
  return taken;
}

function refusalOf(columns: InvoiceColumns): { refusal: string[] } | null {
  const chosen = Object.values(columns);
  if (!areEnough(columns))
    return { refusal: ['Say which column is the amount, and which the name, reference or NPI.'] };
  if (new Set(chosen).size < chosen.length)
    return { refusal: ['One column cannot be two fields: choose another one.'] };
  return null;
}

async function uploadOf({ ledger }: ApiDeps, id: string): Promise<InvoiceUpload> {
  const upload = await ledger.invoiceUploads.get(id);
  if (!upload)
    throw problem('not_found', {
      message: 'This file is not there any more.',
      help: 'A file is kept for a day, or until its lines were entered. Send it again.',
    });
  return upload;
}

async function sendForm(
  request: FastifyRequest,
  reply: FastifyReply,
  deps: ApiDeps,
  typed: TypedHead,
  refusal: string[],
): Promise<FastifyReply> {
  const { replaces = '' } = typed;
  const [vendors, replaced] = await Promise.all([
    deps.ledger.rates.vendors(),
    isUuid(replaces) ? deps.ledger.invoices.get(replaces) : null,
  ]);
  const view = { vendors, typed, refusal, replaced };
  return send(request, reply, deps, enterForm(view, viewerOf(request, deps)));
}

function send(
  request: FastifyRequest,
  reply: FastifyReply,
  deps: ApiDeps,
  body: Html,
): FastifyReply {
  return sendPage(request, reply, deps, { title: 'Enter an invoice', section: 'invoices', body });
}
