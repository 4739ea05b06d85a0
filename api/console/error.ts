import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ApiDeps } from '../deps.ts';
import type { ErrorCode } from '../http/errors.ts';
import { formTokenOf, signInPath } from './form-token.ts';
import { html, render, type Html } from './html.ts';
import { layout } from './layout.ts';
import { dress } from './policy.ts';

/** The fields of an API error that the page shows. */
interface Told {
  code: ErrorCode;
  message: string;
  help: string;
  requestId: string;
}

/**
 * Shows the errors of the API to a person in a browser as a page, everywhere but under /v1, where
 * programs ask. Programs get JSON, as they do everywhere when they send a token or do not ask for a
 * page. To be installed before the routes.
 */
export function installErrorPages(app: FastifyInstance, deps: ApiDeps): void {
  app.addHook('onSend', (request, reply, payload) =>
    Promise.resolve(errorPage(request, reply, deps, payload)),
  );
}

function errorPage(
  request: FastifyRequest,
  reply: FastifyReply,
  deps: ApiDeps,
  payload: unknown,
): unknown {
  const type = String(reply.getHeader('content-type') ?? '');
  if (reply.statusCode < 400 || !type.startsWith('application/json')) return payload;
  if (!wantsPage(request) || typeof payload !== 'string') return payload;
  const { error } = JSON.parse(payload) as { error?: Told };
  if (!error) return payload;
  dress(reply);
  reply.type('text/html; charset=utf-8');
  reply.removeHeader('content-length');
  const path = pathOf(request);
  const isOurs = !isClinicians(path);
  const viewer = isOurs && request.caller ? viewerOf(request, deps) : null;
  const said = wordsFor(error, path);
  const body = errorBody(said, error, isOurs ? buttonOf(request, error) : null);
  return render(
    layout({ title: said[0], viewer, live: deps.livemode, docs: deps.access.docs !== 'off', body }),
  );
}

function viewerOf(request: FastifyRequest, deps: ApiDeps) {
  return request.caller && { caller: request.caller, formToken: formTokenOf(request, deps) ?? '' };
}

/** A page of the console is a page for everybody; elsewhere the browser says that it wants one. */
function wantsPage(request: FastifyRequest): boolean {
  const path = pathOf(request);
  if (/^\/(v1|webhooks|metrics|healthz|readyz)(\/|$)/.test(path)) return false;
  if (/^\/console(\/|$)/.test(path)) return true;
  const { authorization, accept = '' } = request.headers;
  return authorization === undefined && accept.includes('text/html');
}

function pathOf({ url }: FastifyRequest): string {
  return url.split('?', 1)[0] ?? '';
}

function errorBody([title, help]: Words, { requestId }: Told, button: Html | null): Html {
  return html`<section class="card narrow">
    <h1>${title}</h1>
    <p>${help}</p>
    ${button && html`<p>${button}</p>`}
    <p class="small soft">
      If you ask somebody for help, name this number: <code>${requestId}</code>
    </p>
  </section>`;
}

type Words = readonly [title: string, help: string];

/** Where the words for programs say nothing to a person at a page. */
const WORDS: Partial<Record<ErrorCode, Words>> = {
  invalid_request: [
    'Something in this is missing or cannot be right',
    'Go back and look at what you typed. Nothing was changed.',
  ],
  invalid_url: ['There is no such page', 'Check the address for a mistake.'],
  not_found: [
    'There is no such page',
    'Check the address for a mistake, or begin at the overview.',
  ],
  wrong_method: ['There is no such page', 'Check the address for a mistake.'],
  no_token: ['You are not signed in', 'Sign in, then try again. Nothing was changed.'],
  wrong_token: ['This access token is wrong or was revoked', 'Ask a colleague for a new one.'],
  missing_scope: [
    'Your role does not allow this',
    'A colleague who may approve can do it, or can change your role.',
  ],
  authenticator_needed: [
    'Approving needs an authenticator app',
    'Set one up on your own page; your name at the top leads to it.',
  ],
  other_site: [
    'This did not come from a page of levy',
    'Open the page again and try once more. Nothing was changed.',
  ],
  too_large: ['This is too large', 'Send less at once. Nothing was changed.'],
  unsupported_type: ['This kind of file or form is not known here', 'Go back and choose another.'],
  rate_limited: ['Too many requests', 'Wait a minute, then try again.'],
  too_busy: ['levy is busy', 'Wait a moment, then try again.'],
  not_ready: [
    'levy cannot reach its database or its queue',
    'Try again in some seconds. Nothing is lost: what was under way goes on by itself.',
  ],
  internal: [
    'Something went wrong here',
    'Try again. If it happens again, tell whoever runs levy for you.',
  ],
  ledger_refused: ['This is not allowed now', 'See what has happened to the fee.'],
  payments_refused: [
    'Stripe refused the question',
    'Tell whoever runs levy for you: the Stripe key may have changed.',
  ],
  stale_roster: ['The roster has changed.', 'Look at it again, then approve it as it is now.'],
  rate_is_forecast: ['The rate is a forecast.', 'It must be confirmed first.'],
  nothing_to_decide: ['This was decided already', 'See the list of what is left to review.'],
  unknown_vendor: ['There is no such EHR', 'Choose one from the list.'],
  unknown_year: ['There is no rate for this year', 'It must be entered first.'],
};

/** Words for a clinician, whose link was cut off or mistyped. */
const CARD_WORDS: Words = [
  'This link does not work',
  'Open it once more from the e-mail, all of it. If that does not help, answer the e-mail.',
];

function wordsFor({ code, message, help }: Told, path: string): Words {
  if (isClinicians(path) && (code === 'not_found' || code === 'invalid_request')) return CARD_WORDS;
  return WORDS[code] ?? [message, help];
}

function buttonOf(request: FastifyRequest, { code }: Told): Html {
  if (code === 'no_token' || code === 'wrong_token') {
    const next = request.method === 'GET' ? request.url : '/console';
    return html`<a class="button" href="${signInPath(next)}">Sign in</a>`;
  }
  if (code === 'authenticator_needed') return html`<a class="button" href="/console/me">You</a>`;
  return html`<a class="button" href="${backTo(request)}">Back</a>`;
}

/** Pages with forms of their own. */
const ROOMS = 'fees|assessments|people|people/upload|invoices|colleagues|desk/acts';
const PAGES = new RegExp(`^/console/(?:${ROOMS})/[0-9a-f-]{36}(?=/|$)`);

/** The page to go back to: the form's page after an act, else the overview. */
function backTo(request: FastifyRequest): string {
  const path = pathOf(request);
  if (request.method !== 'POST') return '/console';
  const page = PAGES.exec(path)?.[0];
  if (page) return page;
  return path.startsWith('/console/evidence/') ? '/console/review' : '/console';
}

/** Whether a path is of the pages that clinicians open. */
function isClinicians(path: string): boolean {
  return /^\/(fee|card|card-saved)(\/|$)/.test(path);
}
