/**
 * Stripe's error answers: one function per kind, each giving the HTTP status and the error body the
 * library maps to its own classes (400/404 invalid request, 401, 402 card, 409, 429, 500).
 */

/** The body of an error as Stripe writes it; fields that do not apply are absent, never null. */
export interface ErrorBody {
  type: 'api_error' | 'card_error' | 'idempotency_error' | 'invalid_request_error';
  message: string;
  code?: string;
  param?: string;
  doc_url?: string;
  [field: string]: unknown;
}

/** A refusal of a request: thrown by handlers, turned into an HTTP answer by the server. */
export class StripeFailure extends Error {
  readonly status: number;
  readonly body: ErrorBody;
  readonly headers: Record<string, string>;

  constructor(status: number, body: ErrorBody, headers: Record<string, string> = {}) {
    super(body.message);
    this.status = status;
    this.body = body.code ? { ...body, doc_url: docUrl(body.code) } : body;
    this.headers = headers;
  }
}

/** 400: the request makes no sense as sent. `param` names the field at fault. */
export function invalidRequest(
  message: string,
  details: { code?: string; param?: string; [field: string]: unknown } = {},
): StripeFailure {
  return new StripeFailure(400, { type: 'invalid_request_error', message, ...details });
}

/**
 * `resource_missing`: 404 when the id stood in the path, 400 when it came as a parameter.
 * `kind` is the object's name in words, e.g. `payment_intent`.
 */
export function noSuch(kind: string, id: string, param: string, status = 400): StripeFailure {
  return new StripeFailure(status, {
    type: 'invalid_request_error',
    code: 'resource_missing',
    message: `No such ${kind}: '${id}'`,
    param,
  });
}

/** 400: a parameter that Stripe does not know at this endpoint. */
export function unknownParameter(param: string, hint = ''): StripeFailure {
  return invalidRequest(`Received unknown parameter: ${param}${hint}`, {
    code: 'parameter_unknown',
    param,
  });
}

/** 400: a required parameter that is not there. */
export function missingParameter(param: string): StripeFailure {
  return invalidRequest(`Missing required param: ${param}.`, { code: 'parameter_missing', param });
}

/** 400: real Stripe would do this, the sandbox does not. No such code exists at Stripe. */
export function notSimulated(what: string, param?: string): StripeFailure {
  return invalidRequest(`The sandbox Stripe does not simulate ${what}.`, {
    code: 'sandbox_not_simulated',
    ...(param ? { param } : {}),
  });
}

/** 401: no key, or not a test key. */
export function notAuthenticated(message: string): StripeFailure {
  return new StripeFailure(401, { type: 'invalid_request_error', message });
}

/** 429: too many requests; the header says which limit was hit. */
export function rateLimited(reason: 'global-rate' | 'endpoint-rate'): StripeFailure {
  return new StripeFailure(
    429,
    {
      type: 'invalid_request_error',
      code: 'rate_limit',
      message: 'Too many requests reached the API too quickly. Slow down and try again.',
    },
    { 'stripe-rate-limited-reason': reason },
  );
}

/** 429: another request holds the object. Stripe advises libraries to retry this one. */
export function lockTimeout(): StripeFailure {
  return new StripeFailure(
    429,
    {
      type: 'invalid_request_error',
      code: 'lock_timeout',
      message: 'Another request is using this object right now. Try again in a moment.',
    },
    { 'stripe-rate-limited-reason': 'resource-specific', 'stripe-should-retry': 'true' },
  );
}

/** 409: the first request under this idempotency key has not answered yet. */
export function keyInUse(key: string): StripeFailure {
  return new StripeFailure(409, {
    type: 'idempotency_error',
    code: 'idempotency_key_in_use',
    message: `A request with the idempotency key ${key} is still in progress. Try again later.`,
  });
}

/** 400: the key was used before for another request. */
export function keyMismatch(key: string): StripeFailure {
  return new StripeFailure(400, {
    type: 'idempotency_error',
    message:
      `The idempotency key ${key} was first used with other parameters or another endpoint. ` +
      'Use a new key for a new request.',
  });
}

/** 500: Stripe's own trouble; what became of the work is not said. */
export function internalError(): StripeFailure {
  return new StripeFailure(500, {
    type: 'api_error',
    message: 'Something went wrong on the side of the (sandbox) Stripe.',
  });
}

/** Stripe links each error code to its own page, the code written with dashes. */
export function docUrl(code: string): string {
  return `https://stripe.com/docs/error-codes/${code.replaceAll('_', '-')}`;
}
