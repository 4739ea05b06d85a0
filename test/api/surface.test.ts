import { connect, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { REQUEST_LIMITS } from '../../api/deps.ts';
import { ERRORS } from '../../api/http/errors.ts';
import { openApiClient, type ApiClient } from './api-client.ts';

let apiClient: ApiClient;
beforeAll(async () => {
  apiClient = await openApiClient({
    limits: { ...REQUEST_LIMITS, perCaller: 40, perAddress: 30, failedLogins: 5 },
    publicUrl: 'https://levy.example',
    trustProxy: ['127.0.0.1'],
  });
});
afterAll(() => apiClient.close());

/** A request as if from somewhere else, so that one test does not use up the other's limit. */
const from = (address: string, headers: Record<string, string> = {}) => ({
  'x-forwarded-for': address,
  ...headers,
});
const anonymous = (url: string, address: string, headers?: Record<string, string>) =>
  apiClient.ask('GET', url, { token: null, headers: from(address, headers) });

describe('an error', () => {
  it('has one shape, a code of the table, and the id of its request', async () => {
    const answer = await anonymous('/v1/fees', '10.1.0.1', { 'x-request-id': 'mine-1' });
    expect(answer.json).toEqual({
      error: {
        code: 'no_token',
        message: ERRORS.no_token[1],
        help: ERRORS.no_token[2],
        requestId: 'mine-1',
      },
    });
    expect(answer.headers['x-request-id']).toBe('mine-1');
    expect(answer.headers['www-authenticate']).toBe('Bearer realm="levy"');
  });

  it('does not take over a request id that does not belong into a log', async () => {
    const answer = await anonymous('/v1/fees', '10.1.0.2', { 'x-request-id': 'a b{"x":1}' });
    expect(answer.json.error.requestId).toMatch(/^[0-9a-f-]{36}$/);
  });

  it.each([
    ['an address there is not', 'GET', '/nothing', 404, 'not_found'],
    ['a method the address does not know', 'DELETE', '/v1/fees', 405, 'wrong_method'],
    [
      'a method a longer address does not know',
      'PATCH',
      '/v1/rates/theranest/2026',
      405,
      'wrong_method',
    ],
    ['an address that cannot be decoded', 'GET', '/v1/fees/%zz', 400, 'invalid_url'],
    ['an endless parameter', 'GET', `/v1/fees/${'x'.repeat(400)}`, 404, 'not_found'],
  ] as const)('is given to %s', async (_, method, url, status, code) => {
    const answer = await apiClient.ask(method, url, { headers: from('10.1.0.3') });
    expect(answer).toMatchObject({ status, code });
    if (status === 405) expect(answer.headers.allow).toMatch(/GET/);
  });

  it.each([
    ['no JSON', '{', 'application/json', 400, 'invalid_json'],
    ['poisoned JSON', '{"__proto__":{"x":1}}', 'application/json', 400, 'invalid_json'],
    ['no object', '[]', 'application/json', 400, 'invalid_request'],
    ['nothing', '', 'application/json', 400, 'invalid_request'],
    ['XML', '<x/>', 'application/xml', 415, 'unsupported_type'],
    ['a nonsense type', '{}', 'x', 415, 'unsupported_type'],
    ['too much', JSON.stringify({ why: 'x'.repeat(70_000) }), 'application/json', 413, 'too_large'],
  ])('is given to a body of %s', async (_, body, type, status, code) => {
    const answer = await apiClient.ask('POST', '/v1/assessments', {
      token: apiClient.tokens.operate,
      body,
      headers: { ...from('10.1.0.4'), 'content-type': type },
    });
    expect(answer).toMatchObject({ status, code });
  });

  it('names the fields that were wrong, and not what they held', async () => {
    const answer = await apiClient.ask('POST', '/v1/assessments', {
      token: apiClient.tokens.operate,
      body: { vendor: 'Canary Vendor', year: 'canary', extra: 'canary' },
    });
    expect(answer.json.error.details).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ in: 'body', path: '/year', message: 'must be integer' }),
      ]),
    );
    expect(answer.text.toLowerCase()).not.toContain('canary');
    expect(answer.text).toContain('extra');
  });

  it('is given to what is no HTTP at all', async () => {
    await apiClient.app.listen({ host: '127.0.0.1', port: 0 });
    const { port } = apiClient.app.server.address() as AddressInfo;
    const socket = connect(port, '127.0.0.1');
    socket.write('NONSENSE\r\n\r\n');
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1.1 400 .*"code":"invalid_http"/s);
    socket.destroy();
  });
});

