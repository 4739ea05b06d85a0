import { afterAll, beforeAll, expect, it } from 'vitest';
import { openApiClient, type ApiClient } from './api-client.ts';

let apiClient: ApiClient;
beforeAll(async () => {
  apiClient = await openApiClient();
});
afterAll(() => apiClient.close());

const open = (key: string, body: object = { vendor: 'theranest', year: 2026 }, token?: string) =>
  apiClient.ask('POST', '/v1/assessments', {
    body,
    headers: { 'idempotency-key': key },
    ...(token && { token }),
  });

it('the same request again is answered the same, and is not done again', async () => {
  const first = await open('once');
  expect(first.status).toBe(201);
  expect(first.headers['idempotent-replayed']).toBeUndefined();
  const second = await open('once');
  expect(second.status).toBe(201);
  expect(second.headers['idempotent-replayed']).toBe('true');
  expect(second.headers['content-type']).toBe(first.headers['content-type']);
  expect(second.text).toBe(first.text);
  const { audit } = (await apiClient.ask('GET', '/v1/audit')).json;
  expect(audit).toHaveLength(1);
});

it('a refusal is kept as well', async () => {
  const forecast = { vendor: 'theranest', year: 2027 };
  const first = await open('forecast', forecast);
  expect(first).toMatchObject({ status: 409, code: 'rate_is_forecast' });
  const put = { royaltyCents: 1900, processingCents: 100, status: 'confirmed', source: 'invoice' };
  expect((await apiClient.ask('PUT', '/v1/rates/theranest/2027', { body: put })).status).toBe(200);
  expect((await open('forecast', forecast)).text).toBe(first.text);
  expect((await open('forecast anew'.replace(' ', '-'), forecast)).status).toBe(201);
});

it('another request under the same key is refused', async () => {
  await open('mismatch');
  expect(await open('mismatch', { vendor: 'theranest', year: 2025 })).toMatchObject({
    status: 422,
    code: 'key_reused',
  });
});

it('keys of different callers have nothing to do with each other', async () => {
  const first = await open('mine');
  const other = await open('mine', { vendor: 'theranest', year: 2024 }, apiClient.tokens.operate);
  expect(first.status).toBe(200);
  expect(other.status).toBe(201);
});

it('while the first is running, the second is told to wait', async () => {
  await apiClient.ledger.access.claimRequest(await allKeyId(), 'busy', fingerprintOf());
  expect(await open('busy')).toMatchObject({ status: 422, code: 'key_reused' });
  const answers = await Promise.all(
    Array.from({ length: 5 }, () => open('race', { vendor: 'theranest', year: 2023 })),
  );
  const done = answers.filter(({ status }) => status === 201);
  expect(done.length).toBeGreaterThanOrEqual(1);
  for (const { status, code } of answers)
    expect(status === 201 || code === 'request_running').toBe(true);
  expect(done.filter(({ headers }) => !headers['idempotent-replayed'])).toHaveLength(1);
});

it('what failed here is not kept, and can be sent again', async () => {
  const body = [{ ref: 'A1', name: 'Ann', vendor: 'theranest' }];
  await apiClient.ask('PUT', '/v1/clinicians', { body });
  await apiClient.db.pool.query('alter table assessments rename to hidden');
  const failed = await open('later', { vendor: 'theranest', year: 2022 });
  expect(failed.status).toBe(503);
  await apiClient.db.pool.query('alter table hidden rename to assessments');
  const again = await open('later', { vendor: 'theranest', year: 2022 });
  expect(again.status).toBe(201);
  expect(again.headers['idempotent-replayed']).toBeUndefined();
});

it('a key that is none is refused, and other methods need none', async () => {
  for (const key of ['', ' ', 'x'.repeat(256), 'ä'])
    expect(await open(key), `"${key.slice(0, 3)}"`).toMatchObject({ code: 'invalid_request' });
  const headers = { 'idempotency-key': 'read' };
  const get = await apiClient.ask('GET', '/v1/assessments', { headers });
  expect(get.headers['idempotent-replayed']).toBeUndefined();
});

it('a request that was not let in claims no key', async () => {
  const refused = await open('early', { vendor: 'theranest' });
  expect(refused.code).toBe('invalid_request');
  expect((await open('early', { vendor: 'theranest', year: 2021 })).status).toBe(201);
});

it('a streamed import is answered again without being read again', async () => {
  const send = (body: string) =>
    apiClient.ask('POST', '/v1/imports', {
      body,
      headers: { 'idempotency-key': 'file', 'content-type': 'text/csv' },
    });
  const file = 'Date of Service,Clinician,Billing Code\n2026-01-05,Ann,90834\n';
  const first = await send(file);
  expect(first.status).toBe(201);
  const second = await send(file);
  expect(second.text).toBe(first.text);
  expect(second.headers['idempotent-replayed']).toBe('true');
  expect((await send(`${file}\n`)).code).toBe('key_reused');
});

async function allKeyId(): Promise<string> {
  return (await apiClient.ledger.access.callerOf(apiClient.tokens.all))!.id;
}

function fingerprintOf(): string {
  return 'another fingerprint';
}
