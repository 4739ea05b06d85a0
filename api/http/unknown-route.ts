import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { hasBody } from './body-limits.ts';
import { problem } from './errors.ts';

declare module 'fastify' {
  interface FastifyInstance {
    /** Every route there is, with parameters as `:name`. */
    knownRoutes: readonly { method: string; url: string }[];
  }
}

/** Throws `not_found` or `wrong_method`: the request has no route. */
export type Refuse = (request: FastifyRequest, reply: FastifyReply) => never;

/**
 * Answers requests without a route: 405 with the methods that the path has, else 404. To be
 * installed before the routes. Gives the function that refuses such a request.
 */
export function installUnknownRoute(app: FastifyInstance): Refuse {
  const known: { method: string; url: string; path: RegExp }[] = [];
  app.decorate('knownRoutes', known);
  app.addHook('onRoute', ({ method, url }) => {
    for (const one of [method].flat()) known.push({ method: one, url, path: pathOf(url) });
  });
  const refuse: Refuse = (request, reply) => {
    const path = request.url.split('?', 1)[0] ?? '';
    const methods = known.filter((one) => one.path.test(path)).map(({ method }) => method);
    if (methods.length === 0) throw problem('not_found', { message: 'There is nothing here.' });
    void reply.header('allow', [...new Set(methods)].sort().join(', '));
    throw problem('wrong_method');
  };
  app.setNotFoundHandler(refuse);
  return refuse;
}

/** Refuses such a request before its body is read. To be installed after the hooks on who asks. */
export function installUnknownBody(app: FastifyInstance, refuse: Refuse): void {
  app.addHook('onRequest', async (request, reply) => {
    if (request.is404 && hasBody(request)) refuse(request, reply);
  });
}

/** A route's address as an expression: a parameter stands for one part, a star for the rest. */
function pathOf(url: string): RegExp {
  const parts = url.split('/').map((part) => {
    if (part === '*') return '.*';
    return part.startsWith(':') ? '[^/]+' : part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  });
  return new RegExp(`^${parts.join('/')}$`);
}
