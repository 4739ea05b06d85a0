import type { FastifyReply } from 'fastify';

/** Nothing but our own stylesheet, icon and scripts, no frame, no form to anywhere else. */
const POLICY = [
  "default-src 'none'",
  "style-src 'self'",
  "script-src 'self'",
  "connect-src 'self'",
  "img-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** The headers of a page of the console. */
export function dress(reply: FastifyReply): void {
  reply.header('content-security-policy', POLICY);
  // Without a referrer a browser would hide the origin of our own forms too.
  reply.header('referrer-policy', 'same-origin');
  reply.header('cache-control', 'no-store');
}
