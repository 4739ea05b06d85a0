import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLiveHub, type Listener } from '../../api/console/live/hub.ts';
import { createConsoleClient, HOST, type ConsoleClient, type Visitor } from './console-client.ts';

let consoleClient: ConsoleClient;
let reader: Visitor;
let base: string;
let closed = false;

beforeAll(async () => {
  consoleClient = await createConsoleClient();
  reader = await consoleClient.visitor('read');
  await consoleClient.app.listen({ host: '127.0.0.1', port: 0 });
  base = `http://127.0.0.1:${(consoleClient.app.server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  if (!closed) await consoleClient.close();
});

/** A topic as a browser listens to it: the markups, one after the other. */
async function listen(topic: string, headers = { ...HOST, cookie: reader.cookie }) {
  // A connection of its own: a pool would open others, and keep the server from closing.
  const request = get(`${base}/console/live/${topic}`, { headers, agent: false });
  const [answer] = (await once(request, 'response')) as [IncomingMessage];
  answer.on('error', () => undefined);
  request.on('error', () => undefined);
  return { answer, events: eventsOf(answer), stop: () => request.destroy() };
}

async function* eventsOf(body: IncomingMessage): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of body as AsyncIterable<Uint8Array>) {
    text += decoder.decode(chunk, { stream: true });
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const line = text.slice(0, end);
      text = text.slice(end + 2);
      if (line.startsWith('data: ')) yield JSON.parse(line.slice(6)) as string;
    }
  }
}

describe('a page that is live', () => {
  it('gets its region at once, and again when it has changed', async () => {
    expect((await reader.get('/console')).body).toContain('data-live="/console/live/overview"');
    const { answer, events, stop } = await listen('overview');
    expect(answer.headers['content-type']).toContain('text/event-stream');
    expect(answer.headers['cache-control']).toBe('no-store');
    expect((await events.next()).value).toMatch(
      /<span class="count">4<\/span>[\s\S]+Weak findings/,
    );
    const { evidence } = consoleClient.feeFixtures.ledger;
    const [finding] = await evidence.weak(1);
    await evidence.decide(finding!.evidenceId, 'refused', 'test');
    expect((await events.next()).value).toMatch(
      /<span class="count">3<\/span>[\s\S]+Weak findings/,
    );
    stop();
  });

  it('shows how far the work is, without anything of the viewer', async () => {
    const page = await reader.get('/console/queues');
    expect(page.body).toContain('No estimate yet');
    expect(page.body).toContain('Charge cards');
    expect(page.body).toContain('Stripe takes requests, and has never asked to slow down.');
    const { events, stop } = await listen('queues');
    const region = (await events.next()).value as string;
    expect(region).toContain('When is it done?');
    expect(region).not.toContain('name="token"');
    stop();
  });

  it('is for those who may read, and for regions there are', async () => {
    const anonymous = await listen('overview', { ...HOST, cookie: '' });
    expect(anonymous.answer.statusCode).toBe(303);
    const unknown = await listen('nothing');
    expect(unknown.answer.statusCode).toBe(400);
    for (const { stop } of [anonymous, unknown]) stop();
    const none = await listen('act-00000000-0000-0000-0000-000000000000');
    expect((await none.events.next()).done).toBe(true);
  });

  it('opens a few streams of one caller at most', async () => {
    const all = await Promise.all(Array.from({ length: 14 }, () => listen('queues')));
    const refused = all.filter(({ answer }) => answer.statusCode === 503);
    expect(refused.length).toBeGreaterThanOrEqual(2);
    for (const { stop } of all) stop();
  });

  it('does not keep the server from closing', async () => {
    const { events } = await listen('overview');
    await events.next();
    closed = true;
    await consoleClient.close();
    // The stream ends, cleanly or with its connection.
    for (;;) if ((await events.next().catch(() => ({ done: true }))).done) break;
  });
});

describe('the hub of live regions', () => {
  const listener = (sent: string[]): Listener & { closed: boolean } => ({
    closed: false,
    send: (markup) => sent.push(markup) > 0,
    close() {
      this.closed = true;
    },
  });

  it('renders a topic once for all who listen, and ends it when it is gone', async () => {
    let renders = 0;
    let markup: string | null = 'one';
    const hub = createLiveHub((error) => expect.unreachable(String(error)));
    const render = async () => {
      renders += 1;
      return markup;
    };
    const [a, b] = [[], []] as [string[], string[]];
    const first = listener(a);
    const second = listener(b);
    hub.listen('topic', render, first);
    hub.listen('topic', render, second);
    await expect.poll(() => b).toEqual(['one']);
    expect(renders).toBe(1);
    expect(a).toEqual(['one']);
    markup = null;
    await expect.poll(() => first.closed && second.closed, { timeout: 5_000 }).toBe(true);
    expect(hub.listeners()).toBe(0);
  });

  it('drops whoever does not keep up', async () => {
    const hub = createLiveHub(() => undefined);
    const slow = { ...listener([]), send: () => false };
    hub.listen('topic', async () => 'markup', slow);
    await expect.poll(() => hub.listeners()).toBe(0);
    hub.close();
  });
});
