import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SCOPES, type Scope } from '../../ledger/access.ts';
import { ACCESS, differences, type Access } from './access-table.ts';
import { openApiClient, type ApiClient } from './api-client.ts';
import { filled, routesOf, type Route } from './routes.ts';

let apiClient: ApiClient;
let routes: Route[];

beforeAll(async () => {
  apiClient = await openApiClient();
  await apiClient.app.ready();
  routes = routesOf(apiClient.app);
});
afterAll(() => apiClient.close());

/** What anybody may ask for: machines that watch, Stripe, clinicians, and the way in. */
const OPEN = new RegExp(
  '^/($|healthz|readyz|metrics|docs|webhooks/stripe|card|card-saved|fee|' +
    'console/(sign-in|join|[a-z]+\\.(css|js)|icon\\.svg))(/|$)',
);

const guarded = (): Route[] => routes.filter(({ path }) => !OPEN.test(path));

/** The scope a documented route asks for, by its own documentation. */
function scopeOf({ method, path }: Route): Scope | undefined {
  const documented = path.replace(/:(\w+)/g, '{$1}');
  const paths = apiClient.app.swagger().paths as Record<
    string,
    Record<string, { description?: string }>
  >;
  const text = paths[documented]?.[method.toLowerCase()]?.description ?? '';
  return /Needs the scope `(\w+)`/.exec(text)?.[1] as Scope | undefined;
}

/** What a route asks of its caller, by its documentation and its place. */
function accessOf(route: Route): Access | undefined {
  if (OPEN.test(route.path)) return 'anyone';
  return route.path.startsWith('/console') ? 'signed in' : scopeOf(route);
}

describe('the table of who may ask', () => {
  it('has every route, and no row without one', () => {
    expect(differences(ACCESS, routes, accessOf)).toEqual([]);
  });

  it('notices a new route, a row without a route, and another scope', () => {
    const added: Route = { method: 'POST', path: '/v1/fees/:id/forgive' };
    const kept = routes.filter(({ path }) => path !== '/v1/audit');
    const other = { ...ACCESS, read: [...ACCESS.read, 'PUT /v1/clinicians'] };
    expect(differences(ACCESS, [...routes, added], accessOf)).toEqual([
      'POST /v1/fees/:id/forgive is not in the table',
    ]);
    expect(differences(ACCESS, kept, accessOf)).toEqual([
      'GET /v1/audit is in the table and nowhere else',
    ]);
    const moved = {
      ...other,
      operate: ACCESS.operate.filter((row) => row !== 'PUT /v1/clinicians'),
    };
    expect(differences(moved, routes, accessOf)).toEqual([
      'PUT /v1/clinicians asks for operate, the table says read',
    ]);
  });
});

