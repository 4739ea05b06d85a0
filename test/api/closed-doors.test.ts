import { afterAll, describe, expect, it } from 'vitest';
import type { AccessRules } from '../../api/deps.ts';
import { openApiClient, type ApiClient } from './api-client.ts';

const open: ApiClient[] = [];
afterAll(() => Promise.all(open.map((one) => one.close())));

async function clientWith(changes: Partial<AccessRules>): Promise<ApiClient> {
  const access = { authenticatorToApprove: false, metrics: 'open', docs: 'open', ...changes };
  const client = await openApiClient({ access: access as AccessRules });
  open.push(client);
  return client;
}

describe('/metrics and /docs', () => {
  it('can be closed to everybody but a scraper with its token', async () => {
    const token = 'a token for metrics of 32 letters'.replaceAll(' ', '-');
    const client = await clientWith({ metrics: { token }, docs: 'off' });
    const scrape = (authorization?: string) =>
      client.ask('GET', '/metrics', {
        token: null,
        headers: authorization ? { authorization } : {},
      });
    expect((await scrape(`Bearer ${token}`)).text).toContain('levy_up');
    for (const wrong of [undefined, 'Bearer x', `Bearer ${token}x`, `Basic ${token}`])
      expect((await scrape(wrong)).status, wrong).toBe(401);
    expect((await scrape(`Bearer ${client.tokens.all}`)).status).toBe(401);
    expect((await client.ask('GET', '/docs/json')).status).toBe(404);
  });

  it('are closed to all when there is no token, and open when they may be', async () => {
    const closed = await clientWith({ metrics: { token: null } });
    const authorization = 'Bearer null';
    expect((await closed.ask('GET', '/metrics', { headers: { authorization } })).status).toBe(401);
    expect((await closed.ask('GET', '/docs/json', { token: null })).status).toBe(200);
  });
});
