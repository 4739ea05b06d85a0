import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createBrowser, joinColleague, PASSWORD } from './browser.ts';
import { createConsoleClient, HOST, type ConsoleClient, type Visitor } from './console-client.ts';

let consoleClient: ConsoleClient;
let app: FastifyInstance;
let root: Visitor;

beforeAll(async () => {
  consoleClient = await createConsoleClient({
    changes: { access: { authenticatorToApprove: false, metrics: 'open', docs: 'signed-in' } },
  });
  app = consoleClient.app;
  root = await consoleClient.visitor('read', 'operate', 'approve');
});
afterAll(() => consoleClient.close());

const PAGE = { ...HOST, accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };

describe('an error', () => {
  it.each(['/nope', '/fee/abc', '/card/abc/def', '/queue', '/consol'])(
    'at %s is a page for a browser, and JSON for a program',
    async (url) => {
      const page = await app.inject({ url, headers: PAGE });
      expect(page.statusCode).toBe(404);
      expect(page.headers['content-type']).toBe('text/html; charset=utf-8');
      expect(page.headers['content-security-policy']).toContain("style-src 'self'");
      expect(page.body).not.toMatch(/not_found|Bearer|schema/);
      const program = await app.inject({ url, headers: { ...HOST, accept: '*/*' } });
      expect(program.json()).toMatchObject({ error: { code: 'not_found' } });
    },
  );

  it('of a clinician’s link says what to do, and does not lead to the console', async () => {
    const { body } = await app.inject({ url: '/fee/mistyped', headers: PAGE });
    expect(body).toContain('This link does not work');
    expect(body).not.toContain('class="button"');
  });

  it('under /v1, and of a request with a token, stays JSON', async () => {
    for (const [url, headers] of [
      ['/v1/nope', PAGE],
      ['/nope', { ...PAGE, authorization: `Bearer ${root.token}` }],
      ['/v1/fees', PAGE],
    ] as const) {
      const answer = await app.inject({ url, headers });
      expect(answer.headers['content-type'], url).toContain('application/json');
    }
  });

  it('of an address with another method or that cannot be read is a page too', async () => {
    const post = await app.inject({ method: 'DELETE', url: '/console/fees', headers: PAGE });
    expect(post.headers['content-type']).toContain('text/html');
    const broken = await root.get('/console/fees?state=nonsense');
    expect(broken.statusCode).toBe(400);
    expect(broken.body).toContain('Something in this is missing or cannot be right');
    expect(broken.body).not.toMatch(/schema|\/docs,/);
  });

  it('leads a visitor of the documentation to the sign-in and back', async () => {
    const turned = await app.inject({ url: '/docs', headers: PAGE });
    expect(turned.headers.location).toBe('/console/sign-in?next=%2Fdocs');
    for (const url of ['/docs/json', '/docs/yaml', '/docs'])
      expect((await app.inject({ url, headers: HOST })).statusCode, url).toBe(401);
    expect((await root.get('/docs/json')).statusCode).toBe(200);
  });
});

