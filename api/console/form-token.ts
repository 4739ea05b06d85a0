import { createHmac, timingSafeEqual } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { callerOf } from '../http/auth.ts';
import type { ApiDeps } from '../deps.ts';
import { problem } from '../http/errors.ts';
import type { Viewer } from './layout.ts';

/**
 * The token a session's forms and the board's requests carry: made from the session's own cookie,
 * so that it needs no storage, ends with the session and cannot be known to another site.
 * Null for callers without a session: a bearer token is never sent by a browser by itself.
 */
export function formTokenOf(request: FastifyRequest, deps: ApiDeps): string | null {
  if (request.headers.authorization !== undefined) return null;
  const cookie = request.cookies['__Host-levy'] ?? request.cookies['levy'];
  if (!cookie) return null;
  return createHmac('sha256', deps.sessionSecret).update(`form ${cookie}`).digest('base64url');
}

/** Throws `other_site` unless the request carries its session's token, or needs none. */
export function checkFormToken(request: FastifyRequest, deps: ApiDeps, given: unknown): void {
  const wanted = formTokenOf(request, deps);
  if (wanted === null) return;
  const sent = Buffer.from(typeof given === 'string' ? given : '');
  const expected = Buffer.from(wanted);
  if (sent.length !== expected.length || !timingSafeEqual(sent, expected))
    throw problem('other_site', { message: 'The form is not of this session.' });
}

/** Who looks at the console. Throws `no_token` when nobody is signed in. */
export function viewerOf(request: FastifyRequest, deps: ApiDeps): Viewer {
  return { caller: callerOf(request), formToken: formTokenOf(request, deps) ?? '' };
}

/** Where to sign in, and come back to `path` afterwards. */
export function signInPath(path: string): string {
  return `/console/sign-in?next=${encodeURIComponent(path)}`;
}
