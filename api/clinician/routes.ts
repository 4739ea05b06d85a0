import formbody from '@fastify/formbody';
import type { FastifyReply } from 'fastify';
import { Type } from 'typebox';
import type { Action } from '../../core/fee/actions.ts';
import { CLINICIAN } from '../../core/fee/fee.ts';
import { fold } from '../../core/fee/fold.ts';
import { mayGiveCard } from '../../core/fee/next.ts';
import { oneLine } from '../../core/mail/layout.ts';
import { readPageLink } from '../../gateways/mail/page-links.ts';
import type { FeeRecord } from '../../ledger/fees.ts';
import { html, type Html } from '../console/html.ts';
import type { ApiDeps } from '../deps.ts';
import { Problem, problem } from '../http/errors.ts';
import { Uuid, type Api } from '../http/schemas.ts';
import { applyAction } from '../routes/actions.ts';
import { feePageBody, isReceipted, OBJECTION_CHARACTERS } from './fee-page.ts';
import { leave, Left, leftBody, LeftShown, leftView, movingBody } from './left.ts';
import { openCardPage } from './open-card-page.ts';
import { sendClinicianPage } from './page.ts';
import { receiptBody } from './receipt.ts';

const ByToken = Type.Object({ token: Type.String({ maxLength: 200, pattern: '^[\\w.-]+$' }) });
const Give = Type.Object({ page: Uuid }, { additionalProperties: false });
const Objection = Type.Object({ text: Type.String() }, { additionalProperties: false });

/** A form's own field and nothing else: a character takes up to twelve bytes. */
const FORM_BYTES = 12 * OBJECTION_CHARACTERS + 1_024;

/** Refusals that the page itself explains: it was done before, or is not possible any more. */
const EXPLAINED = new Set([
  'under_way',
  'already_settled',
  'already_held',
  'not_noticed',
  'not_assessed',
  'not_retryable',
]);

interface Visit {
  feeRecord: FeeRecord;
  expired: boolean;
}

/**
 * The pages that a clinician opens from an e-mail, without a login. The link is signed, names one
 * fee and expires. Mail programs open links by themselves, so nothing happens before a form is
 * sent, and a form that is sent twice does what it does once.
 */
export async function clinicianPages(app: Api, deps: ApiDeps): Promise<void> {
  const shown = { config: { anonymous: true }, schema: { params: ByToken, hide: true } };
  const send = (reply: FastifyReply, title: string, body: Html) =>
    sendClinicianPage(reply, deps, title, body);

  /** The fee of a link. A link that was not made here and one without a fee get the same answer. */
  const visit = async (token: string): Promise<Visit> => {
    const link = readPageLink(token, deps.sessionSecret);
    const feeRecord = link ? await deps.ledger.fees.load(link.feeId) : null;
    if (!link || !feeRecord)
      throw problem('not_found', { help: 'Open the link from the e-mail once more.' });
    return { feeRecord, expired: feeRecord.now() >= link.until };
  };

  app.get('/fee/:token', shown, async ({ params: { token } }, reply) => {
    const { feeRecord, expired } = await visit(token);
    if (expired) return send(reply.code(410), 'This link has expired', expiredLink());
    return send(reply, 'Your fee', feePageBody(feeRecord, deps.practiceName, token));
  });

  app.get('/fee/:token/receipt', shown, async ({ params: { token } }, reply) => {
    const { feeRecord, expired } = await visit(token);
    if (expired) return send(reply.code(410), 'This link has expired', expiredLink());
    const fee = fold(feeRecord.entries);
    if (!isReceipted(fee)) return reply.redirect(`/fee/${token}`, 303);
    return send(reply, 'Receipt', receiptBody(feeRecord, fee, deps.practiceName));
  });

  const leftShown = { ...shown, schema: { ...shown.schema, querystring: Type.Partial(Left) } };
  app.get('/fee/:token/left', leftShown, async ({ params: { token }, query }, reply) => {
    const { feeRecord, expired } = await visit(token);
    if (expired) return send(reply.code(410), 'This link has expired', expiredLink());
    const { vendor, on } = query;
    const view = await leftView(deps, feeRecord, vendor && on ? { vendor, on } : null);
    return send(reply, 'I left this EHR', leftBody(view, feeRecord, token));
  });

  app.get('/fee/:token/moving', shown, async ({ params: { token } }, reply) => {
    await visit(token);
    return send(
      reply,
      'Moving to another EHR',
      movingBody(await deps.ledger.rates.vendors(), token),
    );
  });

  // Links in e-mails of earlier versions.
  app.get('/card/:token', shown, ({ params: { token } }, reply) =>
    reply.redirect(`/fee/${token}`, 301),
  );

  app.get('/card-saved', { config: { anonymous: true }, schema: { hide: true } }, (_, reply) =>
    send(reply, 'Thank you', thankYou(deps.practiceName)),
  );

  await app.register(async (scope: Api) => {
    await scope.register(formbody, { bodyLimit: FORM_BYTES });
    forms(scope, deps, visit);
  });
}

