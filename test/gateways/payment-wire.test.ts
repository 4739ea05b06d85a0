import http from 'node:http';
import { afterEach, describe, expect, test } from 'vitest';
import { PaymentsRefused } from '../../gateways/payments.ts';
import { createPayments, createStripe } from '../../gateways/stripe/client.ts';
import type { CallOptions, CallReport } from '../../gateways/stripe/calls.ts';

type Handler = (request: http.IncomingMessage, response: http.ServerResponse) => void;

const open: http.Server[] = [];
afterEach(() => {
  for (const server of open.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

/** Our gateway talking to a server that answers with whatever a test wants. */
async function against(handler: Handler, options: CallOptions = {}, timeoutMs = 2000) {
  const server = http.createServer(handler);
  open.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const apiBase = `http://127.0.0.1:${port}`;
  const stripe = createStripe({ secretKey: 'sk_test_levy', apiBase, timeoutMs });
  return createPayments(stripe, options);
}

/** Answers every call alike. */
function always(status: number, body: unknown, headers: http.OutgoingHttpHeaders = {}): Handler {
  return (_request, response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  };
}

/** As much of an intent as every answer of Stripe's about one has. */
const INTENT = { id: 'pi_1', metadata: {}, customer: 'cus_1', cancellation_reason: null };

const CONFIRM = { intent: 'pi_1', paymentMethod: 'pm_1', key: 'levy-attempt-f-1' };

describe('an answer', () => {
  test('of 429 hands on how long Stripe asked to wait', async () => {
    const error = { type: 'invalid_request_error', code: 'rate_limit', message: 'slow' };
    const payments = await against(always(429, { error }, { 'retry-after': '7' }));
    expect(await payments.confirmIntent(CONFIRM)).toEqual({
      outcome: 'slow_down',
      why: 'rate_limit',
      afterMs: 7000,
    });
  });

  test.each([
    [{ code: 'lock_timeout' }, 'lock_timeout'],
    [{}, 'conflict'],
  ])('of 409 with %j is a slow-down whatever its class in the library', async (more, why) => {
    const error = { type: 'api_error', message: 'locked', ...more };
    const payments = await against(always(409, { error }));
    expect(await payments.confirmIntent(CONFIRM)).toMatchObject({ outcome: 'slow_down', why });
  });

  test('that is not JSON leaves the outcome unknown', async () => {
    const payments = await against(always(200, '<html>a proxy was here</html>'));
    expect(await payments.confirmIntent(CONFIRM)).toEqual({
      outcome: 'unknown',
      why: 'unreadable_answer',
    });
  });

  test('of 424, a failure behind Stripe, leaves the outcome unknown', async () => {
    const error = { type: 'api_error', message: 'behind' };
    const payments = await against(always(424, { error }));
    expect(await payments.confirmIntent(CONFIRM)).toMatchObject({ outcome: 'unknown' });
  });

  test('that wants the cardholder counts as declined', async () => {
    const payments = await against(always(200, { ...INTENT, status: 'requires_action' }));
    expect(await payments.confirmIntent(CONFIRM)).toMatchObject({
      outcome: 'declined',
      refusal: { code: 'authentication_required' },
    });
  });

  test.each([
    [401, {}, 'invalid_api_key'],
    [401, { code: 'api_key_expired' }, 'api_key_expired'],
    [403, {}, 'not_permitted'],
    [400, { code: 'amount_too_small' }, 'amount_too_small'],
  ])('of %d with %j is our mistake and no decline', async (status, more, code) => {
    const error = { type: 'invalid_request_error', message: 'no', ...more };
    const payments = await against((request, response) => {
      const isCard = request.url?.startsWith('/v1/payment_methods') ?? false;
      const card = { id: 'pm_1', customer: 'cus_1' };
      always(isCard ? 200 : status, isCard ? card : { error })(request, response);
    });
    expect(await payments.confirmIntent(CONFIRM)).toEqual({ outcome: 'refused_request', code });
    await expect(payments.readIntent('pi_1')).rejects.toMatchObject({ code, status });
  });

  test('that trickles in for ever ends at the deadline', async () => {
    const timers: NodeJS.Timeout[] = [];
    const payments = await against(
      (_request, response) => {
        response.writeHead(200, { 'content-type': 'application/json' });
        timers.push(setInterval(() => response.write(' '), 20));
      },
      { deadlineMs: 150 },
    );
    const answer = await payments.confirmIntent(CONFIRM);
    timers.forEach((timer) => clearInterval(timer));
    expect(answer).toEqual({ outcome: 'unknown', why: 'timeout' });
  });

  test('that repeats names or numbers never gets them into our errors', async () => {
    const secret = 'Dana Canary dana@canary.example 4242424242424242';
    const error = { type: 'invalid_request_error', code: secret, param: secret, message: secret };
    const payments = await against(always(400, { error }));
    const thrown: unknown = await payments.readIntent('pi_1').catch((caught: unknown) => caught);
    expect(thrown).toBeInstanceOf(PaymentsRefused);
    const { message, stack } = thrown as Error;
    const seen = JSON.stringify([thrown, message, stack]);
    expect(seen).not.toMatch(/canary|4242424242424242/i);
    expect((thrown as Error).cause).toBeUndefined();
  });
});

describe('a call', () => {
  test('to confirm names the card and says that the cardholder is away', async () => {
    let body = '';
    const payments = await against((request, response) => {
      request.on('data', (chunk) => (body += String(chunk)));
      request.on('end', () => always(200, { ...INTENT, status: 'processing' })(request, response));
    });
    await payments.confirmIntent(CONFIRM);
    const sent = new URLSearchParams(body);
    expect(sent.get('payment_method')).toBe('pm_1');
    expect(sent.get('off_session')).toBe('true');
    expect([...sent.keys()].sort()).toEqual(['expand[0]', 'off_session', 'payment_method']);
  });

  test('for more refunds than come with the charge asks for the rest', async () => {
    const refund = (id: string) => ({ id, amount: 100, status: 'succeeded' });
    const payments = await against((request, response) => {
      const charge = { id: 'ch_1', refunds: { has_more: true, data: [refund('re_9')] } };
      const intent = { ...INTENT, status: 'succeeded', amount_received: 1950 };
      const isList = request.url?.startsWith('/v1/refunds');
      const rest = request.url?.includes('starting_after=re_9') ? ['re_8'] : ['re_9'];
      const list = { data: rest.map(refund), has_more: rest[0] === 're_9' };
      always(200, isList ? list : { ...intent, latest_charge: charge })(request, response);
    });
    const { refunds } = await payments.readIntent('pi_1');
    expect(refunds.map((one) => one.refund)).toEqual(['re_9', 're_8']);
  });

  test('carries our key, the pinned version, and no telemetry', async () => {
    const seen: http.IncomingHttpHeaders[] = [];
    const payments = await against((request, response) => {
      seen.push(request.headers);
      // With a request id in the answer, telemetry would ride on the next call.
      const answer = { ...INTENT, status: 'processing' };
      always(200, answer, { 'request-id': 'req_1' })(request, response);
    });
    await payments.confirmIntent(CONFIRM);
    await payments.readIntent('pi_1');
    expect(seen[0]).toMatchObject({
      'idempotency-key': 'levy-attempt-f-1',
      // Ours, whatever version the library was made for.
      'stripe-version': '2026-10-28.endive',
    });
    expect(seen.map((headers) => headers['x-stripe-client-telemetry'])).toEqual([
      undefined,
      undefined,
    ]);
  });

  test('is reported with its route, its time and its status', async () => {
    const reports: CallReport[] = [];
    const answers = [200, 402, 500];
    const payments = await against(
      (request, response) => {
        const error = { type: 'card_error', code: 'card_declined', message: 'no' };
        const status = answers.shift() ?? 200;
        const body = status === 200 ? { ...INTENT, status: 'succeeded' } : { error };
        always(status, body)(request, response);
      },
      { onCall: (report) => reports.push(report) },
    );
    await payments.readIntent('pi_1');
    await payments.readIntent('pi_1').catch(() => null);
    await payments.readIntent('pi_1').catch(() => null);
    expect(reports.map((report) => report.status)).toEqual([200, 402, 500]);
    expect(new Set(reports.map((report) => report.route))).toEqual(
      new Set(['GET /v1/payment_intents/:id']),
    );
    expect(reports.every((report) => report.ms > 0)).toBe(true);
  });
});

test.each(['127.0.0.1:4242', 'ftp://127.0.0.1', 'http://127.0.0.1/v1', 'nonsense', 'http://a@b'])(
  'an API base like %s is refused with what to write instead',
  (apiBase) => {
    expect(() => createStripe({ secretKey: 'sk_test_levy', apiBase })).toThrow(
      /http:\/\/127\.0\.0\.1:4242/,
    );
  },
);
