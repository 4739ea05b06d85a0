import type { FastifyReply } from 'fastify';
import { html, render, type Html } from '../console/html.ts';
import type { ApiDeps } from '../deps.ts';

/**
 * Sends a page of a clinician: our stylesheet alone, no script, and forms that lead to us or, by a
 * redirect, to a page of Stripe's. No address of it is told to other sites.
 */
export function sendClinicianPage(
  reply: FastifyReply,
  { payments, practiceName }: Pick<ApiDeps, 'payments' | 'practiceName'>,
  title: string,
  body: Html,
): FastifyReply {
  const policy =
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; " +
    `form-action 'self' ${payments.cardPageSources().join(' ')}; frame-ancestors 'none'`;
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="robots" content="noindex" />
        <title>${title}</title>
        <link rel="icon" href="/console/icon.svg" type="image/svg+xml" />
        <link rel="stylesheet" href="/console/console.css" />
      </head>
      <body>
        <main class="clinician">
          ${body}
          <p class="small soft">
            A page of ${practiceName}. CPT is a registered trademark of the American Medical
            Association.
          </p>
        </main>
      </body>
    </html>`;
  return (
    reply
      .header('content-security-policy', policy)
      .header('cache-control', 'no-store')
      // The address is the key to the page. A form of ours still tells us where it comes from.
      .header('referrer-policy', 'same-origin')
      .type('text/html; charset=utf-8')
      .send(render(page))
  );
}
