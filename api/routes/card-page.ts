import formbody from '@fastify/formbody';
import { randomUUID } from 'node:crypto';
import type { FastifyReply } from 'fastify';
import { Type } from 'typebox';
import { fold, type FeeState } from '../../core/fee/fold.ts';
import { readCardLink } from '../../gateways/stripe/card-links.ts';
import type { FeeRecord } from '../../ledger/fees.ts';
import { html, render, type Html } from '../console/html.ts';
import type { ApiDeps } from '../deps.ts';
import { problem } from '../http/errors.ts';
import { Uuid, type Api } from '../http/schemas.ts';
import { openCardPage } from './open-card-page.ts';

const ByToken = Type.Object({ token: Type.String({ maxLength: 200, pattern: '^[\\w.-]+$' }) });
const Give = Type.Object({ page: Uuid }, { additionalProperties: false });

/** The actor in the audit of what a clinician does on the page of a link. */
const CLINICIAN = 'clinician';

/** The form's own field and nothing else. */
const FORM_BYTES = 1_024;

/**
 * The pages a clinician opens from an e-mail, without a login, to give another card on a page of
 * Stripe's. The link is signed, names the fee and expires. The pages show nothing about the
 * clinician. Mail programs open links by themselves, so nothing is created before the form is sent.
 */
export async function cardPages(app: Api, deps: ApiDeps): Promise<void> {
  const options = { config: { anonymous: true }, schema: { params: ByToken, hide: true } };
  const policy = policyOf(deps);
  const send = (reply: FastifyReply, title: string, body: Html) =>
    sendPage(reply, policy, title, body);

  const feeOf = async (token: string): Promise<{ feeRecord: FeeRecord; expired: boolean }> => {
    const link = readCardLink(token, deps.sessionSecret);
    const feeRecord = link ? await deps.ledger.fees.load(link.feeId) : null;
    if (!link || !feeRecord)
      throw problem('not_found', { help: 'Open the link from the e-mail once more.' });
    return { feeRecord, expired: feeRecord.now() >= link.until };
  };

  app.get('/card/:token', options, async ({ params }, reply) => {
    const { feeRecord, expired } = await feeOf(params.token);
    if (!wantsCard(feeRecord)) return send(reply, 'Another card', nothingToDo());
    if (expired) return send(reply.code(410), 'This link has expired', expiredLink());
    return send(reply, 'Another card', cardForm(deps, feeRecord, params.token));
  });

  await app.register(async (scope: Api) => {
    await scope.register(formbody, { bodyLimit: FORM_BYTES });
    const give = { ...options, schema: { ...options.schema, body: Give }, bodyLimit: FORM_BYTES };
    scope.post('/card/:token/give', give, async (request, reply) => {
      const { params, body } = request;
      const { feeRecord, expired } = await feeOf(params.token);
      // The page says why.
      const back = () => reply.redirect(`/card/${params.token}`, 303);
      if (expired || !wantsCard(feeRecord)) return back();
      const by = { actor: CLINICIAN, requestId: request.id };
      // A form sent twice, as by a double click, opens one page of Stripe's.
      const key = `levy-card-${feeRecord.feeId}-${body.page}`;
      const url = await openCardPage(deps, by, feeRecord, key);
      return url ? reply.redirect(url, 303) : back();
    });
  });

  app.get('/card-saved', { config: { anonymous: true }, schema: { hide: true } }, (_, reply) =>
    send(
      reply,
      'Thank you',
      html`<h1>Thank you</h1>
        <p>
          ${deps.practiceName} will use the card on file from here on. You can close this page.
        </p>`,
    ),
  );
}

function cardForm({ practiceName }: ApiDeps, { assessment }: FeeRecord, token: string): Html {
  return html`<h1>Another card</h1>
    <p>
      For the ${assessment.year} CPT licence fee you can give ${practiceName} another card, on a
      page of Stripe. No money moves there.
    </p>
    <form method="post" action="/card/${token}/give">
      <input type="hidden" name="page" value="${randomUUID()}" /><button>Give a card</button>
    </form>`;
}

function nothingToDo(): Html {
  return html`<h1>Nothing to do</h1>
    <p>No other card is needed for this fee. If that surprises you, reply to our e-mail.</p>`;
}

function expiredLink(): Html {
  return html`<h1>This link has expired</h1>
    <p>
      Links in our e-mails work for thirty days. If you want to give another card, just reply to the
      e-mail: we will send you a new link.
    </p>`;
}

/** Whether another card is useful: something is owed, and there is or can be a customer. */
function wantsCard({ entries, clinician }: FeeRecord): boolean {
  const fee: FeeState = fold(entries);
  const settled = fee.paid ?? fee.waived ?? fee.waiveAsked;
  return Boolean(fee.assessed && !settled && (clinician.stripeCustomer ?? clinician.email));
}

/** Only our stylesheet, and a form that leads on to Stripe's page by a redirect. */
function policyOf({ payments }: ApiDeps): string {
  return (
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; " +
    `form-action 'self' ${payments.cardPageSources().join(' ')}; frame-ancestors 'none'`
  );
}

function sendPage(reply: FastifyReply, policy: string, title: string, body: Html): FastifyReply {
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="robots" content="noindex" />
        <title>${title}</title>
        <link rel="icon" href="/console/icon.svg" type="image/svg+xml" />
        <link rel="stylesheet" href="/console/console.css" />
      </head>
      <body>
        <main>${body}</main>
      </body>
    </html>`;
  return reply
    .header('content-security-policy', policy)
    .header('cache-control', 'no-store')
    .type('text/html; charset=utf-8')
    .send(render(page));
}
