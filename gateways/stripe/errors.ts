import Stripe from 'stripe';
import { PaymentsRefused, PaymentsUnavailable } from '../payments.ts';
import { refusalOf } from './reading.ts';

/** The reasons of `PaymentsUnavailable` that mean only: the requests came too fast. */
export const SLOW_DOWN = new Set([
  'conflict',
  'rate_limit',
  'lock_timeout',
  'idempotency_key_in_use',
  'payment_intent_rate_limit_exceeded',
]);

/**
 * Translates Stripe's errors into ours, by status and code, never by class: a 409 arrives as a
 * plain StripeAPIError. An error that did not come from Stripe is returned unchanged.
 */
export function errorOf(error: unknown): unknown {
  if (!(error instanceof Stripe.errors.StripeError)) return error;
  const { statusCode: status } = error;
  if (status === undefined) return unanswered(error);
  const code = codeOf(error);
  // 424 is Stripe's status for a failure behind it: as with a 5xx, the outcome is not known.
  if (status >= 500 || status === 424)
    return new PaymentsUnavailable('server_error', retryAfter(error), true, isKept(error));
  if (status === 409 || status === 429 || SLOW_DOWN.has(code)) {
    const why = SLOW_DOWN.has(code) ? code : status === 409 ? 'conflict' : 'rate_limit';
    return new PaymentsUnavailable(why, retryAfter(error), status === 409);
  }
  const refusal = status === 402 ? refusalOf(error, null) : null;
  return new PaymentsRefused(code, status, word(error.param), refusal);
}

/** The reason when a request was not sent: after its wait, Stripe may have forgotten its key. */
export const TOO_LATE = 'too_late';

/** The error when a request was not sent, so that nothing happened. */
export function tooLate(): PaymentsUnavailable {
  return new PaymentsUnavailable(TOO_LATE, null, false);
}

/** Whether Stripe refused the request because of the intent's state. */
export function isWrongState(error: unknown): boolean {
  return (
    error instanceof PaymentsRefused &&
    (error.code === 'payment_intent_unexpected_state' || error.code === 'intent_invalid_state')
  );
}

/** The HTTP status of an error from the library; null when there was no answer. */
export function statusOf(error: unknown): number | null {
  return error instanceof Stripe.errors.StripeError ? (error.statusCode ?? null) : null;
}

/** Failures to connect: the request was never sent. */
const NEVER_SENT = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH']);

function unanswered(error: Stripe.errors.StripeError): PaymentsUnavailable {
  if (!(error instanceof Stripe.errors.StripeConnectionError))
    return new PaymentsUnavailable('unreadable_answer', null, true);
  const cause: unknown = error.detail;
  const code = cause && typeof cause === 'object' && 'code' in cause ? String(cause.code) : '';
  // After a closed connection the library sends once more by itself and says so in its message. The
  // first request may then have arrived, although the second connection was refused.
  const once = !/retried/.test(error.message);
  const reached = !(once && NEVER_SENT.has(code));
  return new PaymentsUnavailable(code === 'ETIMEDOUT' ? 'timeout' : 'connection', null, reached);
}

function codeOf(error: Stripe.errors.StripeError): string {
  if (error.statusCode === 401) return word(error.code) ?? 'invalid_api_key';
  if (error.statusCode === 403) return word(error.code) ?? 'not_permitted';
  return word(error.code) ?? word(error.rawType) ?? 'unknown';
}

/** Only code-like words leave this file: Stripe's texts may repeat data of ours. */
function word(text: string | undefined): string | null {
  return text && /^[A-Za-z0-9_.[\]]{1,80}$/.test(text) ? text : null;
}

function isKept(error: Stripe.errors.StripeError): boolean {
  return error.headers?.['idempotent-replayed'] === 'true';
}

function retryAfter(error: Stripe.errors.StripeError): number | null {
  const seconds = Number(error.headers?.['retry-after']);
  return Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : null;
}
