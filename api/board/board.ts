import { errorFacts } from '../../core/error-facts.ts';
import { readFile } from 'node:fs/promises';
import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import type {
  BeforeHookResult,
  BoardHooks,
  ControllerHandlerReturnType,
  HookContext,
  HTTPStatus,
  QueueJobJson,
  UIConfig,
} from '@bull-board/api/dist/types.js';
import { FastifyAdapter } from '@bull-board/fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { JOB_NAMES, type JobName } from '../../jobs/jobs.ts';
import type { Caller } from '../../ledger/access.ts';
import { callerOf, isHttps } from '../http/auth.ts';
import { shownAnswer, shownPayload } from './guard.ts';
import { checkFormToken, formTokenOf, signInPath } from '../console/form-token.ts';
import type { ApiDeps } from '../deps.ts';
import { asProblem, ERRORS, Problem, problem } from '../http/errors.ts';
import { isUuid } from '../http/schemas.ts';

/** The board's path; its page, scripts and API are all below it. */
const BASE = '/queues';

/**
 * Bull Board, which shows the queues to people who may read, behind the console's login. The board
 * cannot tell who may do what, so each of its requests is checked here. A key with the scope
 * `operate` may run finished jobs again, which the ledger makes harmless. Nobody may add, change,
 * delete, promote or pause anything. Each write adds a line to the audit trail.
 */
export async function installBoard(app: FastifyInstance, deps: ApiDeps): Promise<void> {
  // The sender of a request, by its headers object, which the board passes on.
  const senders = new WeakMap<object, FastifyRequest>();
  const server = boardServer(deps, judge(deps, senders));
  const style = await readFile(new URL('./board.css', import.meta.url), 'utf8');

  await app.register(async (scope) => {
    scope.addHook('onRequest', async (request, reply) => {
      if (!request.caller && wantsPage(request)) return reply.redirect(signInPath(BASE), 303);
      if (!callerOf(request).scopes.includes('read'))
        throw problem('missing_scope', { details: { scope: 'read' } });
      // Control characters in the query make the board fail while it writes its own error.
      if (/\p{Cc}/u.test(Object.values(request.query as object).join()))
        throw problem('invalid_request');
      senders.set(request.headers, request);
      dress(request, reply, deps);
    });
    scope.addHook('onSend', async (_request, reply, payload) => withStyle(reply, payload));
    scope.get(`${BASE}/levy.css`, { schema: { hide: true } }, (_request, reply) =>
      reply.type('text/css; charset=utf-8').send(style),
    );
    await scope.register(server.registerPlugin(), { prefix: BASE });
  });
}

