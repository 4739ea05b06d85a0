import Stripe from 'stripe';
import type { Failure, Intent } from './books.ts';

/** Stripe refuses a request: a wrong parameter, or an object in a state that forbids it. */
export function invalid(message: string, details: { code?: string; param?: string } = {}): Error {
  return new Stripe.errors.StripeInvalidRequestError({
    type: 'invalid_request_error',
    statusCode: 400,
    message,
    headers: {},
    ...details,
  } as never);
}

export function missing(param: string): Error {
  return invalid('No such object.', { code: 'resource_missing', param });
}

export function wrongState(intent: Intent): Error {
  return invalid(`The intent is ${intent.status}.`, { code: 'payment_intent_unexpected_state' });
}

/** A card was declined: the error says what the charge's outcome says, and more. */
export function declined(failure: Failure): Error {
  return new Stripe.errors.StripeCardError({
    type: 'card_error',
    statusCode: 402,
    message: 'Your card was declined.',
    headers: {},
    ...failure,
  } as never);
}

/** The same key came with other parameters. */
export function keyMisused(): Error {
  return new Stripe.errors.StripeIdempotencyError({
    type: 'idempotency_error',
    statusCode: 400,
    message: 'Keys for idempotent requests can only be used with the same parameters.',
    headers: {},
  } as never);
}

/** Stripe failed or is too busy; `code` is `lock_timeout`, `rate_limit` and the like. */
export function apiError(statusCode: number, code?: string): Error {
  const Kind =
    statusCode === 429 ? Stripe.errors.StripeRateLimitError : Stripe.errors.StripeAPIError;
  return new Kind({
    type: 'api_error',
    statusCode,
    message: 'Failed.',
    headers: {},
    code,
  } as never);
}

/** The connection failed before, during or after: what became of the request is not known. */
export function connectionError(code: 'ETIMEDOUT' | 'ECONNRESET' | 'ECONNREFUSED'): Error {
  return new Stripe.errors.StripeConnectionError({
    message: 'An error occurred with our connection to Stripe.',
    detail: Object.assign(new Error(code), { code }),
  });
}

/** Half an answer, which no JSON parser reads. */
export function unreadable(): Error {
  return new Stripe.errors.StripeAPIError({ message: 'Invalid JSON received.' });
}
