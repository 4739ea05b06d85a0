import { once } from 'node:events';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { REQUEST_LIMITS, type RequestLimits } from '../../api/deps.ts';
import { openApiClient, type ApiClient } from './api-client.ts';

const open: ApiClient[] = [];
const lines: Line[] = [];
afterEach(async () => {
  for (const { socket } of lines.splice(0)) socket.destroy();
  for (const apiClient of open.splice(0)) await apiClient.close();
});

/** An office that listens, with limits of its own, and the way to open a line to it. */
async function listening(limits: Partial<RequestLimits>) {
  const apiClient = await openApiClient({
    limits: { ...REQUEST_LIMITS, ...limits },
    trustProxy: ['127.0.0.1'],
  });
  open.push(apiClient);
  await apiClient.app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = apiClient.app.server.address() as AddressInfo;
  return { apiClient, say: (text: string) => say(port, text) };
}

interface Line {
  socket: Socket;
  /** Everything that was answered until the line was closed. */
  closed: Promise<string>;
  /** The status of the first answer. */
  status: Promise<number>;
}

/** Opens a connection and says something on it. */
function say(port: number, text: string): Line {
  const socket = connect(port, '127.0.0.1');
  let heard = '';
  const first = new Promise<number>((resolve, reject) => {
    socket.on('data', (chunk: Buffer) => {
      heard += chunk.toString();
      const status = /^HTTP\/1.1 (\d{3})/.exec(heard)?.[1];
      if (status) resolve(Number(status));
    });
    socket.once('close', () => reject(new Error('closed without an answer')));
  });
  first.catch(() => undefined);
  // A line cut while the other side still writes ends with an error on this side: that is meant.
  socket.on('error', () => undefined);
  const closed = once(socket, 'close').then(() => heard);
  socket.write(text);
  const line = { socket, closed, status: first };
  lines.push(line);
  return line;
}

