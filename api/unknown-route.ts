import type { FastifyInstance } from 'fastify';
import { problem } from './errors.ts';

declare module 'fastify' {
  interface FastifyInstance {
    /** Every route there is, with parameters as `:name`. */
    knownRoutes: readonly { method: string; url: string }[];
  }
}

/**
 * Answers requests no route is there for: 405 with the methods the address does know, else 404.
 * To be installed before the routes.
 */
export function installUnknownRoute(app: FastifyInstance): void {
  const known: { method: string; url: string; path: RegExp }[] = [];
  app.decorate('knownRoutes', known);
  app.addHook('onRoute', ({ method, url }) => {
    for (const one of [method].flat()) known.push({ method: one, url, path: pathOf(url) });
  });
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?', 1)[0] ?? '';
    const methods = known.filter((one) => one.path.test(path)).map(({ method }) => method);
    if (methods.length === 0) throw problem('not_found', { message: 'There is nothing here.' });
    void reply.header('allow', [...new Set(methods)].sort().join(', '));
    throw problem('wrong_method');
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
