import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance, onRequestHookHandler } from 'fastify';
import { signInPath } from '../console/form-token.ts';
import { ERRORS, problem } from './errors.ts';
import type { ApiDeps } from '../deps.ts';

/** Swagger's page sets styles of its own; nothing else is let in, and no script but its own. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** The OpenAPI document and its page at /docs. To be installed before the routes. */
export async function installDocs(app: FastifyInstance, deps: ApiDeps): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'levy', version: '1', description: introduction() },
      servers: [{ url: deps.publicUrl }],
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
      tags: TAGS.map(([name, description]) => ({ name, description })),
    },
  });
  if (deps.access.docs === 'off') return;
  await app.register(swaggerUi, {
    routePrefix: '/docs',
    ...(deps.access.docs === 'signed-in' && { uiHooks: { onRequest: signedIn } }),
    staticCSP: POLICY,
    uiConfig: { deepLinking: true, docExpansion: 'none', persistAuthorization: false },
  });
}

/** Lets only callers pass: a visitor in a browser is sent to sign in, and back here. */
const signedIn: onRequestHookHandler = (request, reply, done) => {
  const isPage = request.method === 'GET' && request.headers.accept?.includes('text/html');
  if (request.caller) done();
  else if (isPage) void reply.redirect(signInPath('/docs'), 303);
  else done(problem('no_token'));
};

const TAGS = [
  ['clinicians', 'The roster of people'],
  ['rates', 'What vendors charge for a year'],
  ['imports', 'Records of an EHR, from which only evidence of use is kept'],
  ['assessments', 'One year’s run for one vendor'],
  ['fees', 'What one clinician owes, and its story'],
  ['access', 'Keys, and who did what'],
  ['webhooks', 'Hints from Stripe'],
  ['health', 'For machines that watch'],
] as const;

function introduction(): string {
  const rows = Object.entries(ERRORS).map(
    ([code, [status, message, help]]) => `| \`${code}\` | ${status} | ${message} | ${help} |`,
  );
  return [
    'Amounts are whole US cents. Lists are read page by page: give `next` of one page as `after`',
    'of the next. POST takes an `Idempotency-Key`; the same request again is answered the same.',
    '',
    'Errors have one shape, `{ error: { code, message, help, requestId, details? } }`:',
    '',
    '| code | status | what was wrong | what to do |',
    '| --- | --- | --- | --- |',
    ...rows,
  ].join('\n');
}
