import cookie from '@fastify/cookie';
import '@fastify/rate-limit';
import { randomBytes } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Caller, Scope } from '../../ledger/access.ts';
import type { ApiDeps } from '../deps.ts';
import { problem } from './errors.ts';

/** The caller of a request. */
export interface RequestCaller extends Caller {
  /** May approve as soon as an authenticator app is set up, and not before. */
  approvesWithApp?: true;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** The caller; null without a token or session. */
    caller: RequestCaller | null;
  }
  interface FastifyContextConfig {
    /** Open to everybody: no token or cookie is read. */
    anonymous?: boolean;
  }
  interface FastifyInstance {
    /** The token's caller. Throws `wrong_token`, and `rate_limited` after too many of those. */
    callerOfToken(request: FastifyRequest, token: string): Promise<Caller>;
  }
}

/** How long a browser's session lasts. */
const SESSION_HOURS = 12;
const SESSION_COOKIE = { path: '/', httpOnly: true, sameSite: 'strict', signed: true } as const;
/** Methods that change nothing. */
const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Identifies the caller before the body is read: by a bearer token, else by the console's session
 * cookie. A request without either continues without a caller.
 */
export async function installAuth(app: FastifyInstance, deps: ApiDeps): Promise<void> {
  const { ledger, limits } = deps;
  await app.register(cookie, { secret: deps.sessionSecret });
  const failures = app.createRateLimit({ max: limits.failedLogins, timeWindow: 60_000 });

  app.decorate('callerOfToken', async (request: FastifyRequest, token: string) => {
    // A text that cannot be a token needs no query.
    const caller = /^[\w-]{20,100}$/.test(token) ? await ledger.access.callerOf(token) : null;
    if (caller) return caller;
    // Only wrong tokens are limited: a script with an old token must not lock out its whole office.
    const failed = await failures(request);
    if (!failed.isAllowed && failed.isExceeded)
      throw problem('rate_limited', { retryAfterSeconds: failed.ttlInSeconds });
    throw problem('wrong_token');
  });

  app.decorateRequest('caller', null);
  app.addHook('onRequest', async (request) => {
    if (request.routeOptions.config?.anonymous) return;
    const { authorization } = request.headers;
    if (authorization !== undefined) {
      const token = /^Bearer +(\S+)$/i.exec(authorization)?.[1];
      if (!token) throw problem('wrong_token');
      request.caller = await app.callerOfToken(request, token);
      return;
    }
    const secret = sessionSecret(request, deps);
    if (secret) request.caller = limited(await ledger.sessions.callerOf(secret), deps);
    if (request.caller && !SAFE.has(request.method)) refuseOtherSites(request, deps);
  });
}

/** A hook that lets only callers with this scope pass: 401 without a caller, else 403. */
export function requireScope(scope: Scope): (request: FastifyRequest) => Promise<void> {
  return async (request) => {
    const caller = callerOf(request);
    if (caller.scopes.includes(scope)) return;
    if (scope === 'approve' && caller.approvesWithApp) throw problem('authenticator_needed');
    throw problem('missing_scope', { details: { scope } });
  };
}

/** A colleague without an authenticator app may not approve yet, where the rules say so. */
function limited(caller: Caller | null, { access }: ApiDeps): RequestCaller | null {
  const isBare = access.authenticatorToApprove && caller?.authenticator === false;
  if (!caller || !isBare || !caller.scopes.includes('approve')) return caller;
  const scopes = caller.scopes.filter((scope) => scope !== 'approve');
  return { ...caller, scopes, approvesWithApp: true };
}

/** Whether the caller of an answer that lasts may still read: the session or key may have ended. */
export async function mayStillRead(request: FastifyRequest, deps: ApiDeps): Promise<boolean> {
  const token = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
  const secret = sessionSecret(request, deps);
  const caller = token
    ? await deps.ledger.access.callerOf(token)
    : secret && (await deps.ledger.sessions.callerOf(secret));
  return caller ? caller.scopes.includes('read') : false;
}

/** The caller. Throws `no_token` when there is none. */
export function callerOf(request: FastifyRequest): RequestCaller {
  if (!request.caller) throw problem('no_token');
  return request.caller;
}

/**
 * Starts a browser's session for a caller: the cookie holds a secret, the ledger its hash. Gives
 * the cookie's value.
 */
export async function createSession(
  request: FastifyRequest,
  reply: FastifyReply,
  deps: ApiDeps,
  caller: Caller,
): Promise<string> {
  const secret = randomBytes(32).toString('base64url');
  const browser = browserOf(request.headers['user-agent']);
  await deps.ledger.sessions.add(secret, caller, { hours: SESSION_HOURS, browser });
  reply.setCookie(cookieName(deps), secret, {
    ...SESSION_COOKIE,
    secure: isHttps(deps),
    maxAge: SESSION_HOURS * 3_600,
  });
  if (caller.authenticator !== null)
    reply.setCookie(knownName(deps), caller.id, {
      ...SESSION_COOKIE,
      secure: isHttps(deps),
      maxAge: 365 * 24 * 3_600,
    });
  return request.server.signCookie(secret);
}

/** The colleague who has signed in with this browser before; null: nobody. */
export function knownAs(request: FastifyRequest, deps: ApiDeps): string | null {
  const value = request.cookies[knownName(deps)];
  const unsigned = value ? request.unsignCookie(value) : null;
  return unsigned?.valid ? unsigned.value : null;
}

function knownName(deps: ApiDeps): string {
  return isHttps(deps) ? '__Host-levy-known' : 'levy-known';
}

/** The family of a browser, in the order in which they can be told apart. */
function browserOf(userAgent = ''): string {
  const family = ['Edg', 'OPR', 'Firefox', 'Chrome', 'Safari'].find((one) =>
    userAgent.includes(`${one}/`),
  );
  return { Edg: 'Edge', OPR: 'Opera' }[family ?? ''] ?? family ?? 'Another browser';
}

/** Ends the browser's session, here and in the ledger. */
export async function endSession(
  request: FastifyRequest,
  reply: FastifyReply,
  deps: ApiDeps,
): Promise<void> {
  const secret = sessionSecret(request, deps);
  if (secret) await deps.ledger.sessions.end(secret);
  reply.clearCookie(cookieName(deps), { ...SESSION_COOKIE, secure: isHttps(deps) });
}

export function isHttps(deps: Pick<ApiDeps, 'publicUrl'>): boolean {
  return deps.publicUrl.startsWith('https:');
}

/** Over https the name itself binds the cookie to this host, this path and https. */
function cookieName(deps: ApiDeps): string {
  return isHttps(deps) ? '__Host-levy' : 'levy';
}

/** The secret in the session's cookie; null without one of ours. */
export function sessionSecret(request: FastifyRequest, deps: ApiDeps): string | null {
  const value = request.cookies[cookieName(deps)];
  const unsigned = value ? request.unsignCookie(value) : null;
  return unsigned?.valid ? unsigned.value : null;
}

/** A browser sends the cookie by itself, so the request must come from our own pages. */
export function refuseOtherSites(request: FastifyRequest, deps: ApiDeps): void {
  const { origin } = request.headers;
  const site = request.headers['sec-fetch-site'];
  const ours = [new URL(deps.publicUrl).host, request.host];
  const foreign = origin !== undefined && !ours.includes(hostOf(origin));
  if (foreign || (site !== undefined && site !== 'same-origin' && site !== 'none'))
    throw problem('other_site');
}

function hostOf(origin: string): string {
  return URL.canParse(origin) ? new URL(origin).host : '';
}
