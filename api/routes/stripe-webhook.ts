import { Type } from 'typebox';
import { checkPayload } from '../../jobs/jobs.ts';
import { enqueueDue } from './actions.ts';
import type { ApiDeps } from '../deps.ts';
import { problem, type ErrorCode } from '../http/errors.ts';
import { FAILURES, type Api } from '../http/schemas.ts';

/** Stripe's events are a few kilobytes. */
const EVENT_BYTES = 256 * 1024;

const NOT_BELIEVED: Record<string, ErrorCode> = {
  signature: 'bad_signature',
  stale: 'stale_event',
  malformed: 'malformed_event',
};

/**
 * Receives Stripe's events. The signature is checked on the raw bytes, and the event is stored by
 * its id. An event only names an object, which a worker reads afterwards. An event that comes twice
 * changes nothing; a missing one is found when the worker reconciles.
 */
export async function stripeWebhook(app: Api, deps: ApiDeps): Promise<void> {
  await app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser(
      'application/json',
      { parseAs: 'buffer', bodyLimit: EVENT_BYTES },
      (_request, body, done) => done(null, body),
    );
    scope.post(
      '/webhooks/stripe',
      {
        bodyLimit: EVENT_BYTES,
        config: { counted: 'events', anonymous: true },
        schema: {
          summary: 'Events from Stripe',
          tags: ['webhooks'],
          response: {
            200: Type.Object({ received: Type.Literal(true), duplicate: Type.Boolean() }),
            ...FAILURES,
          },
        },
      },
      async (request) => {
        const signature = request.headers['stripe-signature'];
        const { body } = request;
        if (typeof signature !== 'string' || !Buffer.isBuffer(body))
          throw problem('bad_signature', { message: 'The event is not signed.' });
        const event = deps.payments.readEvent(body, signature, deps.webhookSecrets);
        if ('invalid' in event) throw problem(NOT_BELIEVED[event.invalid] ?? 'malformed_event');
        if (event.livemode !== deps.livemode) throw problem('wrong_mode');
        const payload = { eventId: event.id };
        if (!isPayload(payload)) throw problem('malformed_event');
        const fresh = await deps.ledger.events.receive(event);
        if (fresh) await enqueueDue(deps, 'webhook-event', payload);
        return { received: true as const, duplicate: !fresh };
      },
    );
  });
}

function isPayload(payload: unknown): boolean {
  try {
    checkPayload('webhook-event', payload);
    return true;
  } catch {
    return false;
  }
}
