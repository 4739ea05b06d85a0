import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ApiDeps } from '../deps.ts';
import { render } from './html.ts';
import { layout, type Page } from './layout.ts';
import { formTokenOf } from './form-token.ts';

/**
 * Sends a page in the console's frame, with the menu when somebody is signed in. `formToken` is
 * that of a session that began with this answer.
 */
export function sendPage(
  request: FastifyRequest,
  reply: FastifyReply,
  deps: ApiDeps,
  { formToken, ...page }: Omit<Page, 'viewer' | 'live' | 'docs'> & { formToken?: string },
): FastifyReply {
  const viewer = request.caller && {
    caller: request.caller,
    formToken: formToken ?? formTokenOf(request, deps) ?? '',
  };
  return reply
    .type('text/html; charset=utf-8')
    .send(
      render(layout({ ...page, viewer, live: deps.livemode, docs: deps.access.docs !== 'off' })),
    );
}
