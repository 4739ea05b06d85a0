import { errorFacts } from '../../core/error-facts.ts';
import { createHash } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ApiDeps } from '../deps.ts';
import { problem } from './errors.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** The Idempotency-Key that this request has claimed until it is answered. */
    claim: { actor: string; key: string } | null;
  }
  interface FastifyContextConfig {
    /** The answer contains a secret and is not stored; the route itself is safe to repeat. */
    secretAnswer?: boolean;
  }
}

/**
 * Handles `Idempotency-Key` on POST: the answer to the first request with a key is stored for a
 * day, and the same request again gets it without being carried out. A request that failed here
 * (5xx) is not stored, so that it can be sent again.
 */
export function installIdempotency(app: FastifyInstance, deps: Pick<ApiDeps, 'ledger'>): void {
  const { access } = deps.ledger;
  app.decorateRequest('claim', null);

  app.addHook('preHandler', async (request, reply) => {
    const key = request.headers['idempotency-key'];
    const { caller } = request;
    if (request.method !== 'POST' || key === undefined || !caller) return;
    if (request.routeOptions.config.secretAnswer) return;
    if (typeof key !== 'string' || !/^[\x21-\x7e]{1,255}$/.test(key))
      throw problem('invalid_request', {
        message: 'The Idempotency-Key is not 1 to 255 printable characters.',
        help: 'Use a new UUID for every request you mean.',
      });
    const claim = { actor: caller.id, key };
    const claimed = await access.claimRequest(claim.actor, claim.key, fingerprint(request));
    if (claimed.claim === 'running') throw problem('request_running', { retryAfterSeconds: 1 });
    if (claimed.claim === 'mismatch') throw problem('key_reused');
    if (claimed.claim === 'done') return replay(reply, claimed);
    request.claim = claim;
  });

  app.addHook('onSend', async (request, reply, payload) => {
    const { claim } = request;
    if (!claim) return;
    request.claim = null;
    const kept = reply.statusCode < 500 && (payload === null || typeof payload === 'string');
    const body = typeof payload === 'string' ? payload : '';
    try {
      await access.finishRequest(
        claim.actor,
        claim.key,
        kept ? { status: reply.statusCode, body } : null,
      );
    } catch (error) {
      // The act is done, whether or not its answer is stored; every act says so when repeated.
      request.log.error(errorFacts(error), 'the answer to a request with a key could not be kept');
    }
  });
}

function replay(reply: FastifyReply, { status, body }: { status: number; body: string }) {
  return reply
    .code(status)
    .header('idempotent-replayed', 'true')
    .type('application/json; charset=utf-8')
    .serializer((text: unknown) => text as string)
    .send(body);
}

/** The fingerprint of a request. A streamed body counts by its length and type alone. */
function fingerprint({ method, url, body, headers }: FastifyRequest): string {
  const streamed = typeof (body as { pipe?: unknown } | null)?.pipe === 'function';
  const content = streamed ? [headers['content-length'], headers['content-type']] : body;
  return createHash('sha256')
    .update(JSON.stringify([method, url, content ?? null]))
    .digest('hex');
}
