import { errorFacts } from '../../core/error-facts.ts';
import { createHash } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ApiDeps } from '../deps.ts';
import { problem } from './errors.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** The Idempotency-Key this request holds until it is answered. */
    claim: { actor: string; key: string } | null;
  }
  interface FastifyContextConfig {
    /** The answer holds a secret and is not kept; such a route is safe to repeat by itself. */
    secretAnswer?: boolean;
  }
}

/**
 * Honours `Idempotency-Key` on POST: the first request with a key is answered and its answer kept
 * for a day; the same request again gets the same answer, without being done again. Nothing is
 * kept of a request that failed here (5xx), so that it can be sent again.
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
    const claim = { actor: caller.keyId, key };
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
      // The act stands whether or not its answer is kept; all acts say so when repeated.
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

/** What makes two requests the same. A streamed body is known by its length and type alone. */
function fingerprint({ method, url, body, headers }: FastifyRequest): string {
  const streamed = typeof (body as { pipe?: unknown } | null)?.pipe === 'function';
  const content = streamed ? [headers['content-length'], headers['content-type']] : body;
  return createHash('sha256')
    .update(JSON.stringify([method, url, content ?? null]))
    .digest('hex');
}