/** The beginning of a request that promises more of a body than it holds. */
function begun(method: string, path: string, headers: Record<string, string> = {}, length = 1000) {
  const all = { host: 'levy.test', 'content-length': String(length), ...headers };
  const head = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${path} HTTP/1.1\r\n${head.join('')}\r\n{"begun":`;
}

const JSON_TYPE = { 'content-type': 'application/json' };
const FORM_TYPE = { 'content-type': 'application/x-www-form-urlencoded' };

describe('a body that does not come', () => {
  let apiClient: ApiClient;
  let begin: (text: string) => Line;
  beforeAll(async () => {
    ({ apiClient, say: begin } = await listening({ bodyMs: 400 }));
    open.pop();
  });
  afterAll(() => apiClient.close());

  it.each([
    ['on the route for Stripe', 'POST', '/webhooks/stripe', JSON_TYPE, 408],
    ['on the sign-in page', 'POST', '/console/sign-in', FORM_TYPE, 408],
    ['on a page to give a card', 'POST', '/fee/x/card', FORM_TYPE, 408],
    ['on a route there is not', 'POST', '/nothing', JSON_TYPE, 404],
    ['on a route that knows other methods', 'PUT', '/webhooks/stripe', JSON_TYPE, 405],
    ['in the console', 'POST', '/console/nothing', FORM_TYPE, 404],
    ['on a route that needs a token', 'POST', '/v1/assessments', JSON_TYPE, 401],
    ['on an upload without a token', 'PUT', '/v1/clinicians', JSON_TYPE, 401],
    ['on the queues', 'PUT', '/queues/api/queues/charge/pause', JSON_TYPE, 401],
    ['with a page', 'GET', '/healthz', {}, 200],
  ])('%s ends the connection', async (_, method, path, headers, status) => {
    const line = begin(begun(method, path, headers));
    expect(await line.status).toBe(status);
    expect(await line.closed).not.toBe('');
  });

  it('ends the connection also when it drips', async () => {
    const line = begin(begun('POST', '/webhooks/stripe', JSON_TYPE, 100_000));
    const drip = setInterval(() => line.socket.write('1'), 20);
    expect(await line.closed).toContain('too_slow');
    clearInterval(drip);
  });

  it('ends the connection when it comes in chunks without an end', async () => {
    const chunked = { ...JSON_TYPE, 'transfer-encoding': 'chunked' };
    const text = begun('POST', '/webhooks/stripe', chunked).replace('content-length: 1000\r\n', '');
    expect(await begin(text.replace('{"begun":', '3\r\n{"a\r\n')).closed).toContain('too_slow');
  });

  it('of a known caller ends the connection where no file is expected', async () => {
    const authorization = `Bearer ${apiClient.tokens.all}`;
    const line = begin(begun('POST', '/v1/assessments', { ...JSON_TYPE, authorization }));
    expect(await line.status).toBe(408);
    expect(await line.closed).toContain('too_slow');
  });

  it.each([
    ['a roster', 'PUT', '/v1/clinicians?vendor=theranest', 'text/csv', 'ref,name\nA1,', 200],
    ['usage', 'POST', '/v1/imports', 'text/csv', 'Date of Service,Clinician\n2026-03-01,', 201],
    ['a report', 'POST', '/v1/mail-reports', 'message/rfc822', 'Subject: x\r\n\r\n', 200],
  ])(
    'of a known caller who uploads %s is waited for',
    async (_, method, path, type, text, status) => {
      const rest = 'Ann Lee\n';
      const length = String(text.length + rest.length);
      const upload = begin(
        `${method} ${path} HTTP/1.1\r\nhost: levy.test\r\ncontent-type: ${type}\r\n` +
          `content-length: ${length}\r\n` +
          `authorization: Bearer ${apiClient.tokens.all}\r\n\r\n${text}`,
      );
      // Begun later and ended before: the time is over, and the upload goes on.
      await begin(begun('POST', '/webhooks/stripe', JSON_TYPE)).closed;
      await begin(begun('POST', '/webhooks/stripe', JSON_TYPE)).closed;
      upload.socket.write(rest);
      expect(await upload.status).toBe(status);
    },
  );
});

it('a body is not waited for before a stranger is refused', async () => {
  const { say } = await listening({ bodyMs: 3_600_000 });
  for (const [path, status] of [
    ['/nothing', 404],
    ['/v1/assessments', 401],
    ['/v1/imports', 401],
  ] as const)
    expect(await say(begun('POST', path, JSON_TYPE)).status).toBe(status);
});

describe('headers that do not come', () => {
  it.each([
    ['at all', ''],
    ['to an end', 'GET /healthz HTTP/1.1\r\nhost: levy.test\r\nx-more: '],
  ])('%s end the connection', async (_, text) => {
    const { say } = await listening({ headersMs: 200 });
    expect(await say(text).closed).toMatch(/^HTTP\/1.1 408 .*too_slow/s);
  });
});

describe('bodies of strangers', () => {
  const hold = (address: string) =>
    begun('POST', '/webhooks/stripe', { ...JSON_TYPE, 'x-forwarded-for': address });
  const whole = (address: string) =>
    hold(address).replace('content-length: 1000', 'content-length: 9');

  it('are read so many at once, and the next is told to come again', async () => {
    const { say } = await listening({ openBodies: 3 });
    const held = [1, 2, 3].map((n) => say(hold(`10.0.0.${n}`)));
    const full = async () => say(whole('10.0.0.9')).status;
    await expect.poll(full).toBe(503);
    const refused = say(whole('10.0.0.9').replace('\r\n\r\n', '\r\nconnection: close\r\n\r\n'));
    expect(await refused.closed).toMatch(/retry-after: \d.*"code":"too_busy"/is);
    held[0]?.socket.destroy();
    await expect.poll(full).toBe(400);
  });

  it('are read so many at once of one address', async () => {
    const { say } = await listening({ openBodiesPerAddress: 1 });
    say(hold('10.0.0.1'));
    await expect.poll(async () => say(whole('10.0.0.1')).status).toBe(503);
    expect(await say(whole('10.0.0.2')).status).toBe(400);
  });

  it('do not keep known callers out', async () => {
    const { apiClient, say } = await listening({ openBodies: 1 });
    say(hold('10.0.0.1'));
    await expect.poll(async () => say(whole('10.0.0.9')).status).toBe(503);
    const body = { vendor: 'theranest', year: 2026 };
    expect((await apiClient.ask('POST', '/v1/assessments', { body })).status).toBe(201);
  });

  it('give their places back when they have been answered', async () => {
    const { say } = await listening({ openBodies: 2 });
    for (let n = 0; n < 5; n += 1) expect(await say(whole('10.0.0.1')).status).toBe(400);
  });
});

describe('events', () => {
  it('of one address are counted, those of another are not', async () => {
    const { apiClient } = await listening({ events: 5 });
    const send = (address: string) =>
      apiClient.ask('POST', '/webhooks/stripe', {
        token: null,
        body: {},
        headers: { 'x-forwarded-for': address },
      });
    for (let n = 0; n < 5; n += 1) expect((await send('10.0.0.1')).code).toBe('bad_signature');
    const stopped = await send('10.0.0.1');
    expect(stopped).toMatchObject({ status: 429, code: 'rate_limited' });
    expect(Number(stopped.headers['retry-after'])).toBeLessThanOrEqual(10);
    expect((await send('10.0.0.2')).code).toBe('bad_signature');
  });
});

it('no more connections are taken than that', async () => {
  const { say } = await listening({ connections: 2 });
  const request = 'GET /healthz HTTP/1.1\r\nhost: levy.test\r\n\r\n';
  const held = [say(request), say(request)];
  for (const line of held) expect(await line.status).toBe(200);
  expect(await say(request).closed).toBe('');
  held[0]?.socket.destroy();
  await expect.poll(async () => say(request).status.catch(() => 0)).toBe(200);
});
