import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createKey, firstToken } from '../../api/http/access-key.ts';
import { createLedger } from '../../ledger/ledger.ts';
import { createTestDatabase } from '../support/database.ts';
import { openApiClient, type ApiClient } from './api-client.ts';

const quiet = { warn: () => undefined };

let apiClient: ApiClient;
beforeAll(async () => {
  apiClient = await openApiClient();
});
afterAll(() => apiClient.close());

describe('the first token', () => {
  it('is given once, to one of all that ask at once', async () => {
    const { pool } = await createTestDatabase();
    const ledger = createLedger(pool, () => 0);
    const asking = Array.from({ length: 3 }, () => firstToken(ledger, quiet));
    const given = await Promise.all(asking);
    const tokens = given.filter((token) => token !== null);
    expect(tokens).toHaveLength(1);
    expect(tokens[0]).toMatch(/^levy_a_[\w-]{43}$/);
    expect(await ledger.access.callerOf(tokens[0]!)).toMatchObject({
      name: 'operator',
      scopes: ['read', 'operate', 'approve'],
    });
    expect(await firstToken(ledger, quiet)).toBeNull();
  });
});

describe('keys', () => {
  it('are made with a token shown once, of which only a hash is kept', async () => {
    const body = { name: 'night script', scopes: ['read', 'operate'] };
    const made = await apiClient.ask('POST', '/v1/keys', { body });
    expect(made.status).toBe(201);
    expect(made.json.token).toMatch(/^levy_o_[\w-]{43}$/);
    expect(await apiClient.ask('POST', '/v1/keys', { body })).toMatchObject({ code: 'name_taken' });
    const { rows } = await apiClient.db.pool.query('select * from access_keys');
    expect(JSON.stringify(rows)).not.toContain(made.json.token.slice(12));
    const listed = await apiClient.ask('GET', '/v1/keys');
    expect(listed.json.keys).toContainEqual({ ...body, revoked: false });
    expect(listed.text + apiClient.log()).not.toContain(made.json.token.slice(12));
  });

  it('may be many, although they begin alike', async () => {
    const names = Array.from({ length: 200 }, (_, n) => `many ${n}`);
    const tokens = await Promise.all(
      names.map((name) => createKey(apiClient.ledger, name, ['read'])),
    );
    expect(tokens.filter((token) => token !== null)).toHaveLength(200);
  });

  it.each([
    [{ name: 'x', scopes: [] }],
    [{ name: 'x', scopes: ['root'] }],
    [{ name: '', scopes: ['read'] }],
    [{ name: 'a\nb', scopes: ['read'] }],
    [{ scopes: ['read'] }],
  ])('%j is none', async (body) => {
    expect(await apiClient.ask('POST', '/v1/keys', { body })).toMatchObject({
      code: 'invalid_request',
    });
  });

  it('cannot be revoked down to none that may approve', async () => {
    expect((await apiClient.ask('DELETE', '/v1/keys/key-approve')).status).toBe(204);
    expect((await apiClient.ask('DELETE', '/v1/keys/key-approve')).code).toBe('not_found');
    expect((await apiClient.ask('DELETE', '/v1/keys/key-all')).code).toBe('last_key');
    expect((await apiClient.ask('GET', '/v1/keys')).status).toBe(200);
  });

  it('leave a line in the audit, with who', async () => {
    const { audit, next } = (await apiClient.ask('GET', '/v1/audit?limit=3')).json;
    expect(audit[0]).toMatchObject({
      actor: 'key-all',
      action: 'revoke_key',
      object: 'key key-all',
      detail: { outcome: 'last_key' },
    });
    const older = (await apiClient.ask('GET', `/v1/audit?before=${next}`)).json.audit;
    expect(older[0].auditId).toBeLessThan(next);
  });
});

describe('rates', () => {
  const rate = { royaltyCents: 1900, processingCents: 100, status: 'confirmed', source: 'invoice' };
  const put = (path: string, body: object, token?: string) =>
    apiClient.ask('PUT', `/v1/rates/${path}`, { body, ...(token && { token }) });

  it('are confirmed with their source by those who may approve', async () => {
    expect((await put('theranest/2027', rate, apiClient.tokens.operate)).status).toBe(403);
    expect((await put('theranest/2027', rate)).json).toEqual({
      vendor: 'theranest',
      year: 2027,
      ...rate,
      amountCents: 2000,
      enteredBy: 'key-all',
    });
    expect((await apiClient.ask('GET', '/v1/rates/theranest/2027')).json).toMatchObject(rate);
  });

  it.each([
    ['of no vendor there is', 'paper/2026', rate, 'unknown_vendor'],
    ['without a source', 'theranest/2026', { ...rate, source: '' }, 'invalid_request'],
    ['in dollars by mistake', 'theranest/2026', { ...rate, royaltyCents: 18.5 }, 'invalid_request'],
    [
      'below what Stripe charges',
      'theranest/2026',
      { ...rate, royaltyCents: 18, processingCents: 1 },
      'invalid_request',
    ],
    ['of millions', 'theranest/2026', { ...rate, royaltyCents: 10_000_000 }, 'invalid_request'],
    ['below zero', 'theranest/2026', { ...rate, processingCents: -1 }, 'invalid_request'],
    [
      'neither confirmed nor not',
      'theranest/2026',
      { ...rate, status: 'maybe' },
      'invalid_request',
    ],
    ['of another age', 'theranest/1999', rate, 'invalid_request'],
  ])('%s are refused', async (_, path, body, code) => {
    expect(await put(path, body)).toMatchObject({ code });
    expect((await apiClient.ask('GET', '/v1/rates/theranest/2026')).json.amountCents).toBe(1950);
  });

  it('that nobody knows are not found', async () => {
    expect((await apiClient.ask('GET', '/v1/rates/theranest/2035')).code).toBe('not_found');
  });
});
