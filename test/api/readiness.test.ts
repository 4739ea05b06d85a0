import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import pg from 'pg';
import { FEE_STATUSES } from '../../core/fee/fee.ts';
import { createLedger } from '../../ledger/ledger.ts';
import { appendAll, openedAssessment } from '../support/assessment.ts';
import { sample } from '../support/fees.ts';
import { openApiClient, type ApiClient } from './api-client.ts';

describe('with everything there', () => {
  let apiClient: ApiClient;
  beforeAll(async () => {
    const away = () => Promise.reject(new Error('canary of a check'));
    apiClient = await openApiClient({ checks: { stripe: away, mail: () => Promise.resolve() } });
    const { feeIds } = await openedAssessment(apiClient.db.pool, apiClient.ledger, { count: 3 });
    await appendAll(apiClient.ledger, feeIds[0]!, [sample('assessed'), sample('approved')]);
  });
  afterAll(() => apiClient.close());

  it('the API is ready, and tells what else is up or down', async () => {
    const answer = await apiClient.ask('GET', '/readyz', { token: null });
    expect(answer).toMatchObject({ status: 200 });
    expect(answer.json).toEqual({
      status: 'ready',
      checks: { database: 'up', queue: 'up', stripe: 'down', mail: 'up' },
    });
    expect(answer.text + apiClient.log()).not.toContain('canary');
  });

  it('metrics count what is due by the ledger, fees by state, and requests', async () => {
    await apiClient.ask('GET', '/v1/vendors');
    const { text, headers } = await apiClient.ask('GET', '/metrics', { token: null });
    expect(headers['content-type']).toContain('text/plain; version=0.0.4');
    expect(text).toContain('levy_due_fees{step="detect"} 2');
    expect(text).toContain('levy_due_fees{step="notice"} 1');
    expect(text).toContain('levy_fees{state="approved"} 1');
    expect(text).toContain('levy_fees{state="detecting"} 2');
    for (const state of FEE_STATUSES) expect(text).toContain(`levy_fees{state="${state}"}`);
    expect(text).toMatch(/levy_queue_jobs\{queue="charge"\} 0/);
    expect(text).toMatch(/levy_up\{part="ledger"\} 1/);
    expect(text).toMatch(
      /request_duration_seconds_count\{method="GET",route="\/v1\/vendors",status="200"\} 1/,
    );
  });

  it('metrics hold no address that was asked for, only routes', async () => {
    await apiClient.ask('GET', '/v1/fees?ref=Canary');
    await apiClient.ask('GET', '/canary-path');
    const { text } = await apiClient.ask('GET', '/metrics');
    expect(text.toLowerCase()).not.toContain('canary');
    expect(text).toContain('route="none"');
  });
});

describe('without a database', () => {
  let apiClient: ApiClient;
  let pool: pg.Pool;
  beforeAll(async () => {
    pool = new pg.Pool({ connectionString: 'postgres://levy@127.0.0.1:9/levy' });
    apiClient = await openApiClient({ ledger: createLedger(pool, () => performance.now()) });
  });
  afterAll(async () => {
    await apiClient.close();
    await pool.end();
  });

  it('the process lives and says that it is not ready', async () => {
    const token = apiClient.tokens.all;
    expect(await apiClient.ask('GET', '/healthz', { token })).toMatchObject({ status: 200 });
    const ready = await apiClient.ask('GET', '/readyz', { token });
    expect(ready).toMatchObject({ status: 503 });
    expect(ready.json.checks).toEqual({ database: 'down', queue: 'up' });
    expect(ready.headers['retry-after']).toBe('5');
    const { text } = await apiClient.ask('GET', '/metrics');
    expect(text).toContain('levy_up{part="ledger"} 0');
  });

  it('every other answer is an honest not-ready, without a trace of where it failed', async () => {
    for (const url of ['/v1/fees', '/v1/clinicians', '/v1/audit']) {
      const answer = await apiClient.ask('GET', url);
      expect(answer).toMatchObject({ status: 503, code: 'not_ready' });
      expect(answer.headers['retry-after']).toBe('5');
      expect(answer.text).not.toMatch(/127\.0\.0\.1|ECONN|at \w+ \(/);
    }
  });
});

describe('with a database that goes and comes back', () => {
  it('the API goes on by itself', async () => {
    const apiClient = await openApiClient();
    expect((await apiClient.ask('GET', '/v1/vendors')).status).toBe(200);
    const name = new URL(apiClient.db.url).pathname.slice(1);
    const admin = new pg.Client(apiClient.db.url.replace(/[^/]+$/, 'levy'));
    await admin.connect();
    await admin.query(`alter database ${name} allow_connections false`);
    await admin.query('select pg_terminate_backend(pid) from pg_stat_activity where datname = $1', [
      name,
    ]);
    const away = await apiClient.ask('GET', '/v1/vendors');
    expect(away).toMatchObject({ status: 503, code: 'not_ready' });
    expect((await apiClient.ask('GET', '/readyz')).status).toBe(503);
    await admin.query(`alter database ${name} allow_connections true`);
    await admin.end();
    await expect
      .poll(async () => (await apiClient.ask('GET', '/readyz')).status, { timeout: 10_000 })
      .toBe(200);
    expect((await apiClient.ask('GET', '/v1/vendors')).status).toBe(200);
    await apiClient.close();
  });
});

describe('without a queue', () => {
  it('the API says so, and what was asked is done all the same', async () => {
    const apiClient = await openApiClient();
    const { feeIds } = await openedAssessment(apiClient.db.pool, apiClient.ledger);
    await appendAll(apiClient.ledger, feeIds[0]!, [
      sample('assessed'),
      sample('approved'),
      sample('notice_failed'),
    ]);
    const away = await openApiClient({
      ledger: apiClient.ledger,
      queues: {
        ...apiClient.queues,
        ping: () => Promise.reject(new Error('away')),
        enqueue: () => Promise.reject(new Error('away')),
      },
    });
    const token = apiClient.tokens.all;
    expect((await away.ask('GET', '/readyz', { token })).json).toMatchObject({
      status: 'not_ready',
      checks: { database: 'up', queue: 'down' },
    });
    const retried = await away.ask('POST', `/v1/fees/${feeIds[0]}/retry`, { token });
    expect(retried).toMatchObject({ status: 200, json: { state: 'approved' } });
    expect(await apiClient.ledger.fees.due('notice', 10, [])).toEqual([
      { feeId: feeIds[0], seq: 4 },
    ]);
    await away.close();
    await apiClient.close();
  });
});
