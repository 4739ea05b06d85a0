import helmet from '@fastify/helmet';
import rateLimit from '@fastify/rate-limit';
import { TypeBoxValidatorCompiler, type TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import { fastify, LogController, type FastifyRequest } from 'fastify';
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { accessRoutes } from './routes/access.ts';
import { assessmentRoutes } from './routes/assessments.ts';
import { installAuth, isHttps } from './http/auth.ts';
import { installBoard } from './board/board.ts';
import { colleagueRoutes } from './routes/colleagues.ts';
import { clinicianPages } from './clinician/routes.ts';
import { clinicianRoutes } from './routes/clinicians.ts';
import { installErrorPages } from './console/error.ts';
import { bulkActRoutes } from './routes/bulk-acts.ts';
import { installConsole } from './console/pages.ts';
import { installBodyCap, installBodyTimer } from './http/body-limits.ts';
import type { ApiDeps } from './deps.ts';
import { installDocs } from './http/openapi.ts';
import { answer, answerSocket, installErrors, problem } from './http/errors.ts';
import { evidenceRoutes } from './routes/evidence.ts';
import { feeRoutes } from './routes/fees.ts';
import { objectionRoutes } from './routes/objections.ts';
import { healthRoutes } from './routes/health.ts';
import { installIdempotency } from './http/idempotency.ts';
import { importRoutes } from './routes/imports.ts';
import { invoiceRoutes } from './routes/invoices.ts';
import { listRoutes } from './routes/lists.ts';
import { mailReportRoutes } from './routes/mail-reports.ts';
import { metricsRoutes } from './routes/metrics.ts';
import { moveRoutes } from './routes/moves.ts';
import { rateRoutes } from './routes/rates.ts';
import type { Api } from './http/schemas.ts';
import { stripeWebhook } from './routes/stripe-webhook.ts';
import { installUnknownBody, installUnknownRoute } from './http/unknown-route.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Counted as Stripe's events or not at all, instead of as the caller's requests per minute. */
    counted?: 'events' | 'never';
  }
}

/** Largest body of an ordinary request, in bytes. Routes that take files set their own. */
const BODY_BYTES = 64 * 1024;
/**
 * The longest a file may take to arrive: 4 GB over a line of 10 Mbit/s. Other bodies: see limits.
 */
const REQUEST_MS = 3_600_000;
/** Longest silence of an unknown caller, in ms: longer than any wait for Stripe. */
const SILENCE_MS = 120_000;
/** How long an unused connection is kept: longer than the 60 s for which usual proxies reuse it. */
const IDLE_MS = 72_000;

/**
 * Builds the API with all its routes; it does not listen yet. Importing this file has no effect.
 * All services come in with `deps`, and the caller must close them.
 */
