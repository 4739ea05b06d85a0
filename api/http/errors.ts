import { errorFacts } from '../../core/error-facts.ts';
import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { isUnavailable } from '../../ledger/connect-retry.ts';

/**
 * Every error a caller may get: its stable code, HTTP status, what was wrong and what to do. Codes
 * are part of the interface: new ones may be added, and none changes its meaning.
 */
export const ERRORS = {
  invalid_request: [400, 'The request does not fit its schema.', 'See details, and /docs.'],
  invalid_json: [400, 'The body is not valid JSON.', 'Send one JSON object as UTF-8.'],
  invalid_http: [400, 'This is no HTTP request.', 'Check what sends it, and its headers.'],
  invalid_url: [400, 'The address cannot be decoded.', 'Percent-encode it as UTF-8.'],
  empty_body: [400, 'The body is empty.', 'Send the file as the body of the request.'],
  invalid_roster: [400, 'This is not a roster.', 'Send CSV with a header line, NDJSON or JSON.'],
  truncated_upload: [400, 'The upload ended too early.', 'Nothing was kept: send it again.'],
  bad_signature: [400, 'The signature is not ours.', 'Check STRIPE_WEBHOOK_SECRETS.'],
  stale_event: [400, 'The event was signed too long ago.', 'Check the clock of this machine.'],
  malformed_event: [400, 'The event cannot be read.', 'Send events as Stripe does.'],
  wrong_mode: [400, 'The event is of the other mode.', 'Keep test and live endpoints apart.'],
  no_token: [401, 'A token is needed.', 'Send Authorization: Bearer TOKEN, or sign in.'],
  wrong_sign_in: [
    401,
    'The e-mail or the password is not right.',
    'Try again. A colleague who may approve can make you a link for a new password.',
  ],
  wrong_code: [
    401,
    'This code is wrong, or it was used before.',
    'Wait for the next code of your app, or use one of your recovery codes.',
  ],
  sign_in_expired: [401, 'The sign-in took too long.', 'Begin it again.'],
  wrong_token: [401, 'The token is wrong or revoked.', 'Ask for a new one.'],
  missing_scope: [403, 'This key may not do that.', 'Use a key with the scope in details.'],
  authenticator_needed: [
    403,
    'Approving needs an authenticator app.',
    'Set one up on your own page in the console.',
  ],
  other_site: [403, 'The request comes from another site.', 'Use the console, or a token.'],
  not_found: [404, 'There is no such thing.', 'Check the address and the id.'],
  wrong_method: [405, 'This address knows other methods.', 'See the Allow header.'],
  too_slow: [408, 'The request did not arrive in time.', 'Send it again on a faster line.'],
  vendor_taken: [409, 'There is an EHR of this name.', 'It is in the list.'],
  name_taken: [409, 'Somebody or something has, or had, this name.', 'Choose another name.'],
  email_taken: [
    409,
    'A colleague has this e-mail.',
    'See the list: a new link lets them in again.',
  ],
  last_key: [409, 'Nobody else may approve.', 'Let somebody else approve first.'],
  needs_person: [
    409,
    'Two people must approve, and this key belongs to nobody in particular.',
    'Sign in as yourself, or use a key that you made.',
  ],
  two_approvers: [
    409,
    'Two people must approve, so nothing is approved automatically.',
    'Open it without autoApprove.',
  ],
  stale_roster: [409, 'The roster has changed.', 'Look at it again and approve its new hash.'],
  not_looked_at: [409, 'Some clinicians are not looked at yet.', 'Wait for detection to end.'],
  rate_is_forecast: [409, 'The rate is a forecast.', 'Confirm it with PUT /v1/rates.'],
  already_paused: [409, 'The assessment is paused already.', 'Resume it to go on.'],
  not_paused: [409, 'The assessment is not paused.', 'There is nothing to resume.'],
  nothing_to_decide: [409, 'The evidence says so already.', 'See GET /v1/evidence/weak.'],
  duplicate_invoice: [409, 'An invoice of this number is entered already.', 'See details.'],
  same_invoice: [409, 'Another invoice has the same lines.', 'Check it, then confirm it anyway.'],
  not_replaceable: [409, 'The invoice to be replaced does not stand.', 'Enter it anew.'],
  already_confirmed: [409, 'The invoice is confirmed, and never changes.', 'Enter a credit note.'],
  not_standing: [409, 'The invoice does not stand.', 'There is nothing to void.'],
  total_differs: [409, 'The lines are not the total of the invoice.', 'Correct one of them.'],
  already_matched: [409, 'The line means somebody already.', 'Enter a replacement of the invoice.'],
  stale_match: [409, 'The facts have changed since you saw them.', 'Look at them again.'],
  stale_move: [409, 'The move does something else than was shown.', 'Look at it again.'],
  not_offered: [409, 'This cannot be decided about this difference.', 'See what is offered.'],
  name_contradicted: [
    409,
    'The NPI beside this name is another person’s.',
    'Correct the NPI on the roster first, or choose whose NPI it is.',
  ],
  already_settled: [409, 'The fee is settled.', 'See its story.'],
  not_assessed: [409, 'Nothing is owed.', 'See its story.'],
  already_held: [409, 'The fee is held.', 'Release it first.'],
  not_held: [409, 'The fee is not held.', 'There is nothing to release.'],
  not_retryable: [409, 'The fee cannot be tried again.', 'See its story.'],
  not_noticed: [409, 'No notice of the fee stands that could come back.', 'See its story.'],
  not_paid: [409, 'Nothing was paid.', 'See its story.'],
  bulk_act_state: [
    409,
    'The act is not in a state in which this can be done, or its preview is more than a day old.',
    'Look at it again, or preview it anew.',
  ],
  no_objection: [409, 'No objection waits for an answer.', 'See its story.'],
  no_card_needed: [409, 'No other card is wanted for the fee.', 'See its story.'],
  under_way: [409, 'Something is under way already.', 'Wait for it to end.'],
  no_customer: [
    409,
    'The clinician has neither a Stripe customer nor an e-mail.',
    'Add one of them to the roster.',
  ],
  ledger_refused: [409, 'The ledger does not allow this.', 'See the story of the fee.'],
  request_running: [409, 'The same request is still running.', 'Wait, then send it again.'],
  too_large: [413, 'The body is too large.', 'Send it in parts.'],
  too_many_rows: [413, 'The roster has too many rows.', 'Send it in parts of 100,000 rows.'],
  unsupported_type: [415, 'The content type is not known here.', 'See /docs.'],
  unsupported_encoding: [415, 'Compressed bodies are not read.', 'Send the file as it is.'],
  not_a_usage_file: [415, 'This is no file of usage records.', 'Send X12, FHIR, CSV or text.'],
  wrong_selection: [422, 'The selection of fees cannot be read.', 'See POST /v1/bulk-acts.'],
  why_needed: [422, 'This act needs a reason.', 'Write one; it stands in the story of each fee.'],
  key_reused: [422, 'The Idempotency-Key was used otherwise.', 'Use a new key per request.'],
  day_to_come: [422, 'The day of the move has not come yet.', 'Enter the move on that day.'],
  unknown_vendor: [422, 'There is no such vendor.', 'See GET /v1/vendors.'],
  unknown_clinician: [422, 'Nobody on the roster has this reference.', 'See the roster.'],
  unknown_year: [422, 'There is no rate for this year.', 'Enter it with PUT /v1/rates.'],
  vendor_does_not_levy: [422, 'This vendor levies no fee.', 'There is nothing to assess.'],
  roster_looks_shifted: [
    422,
    'Most customers have another e-mail at Stripe than in their row. Nothing was written.',
    'Look for a shifted column. If all is right, send it again with check=none.',
  ],
  rate_limited: [429, 'Too many requests.', 'Wait as long as Retry-After says.'],
  internal: [500, 'Something went wrong here.', 'Name the request id to whoever runs this.'],
  payments_refused: [502, 'Stripe refused the question.', 'Check STRIPE_SECRET_KEY.'],
  too_busy: [503, 'Too many requests are open.', 'Wait as long as Retry-After says.'],
  not_ready: [503, 'The database or the queue is away.', 'Try again in some seconds.'],
  payments_unavailable: [503, 'Stripe cannot be asked now.', 'Try again in some seconds.'],
} as const satisfies Record<string, readonly [number, string, string]>;

