import { createHmac, timingSafeEqual } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { callerOf } from '../http/auth.ts';
import type { ApiDeps } from '../deps.ts';
import { problem } from '../http/errors.ts';
import type { Viewer } from './layout.ts';

/**
 * The token that a session's forms and the board's requests carry. It is made from the session's
 * cookie: so it needs no storage, ends with the session and is unknown to another site. Null for a
 * caller without a session, because no browser sends a bearer token by itself.
 */
export function formTokenOf(request: FastifyRequest, deps: ApiDeps): string | null {
  if (request.headers.authorization !== undefined) return null;
  const cookie = request.cookies['__Host-levy'] ?? request.cookies['levy'];
  return cookie ? formTokenFor(cookie, deps) : null;
}

/** The form token of the session with this cookie. */
export function formTokenFor(cookie: string, deps: Pick<ApiDeps, 'sessionSecret'>): string {
  return createHmac('sha256', deps.sessionSecret).update(`form ${cookie}`).digest('base64url');
}

/** Throws `other_site` unless the request carries its session's token or needs none. */
export function checkFormToken(request: FastifyRequest, deps: ApiDeps, given: unknown): void {
  const wanted = formTokenOf(request, deps);
  if (wanted === null) return;
  const sent = Buffer.from(typeof given === 'string' ? given : '');
  const expected = Buffer.from(wanted);
  if (sent.length !== expected.length || !timingSafeEqual(sent, expected))
    throw problem('other_site', { message: 'The form is not of this session.' });
}

/** The viewer of the console. Throws `no_token` when nobody is signed in. */
export function viewerOf(request: FastifyRequest, deps: ApiDeps): Viewer {
  return { caller: callerOf(request), formToken: formTokenOf(request, deps) ?? '' };
}

/** The path of the sign-in page, which leads back to `path`. */
export function signInPath(path: string): string {
  return `/console/sign-in?next=${encodeURIComponent(path)}`;
}