describe('guards', () => {
  it('stand on a list of routes that is the whole of it', () => {
    const paths = routes.map(({ method, path }) => `${method} ${path}`);
    expect(paths).toContain('POST /v1/assessments/:id/approve');
    expect(paths).toContain('PUT /queues/api/queues/:queueName/:jobId/retry');
    expect(paths).toContain('GET /v1/fees.csv');
    expect(guarded().length).toBeGreaterThan(60);
  });

  it('let nobody pass without a token', async () => {
    for (const { method, path } of guarded()) {
      const answer = await apiClient.ask(method, filled(path), { token: null });
      const where = `${method} ${path}`;
      const turnedAway =
        answer.status === 401 ||
        (answer.status === 303 && answer.headers.location?.startsWith('/console/sign-in'));
      expect.soft(turnedAway, `${where} gave ${answer.status}`).toBe(true);
      expect.soft(answer.text, where).not.toContain('stack');
      if (method !== 'HEAD' && path.startsWith('/v1/'))
        expect.soft(answer.code, where).toBe('no_token');
    }
  });

  it('let nobody pass with a wrong token', async () => {
    const wrong = [
      `levy_a_${'x'.repeat(43)}`,
      `${apiClient.tokens.all.slice(0, -1)}_`,
      'short',
      '',
    ];
    for (const { method, path } of guarded())
      for (const token of wrong) {
        const answer = await apiClient.ask(method, filled(path), { token });
        expect.soft(answer.status, `${method} ${path} with ${token}`).toBe(401);
      }
  });

  it('let nobody pass whose key lacks the scope, and say which one it is', async () => {
    let tried = 0;
    for (const route of guarded().filter(({ path }) => path.startsWith('/v1/'))) {
      const scope = scopeOf(route) ?? scopeOf({ ...route, method: 'GET' });
      expect(scope, `${route.method} ${route.path} names its scope`).toBeDefined();
      for (const other of SCOPES.filter((one) => one !== scope)) {
        const { method, path } = route;
        const answer = await apiClient.ask(method, filled(path), {
          token: apiClient.tokens[other],
        });
        expect.soft(answer.status, `${method} ${path} as ${other}`).toBe(403);
        if (method !== 'HEAD') expect.soft(answer.json.error.details).toEqual({ scope });
        tried += 1;
      }
    }
    expect(tried).toBeGreaterThan(60);
  });

  it('let the right key pass', async () => {
    for (const route of guarded().filter(({ path }) => path.startsWith('/v1/'))) {
      const scope = scopeOf(route) ?? scopeOf({ ...route, method: 'GET' });
      const { method, path } = route;
      const answer = await apiClient.ask(method, filled(path), { token: apiClient.tokens[scope!] });
      expect.soft([401, 403], `${method} ${path}`).not.toContain(answer.status);
    }
  });

  it('keep the console and the queues to those who may read', async () => {
    const pages = guarded().filter(({ path }) => !path.startsWith('/v1/'));
    for (const { method, path } of pages.filter(({ path }) => path !== '/console/sign-out')) {
      const answer = await apiClient.ask(method, filled(path), { token: apiClient.tokens.operate });
      expect.soft(answer.status, `${method} ${path}`).toBe(403);
    }
  });

  it('close on a key that was revoked, and on the sessions begun with it', async () => {
    const made = await apiClient.ask('POST', '/v1/keys', {
      body: { name: 'for a day', scopes: ['read'] },
    });
    const { token } = made.json;
    expect((await apiClient.ask('GET', '/v1/fees', { token })).status).toBe(200);
    const signedIn = await apiClient.app.inject({
      method: 'POST',
      url: '/console/sign-in',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      payload: new URLSearchParams({ token }).toString(),
    });
    const cookie = String(signedIn.headers['set-cookie']).split(';')[0]!;
    const bySession = { token: null, headers: { cookie } };
    expect((await apiClient.ask('GET', '/v1/fees', bySession)).status).toBe(200);
    expect((await apiClient.ask('DELETE', '/v1/keys/for%20a%20day')).status).toBe(204);
    expect((await apiClient.ask('GET', '/v1/fees', { token })).status).toBe(401);
    expect((await apiClient.ask('GET', '/v1/fees', bySession)).status).toBe(401);
  });

  it('do not let another site use a session', async () => {
    const signedIn = await apiClient.app.inject({
      method: 'POST',
      url: '/console/sign-in',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      payload: new URLSearchParams({ token: apiClient.tokens.all }).toString(),
    });
    expect(String(signedIn.headers['set-cookie'])).toMatch(/HttpOnly.*SameSite=Strict/i);
    const cookie = String(signedIn.headers['set-cookie']).split(';')[0]!;
    const open = (headers: Record<string, string>) =>
      apiClient.ask('POST', '/v1/assessments', {
        token: null,
        body: { vendor: 'theranest', year: 2027 },
        headers: { cookie, ...headers },
      });
    expect((await open({ origin: 'https://evil.example' })).code).toBe('other_site');
    expect((await open({ origin: 'null' })).code).toBe('other_site');
    expect((await open({ 'sec-fetch-site': 'cross-site' })).code).toBe('other_site');
    expect((await open({ origin: 'http://levy.test' })).code).toBe('rate_is_forecast');
    const forged = { cookie: cookie.replace(/=./, (start) => (start === '=Z' ? '=Y' : '=Z')) };
    expect((await open(forged)).code).toBe('no_token');
  });
});
