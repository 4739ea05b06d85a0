import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ApiDeps } from '../deps.ts';
import { render } from './html.ts';
import { layout, type Page } from './layout.ts';
import { formTokenOf } from './form-token.ts';

/** Sends a page in the console's frame, with the menu when somebody is signed in. */
export function sendPage(
  request: FastifyRequest,
  reply: FastifyReply,
  deps: ApiDeps,
  page: Omit<Page, 'viewer' | 'live'>,
): FastifyReply {
  const viewer = request.caller && {
    caller: request.caller,
    formToken: formTokenOf(request, deps) ?? '',
  };
  return reply
    .type('text/html; charset=utf-8')
    .send(render(layout({ ...page, viewer, live: deps.livemode })));
}