export async function buildApi(deps: ApiDeps): Promise<Api> {
  const app = fastify({
    loggerInstance: deps.log,
    logController: new LogController({
      disableRequestLogging: true,
      requestIdLogLabel: 'requestId',
    }),
    genReqId: requestId,
    bodyLimit: BODY_BYTES,
    routerOptions: { maxParamLength: 300 },
    forceCloseConnections: 'idle',
    requestTimeout: REQUEST_MS,
    connectionTimeout: SILENCE_MS,
    keepAliveTimeout: IDLE_MS,
    http: {
      headersTimeout: deps.limits.headersMs,
      connectionsCheckingInterval: Math.ceil(deps.limits.headersMs / 2),
    },
    trustProxy: deps.trustProxy.length > 0 ? deps.trustProxy : false,
    clientErrorHandler: answerSocket,
    frameworkErrors: (error, request, reply) => void answer(error, request, reply as never),
  }).withTypeProvider<TypeBoxTypeProvider>() as unknown as Api;
  app.server.maxConnections = deps.limits.connections;
  app.setValidatorCompiler(TypeBoxValidatorCompiler);
  installErrors(app);
  installErrorPages(app, deps);
  const refuse = installUnknownRoute(app);
  installBodyTimer(app, deps);
  installJson(app);
  await app.register(helmet, headers(deps));
  await app.register(rateLimit, { global: false });
  installLog(app);
  await installAuth(app, deps);
  installLimit(app, deps);
  installUnknownBody(app, refuse);
  installBodyCap(app, deps);
  installIdempotency(app, deps);
  await installDocs(app, deps);

  healthRoutes(app, deps);
  metricsRoutes(app, deps);
  await clinicianRoutes(app, deps);
  moveRoutes(app, deps);
  rateRoutes(app, deps);
  await importRoutes(app, deps);
  evidenceRoutes(app, deps);
  assessmentRoutes(app, deps);
  listRoutes(app, deps);
  feeRoutes(app, deps);
  objectionRoutes(app, deps);
  bulkActRoutes(app, deps);
  invoiceRoutes(app, deps);
  await mailReportRoutes(app, deps);
  accessRoutes(app, deps);
  colleagueRoutes(app, deps);
  await clinicianPages(app, deps);
  await stripeWebhook(app, deps);
  await installBoard(app, deps);
  await installConsole(app, deps);
  return app;
}

/** The caller's own request id if it is safe to log, else a new one. */
function requestId(request: IncomingMessage): string {
  const given = request.headers['x-request-id'];
  return typeof given === 'string' && /^[\w.-]{1,64}$/.test(given) ? given : randomUUID();
}

/** Parses JSON. An empty body is no body, whatever its content type. */
function installJson(app: Api): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.removeContentTypeParser(['application/json', 'text/plain']);
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body === '') done(null, undefined);
    else void parse(request, body as string, done);
  });
  app.addHook('onRequest', async ({ headers }) => {
    const encoding = headers['content-encoding'];
    if (encoding !== undefined && encoding !== 'identity') throw problem('unsupported_encoding');
  });
}

/** The API answers only JSON, so a browser is forbidden to do anything with an answer. */
function headers(deps: ApiDeps) {
  return {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        'default-src': ["'none'"],
        'base-uri': ["'none'"],
        'form-action': ["'none'"],
        'frame-ancestors': ["'none'"],
      },
    },
    frameguard: { action: 'deny' as const },
    referrerPolicy: { policy: 'no-referrer' as const },
    hsts: isHttps(deps) ? { maxAge: 31_536_000 } : false,
  };
}

/** Logs one line per answer: the route, never the URL; the caller's id, never its name. */
function installLog(app: Api): void {
  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id);
    if (request.url.startsWith('/v1/')) reply.header('cache-control', 'no-store');
  });
  app.addHook('onResponse', async (request, reply) => {
    request.log.info(
      {
        method: request.method,
        route: request.routeOptions.url ?? null,
        status: reply.statusCode,
        ms: Math.round(reply.elapsedTime),
        callerId: request.caller?.id,
      },
      'answered',
    );
  });
}

/** Limits requests: more for a key or session, fewer for an address without one. */
function installLimit(app: Api, { limits }: ApiDeps): void {
  const counted = app.createRateLimit({
    timeWindow: 60_000,
    max: (request: FastifyRequest) => (request.caller ? limits.perCaller : limits.perAddress),
    keyGenerator: (request: FastifyRequest) =>
      request.caller ? `caller ${request.caller.id}` : `address ${request.ip}`,
  });
  const events = app.createRateLimit({
    timeWindow: 10_000,
    max: limits.events,
    keyGenerator: ({ ip }: FastifyRequest) => ip,
  });
  app.addHook('onRequest', async (request) => {
    const kind = request.routeOptions.config?.counted;
    if (kind === 'never') return;
    const limit = await (kind === 'events' ? events : counted)(request);
    if (!limit.isAllowed && limit.isExceeded)
      throw problem('rate_limited', { retryAfterSeconds: limit.ttlInSeconds });
  });
}
