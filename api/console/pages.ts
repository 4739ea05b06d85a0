import formbody from '@fastify/formbody';
import type {} from '@fastify/swagger';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { requireScope } from '../http/auth.ts';
import type { ApiDeps } from '../deps.ts';
import { problem } from '../http/errors.ts';
import { actionRoutes } from './action-routes.ts';
import { consoleAssets } from './assets.ts';
import { deskRoutes } from './desk/routes.ts';
import { signInPath } from './form-token.ts';
import { pageRoutes } from './page-routes.ts';
import { importPages } from './imports/page-routes.ts';
import { reviewRoutes } from './imports/review-routes.ts';
import { invoiceActRoutes } from './invoices/act-routes.ts';
import { enterRoutes } from './invoices/enter-routes.ts';
import { matchRoutes } from './invoices/match-routes.ts';
import { invoicePages } from './invoices/page-routes.ts';
import { dress } from './policy.ts';
import { personFormRoutes } from './people/form-routes.ts';
import { moveFormRoutes } from './people/move-routes.ts';
import { peoplePages } from './people/page-routes.ts';
import { uploadRoutes } from './people/upload-routes.ts';
import { joinPages } from './join.ts';
import { cameFrom, keepForm } from './kept-form.ts';
import { importUploadRoutes } from './imports/upload-routes.ts';
import { ratePages } from './rates/routes.ts';
import { liveRoutes } from './live/routes.ts';
import { queuesPage } from './queues/page-route.ts';
import { mePages } from './me-routes.ts';
import { colleaguePages } from './colleagues/routes.ts';
import { ownPath, sendSignIn, signInPages } from './sign-in.ts';
import { yearPages } from './year/page-routes.ts';

/**
 * The operators' console under /console: pages rendered on the server, which work without a script.
 * Only the sign-in page, the stylesheet and the scripts are open to a visitor who is not signed in.
 */
export async function installConsole(app: FastifyInstance, deps: ApiDeps): Promise<void> {
  // A person who opens the bare address wants the console.
  app.get('/', { schema: { hide: true } }, (_request, reply) => reply.redirect('/console', 303));
  await app.register(
    async (scope) => {
      await scope.register(formbody, { bodyLimit: 16_384 });
      scope.addHook('onRequest', async (_request, reply) => dress(reply));
      scope.setNotFoundHandler(() => {
        throw problem('not_found');
      });
      await consoleAssets(scope);
      signInPages(scope, deps);
      joinPages(scope, deps);
      await scope.register(async (pages) => {
        pages.addHook('onRequest', (request, reply) => signedIn(request, reply, deps));
        pages.addHook('onRequest', requireScope('read'));
        pageRoutes(pages, deps);
        actionRoutes(pages, deps);
        deskRoutes(pages, deps);
        ratePages(pages, deps);
        yearPages(pages, deps);
        peoplePages(pages, deps);
        personFormRoutes(pages, deps);
        moveFormRoutes(pages, deps);
        mePages(pages, deps);
        colleaguePages(pages, deps);
        importPages(pages, deps);
        reviewRoutes(pages, deps);
        queuesPage(pages, deps);
        liveRoutes(pages, deps);
        await uploadRoutes(pages, deps);
        await importUploadRoutes(pages, deps);
        invoicePages(pages, deps);
        await enterRoutes(pages, deps);
        invoiceActRoutes(pages, deps);
        matchRoutes(pages, deps);
      });
    },
    { prefix: '/console' },
  );
}

/**
 * Sends a visitor who is not signed in to the sign-in page, and back here afterwards. A form that
 * was sent after its session had ended is kept and sent by a press of a button after signing in.
 */
async function signedIn(
  request: FastifyRequest,
  reply: FastifyReply,
  deps: ApiDeps,
): Promise<FastifyReply | undefined> {
  if (request.caller) return undefined;
  if (request.method === 'GET') return reply.redirect(signInPath(request.url), 303);
  const kept = await keepForm(request, deps);
  const next = ownPath(cameFrom(request));
  return sendSignIn(request, reply.code(401), deps, { next, kept });
}