export type ErrorCode = keyof typeof ERRORS;

/** Additions to the code. `details` names fields, lines and ids, never content. */
export interface Said {
  message?: string;
  help?: string;
  details?: unknown;
  retryAfterSeconds?: number;
}

/** An error on its way to the caller. */
export class Problem extends Error {
  override readonly name = 'Problem';
  readonly code: ErrorCode;
  readonly said: Said;

  constructor(code: ErrorCode, said: Said) {
    super(said.message ?? ERRORS[code][1]);
    this.code = code;
    this.said = said;
  }
}

/** An error to throw: `throw problem('not_found')`. */
export function problem(code: ErrorCode, said: Said = {}): Problem {
  return new Problem(code, said);
}

/** The one shape of an error's body. */
export const ErrorBody = Type.Object(
  {
    error: Type.Object({
      code: Type.String({ description: 'Stable; see the table in the documentation.' }),
      message: Type.String({ description: 'What was wrong.' }),
      help: Type.String({ description: 'What to do.' }),
      requestId: Type.String(),
      details: Type.Optional(Type.Unknown()),
    }),
  },
  { title: 'Error' },
);

/** Answers every error of the API in the one shape. */
export function installErrors(app: FastifyInstance): void {
  app.setErrorHandler((error: FastifyError, request, reply) => answer(error, request, reply));
}