/** Adds our stylesheet to the board's page, and takes out the fonts that it asks Google for. */
function withStyle(reply: FastifyReply, payload: unknown): unknown {
  const isPage = String(reply.getHeader('content-type')).startsWith('text/html');
  if (!isPage || reply.statusCode >= 400 || typeof payload !== 'string') return payload;
  reply.removeHeader('content-length');
  return payload
    .replace(/<link href="https:\/\/fonts\.googleapis\.com[^>]*>/g, '')
    .replace('</head>', '<link href="levy.css" rel="stylesheet"></head>');
}

/** The adapters of all queues, and the page's settings. */
function boardServer(deps: ApiDeps, handlerHooks: BoardHooks): FastifyAdapter {
  const server = new FastifyAdapter().setBasePath(BASE);
  createBullBoard({
    queues: JOB_NAMES.map((name) => adapterOf(name, deps)),
    serverAdapter: server,
    options: { uiConfig: uiConfig(deps), handlerHooks },
  });
  server.setErrorHandler((error) => answerTo(error, deps));
  return server;
}

/** The board's own error answer would contain the message of the error. */
function answerTo(error: Error, { log }: ApiDeps): ControllerHandlerReturnType {
  const { code, said } = asProblem(error);
  const [status, message] = ERRORS[code];
  if (status >= 500) {
    log.error(errorFacts(error), 'the board could not answer');
    const body = { error: { key: 'ERRORS.INTERNAL_SERVER_ERROR' } };
    return { status: status as HTTPStatus, body };
  }
  const body = { error: { key: 'ERRORS.FORBIDDEN' }, message: said.message ?? message };
  return { status: status as HTTPStatus, body };
}

function adapterOf(name: JobName, deps: ApiDeps): BullMQAdapter {
  const adapter = new BullMQAdapter(deps.queues.queues[name], {
    description: ABOUT[name],
    externalJobUrl: linkOf,
    // A completed job has nothing to repeat, so its button is hidden. (The option is not in the
    // library's types.)
    ...{ allowCompletedRetries: false },
  });
  adapter.setFormatter('data', (payload: unknown) => shownPayload(name, payload) as string);
  return adapter;
}

const ABOUT: Record<JobName, string> = {
  'open-assessment': 'Gives every clinician of an assessment a fee',
  'read-cards': 'Reads the cards of an assessment at Stripe, to foresee an expiry',
  'bulk-act': 'Does what a person asked for to many fees',
  annual: 'Opens the year’s assessments on their day',
  detect: 'Looks whether a code was used',
  notice: 'Announces the fee by e-mail',
  charge:
    'Charges the card. A failed job is a refused charge, also when the fee was paid later: what ' +
    'is still owed is in the console under “Failed cards”',
  settle: 'Asks Stripe what happened, cancels, refunds',
  email: 'Receipts and other e-mails after the notice',
  reconcile: 'Compares the ledger with Stripe’s books and its own rules',
  'follow-invoices': 'Tells the fees what the vendor’s invoices carry',
  'webhook-event': 'Reads the object that a webhook’s event names',
};

/** The page about a job's fee or assessment. */
function linkOf({ data }: QueueJobJson): { href: string; displayText: string } {
  const { feeId, assessmentId, bulkId } = (data ?? {}) as Record<string, unknown>;
  if (isUuid(feeId)) return { href: `/console/fees/${feeId}`, displayText: 'Story of the fee' };
  if (isUuid(assessmentId))
    return { href: `/console/assessments/${assessmentId}`, displayText: 'Assessment' };
  if (isUuid(bulkId)) return { href: `/console/desk/acts/${bulkId}`, displayText: 'Act' };
  return { href: '/console', displayText: 'Console' };
}

function uiConfig({ livemode }: ApiDeps): UIConfig {
  return {
    boardTitle: 'levy queues',
    environment: livemode
      ? { label: 'Live: real cards', color: '#b3261e', textColor: '#ffffff' }
      : { label: 'Sandbox', color: '#5b636d', textColor: '#ffffff' },
    miscLinks: [
      { text: 'Console', url: '/console' },
      { text: 'Failed cards: what is still owed', url: '/console/desk' },
    ],
    hideDocsLink: true,
    // In seconds. Each poll counts every queue, so it is not done more often.
    pollingInterval: { forceInterval: 10, showSetting: false },
    // Would list all connections on each poll, and history is not collected.
    showWorkers: false,
    showMetrics: false,
    sortQueues: false,
    locale: { lng: 'en-US' },
    jobDetails: { defaultTab: 'Error' },
  };
}

/** The writes that the board allows, and their names in the audit trail. */
const WRITES: Record<string, (params: Record<string, unknown>) => string | null> = {
  'put /api/queues/:queueName/:jobId/retry': () => 'job_retried',
  'put /api/queues/:queueName/retry/:queueStatus': ({ queueStatus }) =>
    queueStatus === 'failed' ? 'failed_jobs_retried' : null,
};

/** Checks each request before the board sees it, and masks each answer after it. */
function judge(deps: ApiDeps, senders: WeakMap<object, FastifyRequest>): BoardHooks {
  const senderOf = ({ request }: HookContext): FastifyRequest => {
    const sender = senders.get(request.headers);
    if (!sender) throw new Error('Bug! the board answers a request that did not pass the login');
    return sender;
  };
  return {
    async before(context): Promise<BeforeHookResult> {
      const sender = senderOf(context);
      const caller = callerOf(sender);
      if (context.method === 'get') return { allow: true };
      const { params } = context.request;
      const action = WRITES[`${context.method} ${context.route}`]?.(params) ?? null;
      if (!action) return refused('This is not possible here. Use the console or the API.');
      if (!mayOperate(caller)) return refused('Your key may look, but not act.');
      if (!fromOwnPage(sender, deps)) return refused('The request does not come from this board.');
      await deps.ledger.access.audit({
        actor: caller.name,
        action,
        object: [params['queueName'], params['jobId']].filter(Boolean).map(wordOf).join(' '),
        requestId: sender.id,
      });
      return { allow: true };
    },
    after(context, answer) {
      const fenced = shownAnswer(answer);
      return mayOperate(callerOf(senderOf(context))) ? fenced : asReadOnly(fenced);
    },
  };
}

/** The name of a queue or job, safe to write down: a URL may contain anything. */
function wordOf(name: unknown): string {
  return String(name)
    .replace(/[^\w.-]/g, '?')
    .slice(0, 200);
}

function refused(message: string): BeforeHookResult {
  return { allow: false, status: 403, message };
}

function mayOperate(caller: Caller): boolean {
  return caller.scopes.includes('operate');
}

/** The board's page repeats a cookie in this header; a page elsewhere cannot read the cookie. */
function fromOwnPage(request: FastifyRequest, deps: ApiDeps): boolean {
  try {
    checkFormToken(request, deps, request.headers['x-xsrf-token']);
    return true;
  } catch (error) {
    if (error instanceof Problem) return false;
    throw error;
  }
}

/** Hides the buttons from callers who may only read. Their requests are refused in `before`. */
function asReadOnly<Answer extends { body: unknown }>(answer: Answer): Answer {
  const { queues } = (answer.body ?? {}) as { queues?: unknown };
  if (!Array.isArray(queues)) return answer;
  const locked = queues.map((queue: object) => ({
    ...queue,
    readOnlyMode: true,
    allowRetries: false,
    allowCompletedRetries: false,
  }));
  return { ...answer, body: { ...(answer.body as object), queues: locked } };
}

/** The board's page uses inline styles; no other script and nothing from outside is allowed. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'self'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

function dress(request: FastifyRequest, reply: FastifyReply, deps: ApiDeps): void {
  reply.header('content-security-policy', POLICY);
  reply.header('referrer-policy', 'same-origin');
  reply.header('cache-control', 'no-store');
  const token = formTokenOf(request, deps);
  if (token !== null && wantsPage(request))
    reply.setCookie('XSRF-TOKEN', token, {
      path: BASE,
      sameSite: 'strict',
      secure: isHttps(deps),
    });
}

function wantsPage({ method, headers }: FastifyRequest): boolean {
  return method === 'GET' && /\btext\/html\b/.test(headers.accept ?? '');
}