function forms(app: Api, deps: ApiDeps, visit: (token: string) => Promise<Visit>): void {
  const options = { config: { anonymous: true }, bodyLimit: FORM_BYTES };
  const schema = { params: ByToken, hide: true };

  /** Does what the clinician asks for. The page says what came of it, and why nothing did. */
  const act = async (token: string, requestId: string, input: Action, reply: FastifyReply) => {
    const { feeRecord, expired } = await visit(token);
    try {
      if (!expired)
        await applyAction(deps, { actor: CLINICIAN, requestId }, feeRecord.feeId, input);
    } catch (error) {
      if (!(error instanceof Problem) || !EXPLAINED.has(error.code)) throw error;
    }
    return reply.redirect(`/fee/${token}`, 303);
  };

  app.post('/fee/:token/pay-now', { ...options, schema }, ({ params, id }, reply) =>
    act(params.token, id, { act: 'pay_now' }, reply),
  );

  app.post(
    '/fee/:token/object',
    { ...options, schema: { ...schema, body: Objection } },
    ({ params, body, id }, reply) => {
      const text = oneLine(body.text.replace(/\p{Surrogate}/gu, '')).slice(0, OBJECTION_CHARACTERS);
      if (text === '')
        throw problem('invalid_request', { message: 'Please say what is wrong with the fee.' });
      return act(params.token, id, { act: 'object', why: text }, reply);
    },
  );

  app.post(
    '/fee/:token/left',
    { ...options, schema: { ...schema, body: LeftShown } },
    async ({ params: { token }, body, id }, reply) => {
      const { feeRecord, expired } = await visit(token);
      if (expired) return reply.redirect(`/fee/${token}`, 303);
      try {
        if (await leave(deps, feeRecord, body, id))
          return await reply.redirect(`/fee/${token}`, 303);
      } catch (error) {
        if (!(error instanceof Problem) || error.code === 'not_found') throw error;
        if (EXPLAINED.has(error.code)) return reply.redirect(`/fee/${token}`, 303);
      }
      // Something has changed since: what happens now is shown, and asked once more.
      const again = new URLSearchParams({ vendor: body.vendor, on: body.on }).toString();
      return reply.redirect(`/fee/${token}/left?${again}`, 303);
    },
  );

  app.post(
    '/fee/:token/card',
    { ...options, schema: { ...schema, body: Give } },
    async ({ params: { token }, body, id }, reply) => {
      const { feeRecord, expired } = await visit(token);
      const back = () => reply.redirect(`/fee/${token}`, 303);
      if (expired || !mayGiveCard(fold(feeRecord.entries))) return back();
      // A form sent twice, as by a double click, opens one page of Stripe's.
      const key = `levy-card-${feeRecord.feeId}-${body.page}`;
      const by = { actor: CLINICIAN, requestId: id };
      const url = await openCardPage(deps, by, feeRecord, key);
      return url ? reply.redirect(url, 303) : back();
    },
  );
}

function thankYou(practice: string): Html {
  return html`<h1>Thank you</h1>
    <p>${practice} will use the card on file from here on. You can close this page.</p>`;
}

function expiredLink(): Html {
  return html`<h1>This link has expired</h1>
    <p>
      Links in our e-mails work for thirty days. Just reply to the e-mail, and we will send you a
      new link.
    </p>`;
}