/** Answers an error in the one shape. An error of our own is logged, without its message. */
export function answer(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { code, said } = asProblem(error);
  const [status, message, help] = ERRORS[code];
  // In a flood of requests `too_busy` is counted by its answers and not logged again.
  if (status >= 500 && code !== 'too_busy')
    request.log[status === 500 ? 'error' : 'warn'](errorFacts(error), code);
  const wait = said.retryAfterSeconds ?? (status === 503 ? 5 : undefined);
  if (wait !== undefined) void reply.header('retry-after', String(wait));
  if (status === 401) void reply.header('www-authenticate', 'Bearer realm="levy"');
  return reply
    .code(status)
    .type('application/json; charset=utf-8')
    .serializer((body: unknown) => JSON.stringify(body))
    .send({
      error: {
        code,
        message: said.message ?? message,
        help: said.help ?? help,
        requestId: request.id,
        ...(said.details === undefined ? {} : { details: said.details }),
      },
    });
}

/** Answers a request that cannot be parsed or came too slowly, and closes the connection. */
export function answerSocket(error: { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed || !socket.writable) return;
  const code = error.code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 'too_slow' : 'invalid_http';
  const [status, message, help] = ERRORS[code];
  const body = JSON.stringify({ error: { code, message, help, requestId: randomUUID() } });
  socket.write(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n` +
      'Content-Type: application/json; charset=utf-8\r\n' +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
  // `end` alone would leave the connection half open until the other side closes it too.
  socket.destroySoon();
}

/** Fastify's own refusals, in our words. */
const FRAMEWORK: Record<string, ErrorCode> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'too_large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupported_type',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'truncated_upload',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'empty_body',
  FST_ERR_CTP_INVALID_JSON_BODY: 'invalid_json',
  FST_ERR_BAD_URL: 'invalid_url',
  FST_ERR_MAX_PARAM_LENGTH: 'not_found',
  FST_ERR_NOT_FOUND: 'not_found',
};

/** SQLSTATEs of a database that is missing or not ready, and of a table not yet migrated. */
const NOT_YET = new Set(['3D000', '55000', '42P01']);

/** Any error as one of the table: an error that is not known to be the caller's is ours. */
export function asProblem(error: unknown): { code: ErrorCode; said: Said } {
  if (error instanceof Problem) return error;
  const { code, validation, name, statusCode } = error as Partial<FastifyError>;
  if (validation) return { code: 'invalid_request', said: { details: fields(error) } };
  const sqlState = /^[0-9A-Z]{5}$/.test(code ?? '') ? (code as string) : '';
  if (isUnavailable(error) || NOT_YET.has(sqlState)) return { code: 'not_ready', said: {} };
  if (name === 'PaymentsUnavailable') return { code: 'payments_unavailable', said: {} };
  if (name === 'PaymentsRefused')
    return code === 'resource_missing'
      ? { code: 'no_customer', said: { message: 'Stripe does not know the customer.' } }
      : { code: 'payments_refused', said: {} };
  // A value no column can hold. The schemas reject it; this is a second check.
  if (sqlState.startsWith('22')) return { code: 'invalid_request', said: {} };
  if (sqlState.startsWith('LV')) return { code: 'ledger_refused', said: {} };
  const known = FRAMEWORK[code ?? ''];
  if (known) return { code: known, said: {} };
  if (error instanceof SyntaxError && statusCode === 400) return { code: 'invalid_json', said: {} };
  if (statusCode && statusCode >= 400 && statusCode < 500)
    return { code: 'invalid_request', said: {} };
  return { code: 'internal', said: {} };
}

/** Which fields a schema refused, and why; never what they held. */
function fields(error: unknown): { in: string; path: string; message: string }[] {
  const { validation, validationContext } = error as FastifyError;
  return (validation ?? []).slice(0, 50).map((one) => ({
    in: validationContext ?? 'request',
    path: one.instancePath || '/',
    message: `${one.message ?? 'is not valid'}${named(one.params)}`,
  }));
}

function named(params: Record<string, unknown>): string {
  const { additionalProperties, requiredProperties, allowedValues } = params;
  const names = [additionalProperties, requiredProperties, allowedValues].find(Array.isArray);
  return names ? `: ${names.slice(0, 20).map(String).join(', ')}` : '';
}
