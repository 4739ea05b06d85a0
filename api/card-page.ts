import type { FastifyReply } from 'fastify';
import { Type } from 'typebox';
import { fold, type Folded } from '../core/fold.ts';
import { createCardLinks } from '../gateways/card-links.ts';
import type { FeeCase } from '../ledger/fees.ts';
import { html, render, type Html } from './console/html.ts';
import type { ApiDeps } from './deps.ts';
import { problem } from './errors.ts';
import type { Api } from './schemas.ts';

const ByToken = Type.Object({ token: Type.String({ maxLength: 200, pattern: '^[\\w.-]+$' }) });

/**
 * The pages a clinician comes to from a letter, without a login: to give another card on a page of
 * Stripe's. The link is signed and names the fee; nothing about the clinician is shown.
 */
export function cardPages(app: Api, deps: ApiDeps): void {
  const links = createCardLinks({ publicUrl: deps.publicUrl, secret: deps.sessionSecret });
  const options = { config: { anonymous: true }, schema: { params: ByToken, hide: true } };

  const feeOf = async (token: string): Promise<FeeCase> => {
    const feeId = links.feeOf(token);
    const feeCase = feeId ? await deps.ledger.fees.load(feeId) : null;
    if (!feeCase) throw problem('not_found', { help: 'Open the link from the e-mail once more.' });
    return feeCase;
  };

  app.get('/card/:token', options, async ({ params }, reply) => {
    const feeCase = await feeOf(params.token);
    // A page between, because mail programs open links by themselves to look behind them.
    const body = wantsCard(feeCase)
      ? html`<h1>Another card</h1>
          <p>
            For the ${feeCase.assessment.year} CPT licence fee you can give ${deps.practiceName}
            another card, on a page of Stripe. No money moves there.
          </p>
          <p><a class="button" href="/card/${params.token}/give" rel="nofollow">Give a card</a></p>`
      : html`<h1>Nothing to do</h1>
          <p>No other card is needed for this fee. If that surprises you, reply to our e-mail.</p>`;
    return sendPage(reply, 'Another card', body);
  });

  app.get('/card/:token/give', options, async ({ params }, reply) => {
    const feeCase = await feeOf(params.token);
    const { stripeCustomer: customer } = feeCase.clinician;
    if (!wantsCard(feeCase) || !customer) return reply.redirect(`/card/${params.token}`, 303);
    const returnUrl = `${deps.publicUrl}/card-saved`;
    const { url, session } = await deps.payments.cardLink({ customer, returnUrl });
    await deps.ledger.cardPages.opened(feeCase.feeId, session);
    return reply.redirect(url, 303);
  });

  app.get('/card-saved', { config: { anonymous: true }, schema: { hide: true } }, (_, reply) =>
    sendPage(
      reply,
      'Thank you',
      html`<h1>Thank you</h1>
        <p>
          ${deps.practiceName} will use the card on file from here on. You can close this page.
        </p>`,
    ),
  );
}

/** Whether another card would be of use: something is owed, and somebody can be charged. */
function wantsCard({ entries, clinician }: FeeCase): boolean {
  const fee: Folded = fold(entries);
  const settled = fee.paid ?? fee.waived ?? fee.waiveAsked;
  return Boolean(fee.assessed && !settled && clinician.stripeCustomer);
}

/** Only our stylesheet; the one link leads to a redirect, which no policy of a page stops. */
const POLICY = "default-src 'none'; style-src 'self'; img-src 'self'; frame-ancestors 'none'";

function sendPage(reply: FastifyReply, title: string, body: Html): FastifyReply {
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
    .header('content-security-policy', POLICY)
    .header('cache-control', 'no-store')
    .type('text/html; charset=utf-8')
    .send(render(page));
}