describe('every answer', () => {
  it('forbids a browser to do anything with it', async () => {
    const { headers } = await anonymous('/v1/fees', '10.2.0.1');
    expect(headers['content-security-policy']).toBe(
      "default-src 'none';base-uri 'none';form-action 'none';frame-ancestors 'none'",
    );
    expect(headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
      'strict-transport-security': expect.stringContaining('max-age=31536000'),
      'cache-control': 'no-store',
    });
    expect(headers['x-powered-by']).toBeUndefined();
  });

  it('of the documentation runs no script but its own', async () => {
    const page = await anonymous('/docs/', '10.2.0.2');
    expect(page.status).toBe(200);
    expect(page.headers['content-security-policy']).toContain("script-src 'self';");
    expect(page.text).not.toMatch(/<script(?![^>]*\bsrc=)[^>]*>/);
    const script = /src="([^"]*bundle\.js)"/.exec(page.text)?.[1];
    const address = new URL(script ?? '', 'http://x/docs/').pathname;
    expect((await anonymous(address, '10.2.0.2')).status).toBe(200);
  });
});

describe('the documentation', () => {
  it('describes every route of the API with its scope and its answers', async () => {
    const { json } = await anonymous('/docs/json', '10.3.0.1');
    expect(json.openapi).toBe('3.1.0');
    const routes = apiClient.app.knownRoutes.filter(({ url }) => url.startsWith('/v1/'));
    for (const { method, url } of routes.filter(({ method }) => method !== 'HEAD')) {
      const documented = json.paths[url.replace(/:(\w+)/g, '{$1}')]?.[method.toLowerCase()];
      expect(documented?.summary, `${method} ${url}`).toBeTruthy();
      expect(documented.security).toEqual([{ token: [] }]);
      expect(Object.keys(documented.responses)).toContain('4XX');
    }
    for (const code of Object.keys(ERRORS)) expect(json.info.description).toContain(`\`${code}\``);
  });
});

describe('limits', () => {
  it('stop a caller without a key after so many requests, and nobody else', async () => {
    const statuses: number[] = [];
    for (let n = 0; n < 35; n += 1) statuses.push((await anonymous('/v1/fees', '10.4.0.1')).status);
    expect(statuses.slice(0, 30).every((status) => status === 401)).toBe(true);
    expect(statuses.slice(30).every((status) => status === 429)).toBe(true);
    const stopped = await anonymous('/v1/fees', '10.4.0.1');
    expect(stopped.code).toBe('rate_limited');
    expect(Number(stopped.headers['retry-after'])).toBeGreaterThan(0);
    expect((await anonymous('/v1/fees', '10.4.0.2')).status).toBe(401);
    expect((await anonymous('/healthz', '10.4.0.1')).status).toBe(200);
  });

  it('stop a key, wherever it is used from, and no other key', async () => {
    const ask = (n: number, token: string) =>
      apiClient.ask('GET', '/v1/vendors', { token, headers: from(`10.5.0.${n}`) });
    const statuses: number[] = [];
    for (let n = 0; n < 45; n += 1) statuses.push((await ask(n, apiClient.tokens.read)).status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(40);
    expect(statuses.at(-1)).toBe(429);
    expect((await ask(1, apiClient.tokens.approve)).status).toBe(403);
  });

  it('stop guessing of tokens soon, and let the right one through all the same', async () => {
    const guess = () =>
      apiClient.ask('GET', '/v1/vendors', {
        token: `levy_r_${'x'.repeat(43)}`,
        headers: from('10.6.0.1'),
      });
    const codes: (string | undefined)[] = [];
    for (let n = 0; n < 7; n += 1) codes.push((await guess()).code);
    expect(codes).toEqual([
      ...Array<string>(5).fill('wrong_token'),
      'rate_limited',
      'rate_limited',
    ]);
    const right = { token: apiClient.tokens.all, headers: from('10.6.0.1') };
    expect((await apiClient.ask('GET', '/v1/vendors', right)).status).toBe(200);
  });

  it('stop guessing on the sign-in page as well', async () => {
    const statuses: number[] = [];
    for (let n = 0; n < 7; n += 1) {
      const answer = await apiClient.app.inject({
        method: 'POST',
        url: '/console/sign-in',
        headers: from('10.7.0.1', { 'content-type': 'application/x-www-form-urlencoded' }),
        payload: 'token=guess',
      });
      statuses.push(answer.statusCode);
    }
    expect(statuses).toEqual([401, 401, 401, 401, 401, 429, 429]);
  });
});

describe('an address in front', () => {
  it('is believed only from a proxy that is named', async () => {
    const far = await apiClient.app.inject({
      url: '/healthz',
      remoteAddress: '203.0.113.9',
      headers: from('10.8.0.1'),
    });
    expect(far.statusCode).toBe(200);
    const guess = (address: string) =>
      apiClient.app.inject({
        url: '/v1/vendors',
        remoteAddress: '203.0.113.9',
        headers: from(address, { authorization: 'Bearer wrong' }),
      });
    const statuses: number[] = [];
    for (let n = 0; n < 7; n += 1) statuses.push((await guess(`10.8.1.${n}`)).statusCode);
    expect(statuses.at(-1)).toBe(429);
  });
});
