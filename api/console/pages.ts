import formbody from '@fastify/formbody';
import type {} from '@fastify/swagger';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { callerOf, requireScope } from '../http/auth.ts';
import type { ApiDeps } from '../deps.ts';
import { problem } from '../http/errors.ts';
import { actionRoutes } from './action-routes.ts';
import { consoleAssets } from './assets.ts';
import { errorPage } from './error.ts';
import { signInPath } from './form-token.ts';
import { pageRoutes } from './page-routes.ts';
import { personFormRoutes } from './people/form-routes.ts';
import { peoplePages } from './people/page-routes.ts';
import { uploadRoutes } from './people/upload-routes.ts';
import { signInPages } from './sign-in.ts';
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
      scope.addHook('onSend', (request, reply, payload) =>
        Promise.resolve(errorPage(request, reply, deps, payload)),
      );
      scope.setNotFoundHandler(() => {
        throw problem('not_found');
      });
      await consoleAssets(scope);
      signInPages(scope, deps);
      await scope.register(async (pages) => {
        pages.addHook('onRequest', signedIn);
        pages.addHook('onRequest', requireScope('read'));
        pageRoutes(pages, deps);
        actionRoutes(pages, deps);
        yearPages(pages, deps);
        peoplePages(pages, deps);
        personFormRoutes(pages, deps);
        await uploadRoutes(pages, deps);
      });
    },
    { prefix: '/console' },
  );
}

/** Nothing but our own stylesheet, icon and scripts, no frame, no form to anywhere else. */
const POLICY = [
  "default-src 'none'",
  "style-src 'self'",
  "script-src 'self'",
  "connect-src 'self'",
  "img-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

function dress(reply: FastifyReply): void {
  reply.header('content-security-policy', POLICY);
  // Without a referrer a browser would hide the origin of our own forms too.
  reply.header('referrer-policy', 'same-origin');
  reply.header('cache-control', 'no-store');
}

/** Sends a visitor who is not signed in to the sign-in page, and back here afterwards. */
async function signedIn(request: FastifyRequest, reply: FastifyReply): Promise<void> {
  if (!request.caller && request.method === 'GET')
    return reply.redirect(signInPath(request.url), 303) as unknown as void;
  callerOf(request);
}