describe('a form sent after its session had ended', () => {
  const WHY = `she said "no" & <b>left</b> it's so`;

  it('is kept over the sign-in, and sent by a press', async () => {
    const { fees, ledger } = consoleClient.feeFixtures;
    const ana = await joinColleague(app, root, { name: 'Ana Ruiz', role: 'operate' });
    ana.forget();
    const path = `/console/fees/${fees.noticed}/hold`;
    const turned = await ana.send(path, { token: 'old', why: WHY });
    expect(turned.statusCode).toBe(401);
    expect(turned.body).toContain('Your session has ended.');
    expect(turned.body).not.toMatch(/Bearer|Authorization/);
    const kept = /name="kept" value="([^"]+)"/.exec(turned.body)?.[1] ?? '';
    const wrong = await ana.send('/console/sign-in', {
      ...{ email: ana.email, password: 'not this one', kept },
    });
    expect(wrong.body).toContain(`value="${kept}"`);
    const asked = await ana.send('/console/sign-in', {
      ...{ email: ana.email, password: PASSWORD, kept },
    });
    expect(asked.body).toContain('Send it now?');
    expect(asked.body).toContain('hold a fee');
    expect(asked.body).not.toContain('<b>left');
    expect((await ledger.fees.load(fees.noticed))?.entries.at(-1)?.kind).toBe('noticed');
    const fields = fieldsIn(asked.body);
    expect(fields['why']).toBe(WHY);
    const sent = await ana.send(path, fields);
    expect(sent.headers.location).toBe(`/console/fees/${fees.noticed}?done=hold`);
    const last = (await ledger.fees.load(fees.noticed))?.entries.at(-1);
    expect(last).toMatchObject({ kind: 'held', data: { why: WHY } });
  });

  it('is shown again when it is of an earlier session, and sent with the new token', async () => {
    const { fees } = consoleClient.feeFixtures;
    const path = `/console/fees/${fees.noticed}/release`;
    const stale = await root.post(path, { token: 'of-an-earlier-session' });
    expect(stale.statusCode).toBe(403);
    const fields = fieldsIn(stale.body);
    expect(fields['token']).not.toBe('of-an-earlier-session');
    expect((await root.post(path, fields)).statusCode).toBe(303);
  });

  it('never carries a password, a file or a changed package along', async () => {
    const visitor = createBrowser(app);
    const turned = await visitor.send('/console/me/password', { current: 'my old password' });
    expect(turned.statusCode).toBe(401);
    expect(turned.body).not.toContain('my old password');
    expect(turned.body).not.toContain('name="kept"');
    const ben = await joinColleague(app, root, { name: 'Ben Ode', role: 'read' });
    ben.forget();
    const forged = await ben.send('/console/sign-in', {
      ...{ email: ben.email, password: PASSWORD },
      kept: `${Buffer.from('{"path":"/console/x","fields":[]}').toString('base64url')}.x`,
    });
    expect(forged.headers.location).toBe('/console');
  });

  it('is not kept when another site sent it', async () => {
    const { fees } = consoleClient.feeFixtures;
    const send = (headers: Record<string, string>) =>
      app.inject({
        method: 'POST',
        url: `/console/fees/${fees.noticed}/waive`,
        headers: { ...PAGE, 'content-type': 'application/x-www-form-urlencoded', ...headers },
        payload: 'why=because&sure=yes',
      });
    expect((await send({ origin: 'https://evil.test' })).statusCode).toBe(403);
    expect((await send({ 'sec-fetch-site': 'cross-site' })).statusCode).toBe(403);
    const silent = await send({});
    expect(silent.statusCode).toBe(401);
    expect(silent.body).not.toContain('name="kept"');
  });
});

describe('an act that cannot be taken back', () => {
  it('asks for more than Enter in the field for the reason', async () => {
    const { fees, ledger } = consoleClient.feeFixtures;
    const page = (await root.get(`/console/fees/${fees.noticed}`)).body;
    expect(page).toMatch(/id="sure-waive" name="sure" value="yes" required/);
    const entered = await root.post(`/console/fees/${fees.noticed}/waive`, { why: 'because' });
    expect(entered.statusCode).toBe(400);
    const kinds = (await ledger.fees.load(fees.noticed))?.entries.map(({ kind }) => kind);
    expect(kinds).not.toContain('waive_asked');
  });
});

describe('a page', () => {
  it('shows no name, file or reason that turns the text around', async () => {
    const { ledger } = consoleClient.feeFixtures;
    const turned = 'gpj.\u202eexe';
    const people = await ledger.clinicians.list({ limit: 1 });
    await ledger.evidence.record({
      ...{ sha256: 'a'.repeat(64), fileName: turned, vendor: null, format: 'csv' },
      ...{ periodFrom: null, periodTo: null, bytes: 1, records: 1, importedBy: turned },
      ...{ findings: 1, matched: 1 },
      uses: people.map(({ clinicianId }) => ({
        ...{ clinicianId, year: 2026, kind: 'billing', firstUsedOn: '2026-01-09', line: 1 },
        ...{ rule: 'sv1', certainty: 'weak' as const },
      })),
      problems: [
        {
          ...{ line: 1, reason: 'unmatched', field: 'NM1', message: 'nobody', times: 1 },
          ...{ clinicianNpi: null, clinicianName: turned },
        },
      ],
    });
    const { fees, assessmentId } = consoleClient.feeFixtures;
    await root.post(`/console/fees/${fees.retrying}/hold`, { why: `because ${turned}` });
    await root.post(`/console/assessments/${assessmentId}/pause`, { why: `because ${turned}` });
    const [latest] = await ledger.evidence.imports();
    for (const path of [
      '/console',
      '/console/imports',
      `/console/imports/${latest?.importId}`,
      '/console/review',
      '/console/audit',
      `/console/fees/${fees.retrying}`,
      `/console/assessments/${assessmentId}`,
      '/console/people?q=gpj',
    ]) {
      const { body, statusCode } = await root.get(path);
      expect(statusCode, path).toBe(200);
      expect.soft(body, path).not.toContain('\u202e');
    }
  });
});

/** The hidden fields of the first form of a page that has a button to send it. */
function fieldsIn(page: string): Record<string, string> {
  const form = page.slice(page.indexOf('<h1>Send it now?'));
  const all = form.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)"/g);
  return Object.fromEntries([...all].map(([, name, value]) => [name, unescaped(value!)]));
}

function unescaped(text: string): string {
  return text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&');
}
