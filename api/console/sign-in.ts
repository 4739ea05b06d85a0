import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Type, type Static } from 'typebox';
import { createSession, endSession } from '../http/auth.ts';
import type { ApiDeps } from '../deps.ts';
import { ERRORS, Problem, problem } from '../http/errors.ts';
import { checkFormToken } from './form-token.ts';
import { html, type Html } from './html.ts';
import { sendPage } from './page.ts';

/** The pages to sign in and out. */
export function signInPages(app: FastifyInstance, deps: ApiDeps): void {
  const query = Type.Object({ next: Type.Optional(Type.String({ maxLength: 500 })) });
  app.get<{ Querystring: Static<typeof query> }>(
    '/sign-in',
    { schema: { querystring: query, hide: true } },
    (request, reply) => {
      const next = ownPath(request.query.next);
      if (request.caller) return reply.redirect(next, 303);
      return sendSignIn(request, reply, deps, next, null);
    },
  );

  const body = Type.Object({
    token: Type.String({ maxLength: 200 }),
    next: Type.Optional(Type.String({ maxLength: 500 })),
  });
  app.post<{ Body: Static<typeof body> }>(
    '/sign-in',
    { schema: { body, hide: true } },
    async (request, reply) => {
      refuseOtherSites(request);
      const next = ownPath(request.body.next);
      try {
        const caller = await app.callerOfToken(request, request.body.token.trim());
        await createSession(reply, deps, caller);
        await deps.ledger.access.audit({
          actor: caller.name,
          action: 'signed_in',
          object: 'console',
          requestId: request.id,
        });
      } catch (error) {
        if (!(error instanceof Problem)) throw error;
        return sendSignIn(request, reply, deps, next, error);
      }
      return reply.redirect(next, 303);
    },
  );

  app.post('/sign-out', { schema: { hide: true } }, async (request, reply) => {
    checkFormToken(request, deps, (request.body as { token?: unknown } | null)?.token);
    await endSession(request, reply, deps);
    return reply.redirect('/console/sign-in', 303);
  });
}

/** Refuses a sign-in form of another site; the browser tells where the form is from. */
function refuseOtherSites(request: FastifyRequest): void {
  const site = request.headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none') throw problem('other_site');
}

/** The path to continue with; a path that could lead to another site becomes the console. */
function ownPath(next: string | undefined): string {
  if (!next || !/^\/(console|queues|docs)(?![^/?#])[\w\-./?=&%]*$/.test(next)) return '/console';
  return next.includes('//') || next.includes('/sign-') ? '/console' : next;
}

function sendSignIn(
  request: FastifyRequest,
  reply: FastifyReply,
  deps: ApiDeps,
  next: string,
  refusal: Problem | null,
): FastifyReply {
  if (refusal) {
    reply.code(ERRORS[refusal.code][0]);
    const wait = refusal.said.retryAfterSeconds;
    if (wait !== undefined) reply.header('retry-after', String(wait));
  }
  return sendPage(request, reply, deps, { title: 'Sign in', body: signInBody(next, refusal) });
}

function signInBody(next: string, refusal: Problem | null): Html {
  return html`<section class="card narrow">
    <h1>Sign in</h1>
    <p class="soft">
      Paste an access token. The first one was printed when levy was started for the first time; the
      API makes more.
    </p>
    ${
      refusal &&
      html`<p class="refused" role="alert">
        ${refusal.message} ${refusal.said.help ?? ERRORS[refusal.code][2]}
      </p>`
    }
    <form method="post" action="/console/sign-in">
      <input type="hidden" name="next" value="${next}" />
      <p>
        <label for="token">Access token</label>
        <input
          id="token"
          name="token"
          type="password"
          required
          maxlength="200"
          autocomplete="current-password"
          autocapitalize="off"
          spellcheck="false"
          autofocus
        />
      </p>
      <button>Sign in</button>
    </form>
  </section>`;
}
