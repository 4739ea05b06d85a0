import type Stripe from 'stripe';
import type { InvalidEvent, PaymentEvent, Payments } from '../payments.ts';
import { pages, type Call } from './calls.ts';
import { idOf } from './reading.ts';
import { readSigned } from './webhook-signature.ts';

/** Stripe's events: from webhooks, and from the list in case a webhook was lost. */
export function events(stripe: Stripe, call: Call): Pick<Payments, 'readEvent' | 'listEvents'> {
  function readEvent(
    rawBody: Buffer,
    signature: string,
    secrets: string[],
    receivedAt?: Date,
  ): PaymentEvent | InvalidEvent {
    const signed = readSigned(stripe, rawBody, { signature, secrets, receivedAt });
    if ('invalid' in signed) return signed;
    try {
      return eventOf(signed.event);
    } catch {
      return { invalid: 'malformed' };
    }
  }

  async function* listEvents(args: { since: Date; types: string[] }): AsyncGenerator<PaymentEvent> {
    const created = { gte: Math.floor(args.since.getTime() / 1000) };
    for await (const event of pages(call, 'GET /v1/events', (page) =>
      stripe.events.list({ created, types: args.types, ...page }),
    ))
      yield eventOf(event);
  }

  return { readEvent, listEvents };
}

function eventOf(event: Stripe.Event): PaymentEvent {
  const object = record(record(event.data).object);
  const { id, object: kind } = object;
  if (typeof id !== 'string' || typeof kind !== 'string' || typeof event.type !== 'string')
    throw new Error('An event without an object, an id or a type.');
  return {
    id: event.id,
    type: event.type,
    livemode: event.livemode,
    objectId: id,
    intent: kind === 'payment_intent' ? id : reference(object.payment_intent),
    customer: kind === 'customer' ? id : reference(object.customer),
    paymentMethod: kind === 'payment_method' ? id : reference(object.payment_method),
    feeId: text(record(object.metadata ?? {}).fee),
    createdAt: new Date(event.created * 1000),
  };
}

function record(value: unknown): Record<string, unknown> {
  if (!value || typeof value !== 'object') throw new Error('An object was expected.');
  return value as Record<string, unknown>;
}

function reference(value: unknown): string | null {
  return typeof value === 'string' ? value : idOf(value as { id: string } | null | undefined);
}

function text(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}
