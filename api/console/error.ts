import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ApiDeps } from '../deps.ts';
import { formTokenOf } from './form-token.ts';
import { html, render, type Html } from './html.ts';
import { layout } from './layout.ts';

/** The fields of an API error that the page shows. */
interface Told {
  code: string;
  message: string;
  help: string;
  requestId: string;
}

/** Shows an error answer of the API as a page; passes on every other answer unchanged. */
export function errorPage(
  request: FastifyRequest,
  reply: FastifyReply,
  deps: ApiDeps,
  payload: unknown,
): unknown {
  const type = String(reply.getHeader('content-type') ?? '');
  if (reply.statusCode < 400 || !type.startsWith('application/json')) return payload;
  const { error } = JSON.parse(String(payload)) as { error: Told };
  reply.type('text/html; charset=utf-8');
  reply.removeHeader('content-length');
  const viewer = request.caller && {
    caller: request.caller,
    formToken: formTokenOf(request, deps) ?? '',
  };
  const body = errorBody(error, request);
  return render(layout({ title: error.message, viewer, live: deps.livemode, body }));
}

function errorBody({ code, message, help, requestId }: Told, request: FastifyRequest): Html {
  return html`<section class="card narrow">
    <h1>${message}</h1>
    <p>${help}</p>
    <p><a class="button" href="${backTo(request)}">Back</a></p>
    <p class="small soft"><code>${code}</code> · request <code>${requestId}</code></p>
  </section>`;
}

/** Pages with forms of their own. */
const PAGES =
  /^\/console\/(?:fees|assessments|people|people\/upload|invoices)\/[0-9a-f-]{36}(?=\/|$)/;

/** The page to go back to: the form's page after an act, else the overview. */
function backTo({ method, url }: FastifyRequest): string {
  const [path = ''] = url.split('?');
  const page = PAGES.exec(path)?.[0];
  if (method === 'POST' && page) return page;
  return method === 'POST' && path.startsWith('/console/evidence/')
    ? '/console/review'
    : '/console';
}
