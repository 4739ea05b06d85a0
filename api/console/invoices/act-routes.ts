import type { FastifyInstance } from 'fastify';
import { Type, type Static } from 'typebox';
import type { InvoiceLine } from '../../../ledger/invoices.ts';
import type { ApiDeps } from '../../deps.ts';
import { callerOf } from '../../http/auth.ts';
import { problem } from '../../http/errors.ts';
import { isDay } from '../../http/is-day.ts';
import { ById, Why } from '../../http/schemas.ts';
import {
  changeDraft,
  confirmInvoice,
  discardInvoice,
  invoiceOf,
  matchLine,
  voidInvoice,
} from '../../invoices/actions.ts';
import { centsOf } from '../../invoices/cents.ts';
import { byOf } from '../../routes/actions.ts';
import { guarded } from '../guarded.ts';
import { OfLine } from './page-routes.ts';
import { totalOf } from './read-form.ts';

type OfId = { Params: Static<typeof ById> };

const page = (id: string, done?: string) => `/console/invoices/${id}${done ? `?done=${done}` : ''}`;

/** What can be done with an invoice: a draft is changed, confirmed or discarded. */
export function invoiceActRoutes(app: FastifyInstance, deps: ApiDeps): void {
  lines(app, deps);
  matching(app, deps);
  draft(app, deps);
  ending(app, deps);
}

function lines(app: FastifyInstance, deps: ApiDeps): void {
  const NewLine = Type.Object({
    ref: Type.Optional(Type.String({ maxLength: 200 })),
    name: Type.Optional(Type.String({ maxLength: 200 })),
    amount: Type.String({ maxLength: 30 }),
  });
  app.post<OfId & { Body: Static<typeof NewLine> }>(
    '/invoices/:id/lines',
    guarded(deps, 'operate', { params: ById, body: NewLine }),
    async (request, reply) => {
      const { id } = request.params;
      const line = await typedLine(deps, request.body);
      const detail = { amountCents: line.amountCents };
      await changeDraft(deps, byOf(request), id, detail, () =>
        deps.ledger.invoices.addLine(id, line),
      );
      return reply.redirect(page(id), 303);
    },
  );

  app.post<OfLine>(
    '/invoices/:id/lines/:line/remove',
    guarded(deps, 'operate', { params: OfLine }),
    async (request, reply) => {
      const { id, line } = request.params;
      await changeDraft(deps, byOf(request), id, { removed: line }, () =>
        deps.ledger.invoices.removeLine(id, line),
      );
      return reply.redirect(page(id), 303);
    },
  );
}

async function typedLine(
  { ledger }: ApiDeps,
  typed: { ref?: string; name?: string; amount: string },
): Promise<Omit<InvoiceLine, 'line'>> {
  const amountCents = centsOf(typed.amount);
  if (amountCents === null) throw problem('invalid_request', AMOUNT);
  if (typed.ref === undefined) {
    const name = (typed.name ?? '').replace(/\p{C}+/gu, ' ').trim();
    if (name === '') throw problem('invalid_request', { message: 'The name is needed.' });
    return { name, ref: null, npi: null, amountCents, clinicianId: null, matchedBy: null };
  }
  const [person] = await ledger.clinicians.similar([{ ref: typed.ref }]);
  if (!person) throw problem('unknown_clinician');
  const { name, ref, npi, clinicianId } = person;
  return { name, ref, npi, amountCents, clinicianId, matchedBy: 'person' };
}

const AMOUNT = {
  message: 'The amount cannot be read to the cent.',
  help: 'Write it like 19.50, a credit like -19.50.',
};

function matching(app: FastifyInstance, deps: ApiDeps): void {
  const Meant = Type.Object({ ref: Type.String({ minLength: 1, maxLength: 200 }) });
  app.post<OfLine & { Body: Static<typeof Meant> }>(
    '/invoices/:id/lines/:line',
    guarded(deps, 'operate', { params: OfLine, body: Meant }),
    async (request, reply) => {
      const { id, line } = request.params;
      const { confirmedAt } = await invoiceOf(deps, id);
      // From then on the line allows a charge.
      if (confirmedAt && !callerOf(request).scopes.includes('approve'))
        throw problem('missing_scope', { details: { scope: 'approve' } });
      await matchLine(deps, byOf(request), { invoiceId: id, line }, request.body.ref);
      return reply.redirect(page(id, 'line_matched'), 303);
    },
  );
}

function draft(app: FastifyInstance, deps: ApiDeps): void {
  const Head = Type.Object({
    total: Type.String({ maxLength: 30 }),
    dated: Type.String({ maxLength: 10 }),
  });
  app.post<OfId & { Body: Static<typeof Head> }>(
    '/invoices/:id/total',
    guarded(deps, 'operate', { params: ById, body: Head }),
    async (request, reply) => {
      const { id } = request.params;
      const { dated } = request.body;
      const totalCents = totalOf(request.body.total);
      if (totalCents === null) throw problem('invalid_request', AMOUNT);
      if (!isDay(dated)) throw problem('invalid_request', { message: 'That is no day.' });
      await changeDraft(deps, byOf(request), id, { totalCents, dated }, () =>
        deps.ledger.invoices.setTotal(id, { totalCents, dated }),
      );
      return reply.redirect(page(id), 303);
    },
  );

  app.post<OfId>(
    '/invoices/:id/discard',
    guarded(deps, 'operate', { params: ById }),
    async (request, reply) => {
      await discardInvoice(deps, byOf(request), request.params.id);
      return reply.redirect('/console/invoices', 303);
    },
  );
}

function ending(app: FastifyInstance, deps: ApiDeps): void {
  const Read = Type.Object({
    read: Type.Literal('yes'),
    anyway: Type.Optional(Type.Literal('yes')),
  });
  app.post<OfId & { Body: Static<typeof Read> }>(
    '/invoices/:id/confirm',
    guarded(deps, 'approve', { params: ById, body: Read }),
    async (request, reply) => {
      const { id } = request.params;
      await confirmInvoice(deps, byOf(request), id, request.body.anyway === 'yes');
      return reply.redirect(page(id, 'invoice_confirmed'), 303);
    },
  );

  const Reason = Type.Object({ why: Why });
  app.post<OfId & { Body: Static<typeof Reason> }>(
    '/invoices/:id/void',
    guarded(deps, 'approve', { params: ById, body: Reason }),
    async (request, reply) => {
      const { id } = request.params;
      await voidInvoice(deps, byOf(request), id, request.body.why);
      return reply.redirect(page(id, 'invoice_voided'), 303);
    },
  );
}
