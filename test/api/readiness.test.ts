import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import pg from 'pg';
import { FEE_STATUSES } from '../../core/fee/fee.ts';
import { createLedger } from '../../ledger/ledger.ts';
import { appendAll, openedAssessment } from '../support/assessment.ts';
import { sample } from '../support/fees.ts';
import { openOffice, type Office } from './office.ts';

describe('with everything there', () => {
  let office: Office;
  beforeAll(async () => {
    const away = () => Promise.reject(new Error('canary of a check'));
    office = await openOffice({ checks: { stripe: away, mail: () => Promise.resolve() } });
    const { feeIds } = await openedAssessment(office.db.pool, office.ledger, { count: 3 });
    await appendAll(office.ledger, feeIds[0]!, [sample('assessed'), sample('approved')]);
  });
  afterAll(() => office.close());

  it('the API is ready, and tells what else is up or down', async () => {
    const answer = await office.ask('GET', '/readyz', { token: null });
    expect(answer).toMatchObject({ status: 200 });
    expect(answer.json).toEqual({
      status: 'ready',
      checks: { database: 'up', queue: 'up', stripe: 'down', mail: 'up' },
    });
    expect(answer.text + office.log()).not.toContain('canary');
  });

  it('metrics count what is due by the ledger, fees by state, and requests', async () => {
    await office.ask('GET', '/v1/vendors');
    const { text, headers } = await office.ask('GET', '/metrics', { token: null });
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
    await office.ask('GET', '/v1/fees?ref=Canary');
    await office.ask('GET', '/canary-path');
    const { text } = await office.ask('GET', '/metrics');
    expect(text.toLowerCase()).not.toContain('canary');
    expect(text).toContain('route="none"');
  });
});

describe('without a database', () => {
  let office: Office;
  let pool: pg.Pool;
  beforeAll(async () => {
    pool = new pg.Pool({ connectionString: 'postgres://levy@127.0.0.1:9/levy' });
    office = await openOffice({ ledger: createLedger(pool, () => performance.now()) });
  });
  afterAll(async () => {
    await office.close();
    await pool.end();
  });

  it('the process lives and says that it is not ready', async () => {
    const token = office.tokens.all;
    expect(await office.ask('GET', '/healthz', { token })).toMatchObject({ status: 200 });
    const ready = await office.ask('GET', '/readyz', { token });
    expect(ready).toMatchObject({ status: 503 });
    expect(ready.json.checks).toEqual({ database: 'down', queue: 'up' });
    expect(ready.headers['retry-after']).toBe('5');
    const { text } = await office.ask('GET', '/metrics');
    expect(text).toContain('levy_up{part="ledger"} 0');
  });

  it('every other answer is an honest not-ready, without a trace of where it failed', async () => {
    for (const url of ['/v1/fees', '/v1/clinicians', '/v1/audit']) {
      const answer = await office.ask('GET', url);
      expect(answer).toMatchObject({ status: 503, code: 'not_ready' });
      expect(answer.headers['retry-after']).toBe('5');
      expect(answer.text).not.toMatch(/127\.0\.0\.1|ECONN|at \w+ \(/);
    }
  });
});

describe('with a database that goes and comes back', () => {
  it('the API goes on by itself', async () => {
    const office = await openOffice();
    expect((await office.ask('GET', '/v1/vendors')).status).toBe(200);
    const name = new URL(office.db.url).pathname.slice(1);
    const admin = new pg.Client(office.db.url.replace(/[^/]+$/, 'levy'));
    await admin.connect();
    await admin.query(`alter database ${name} allow_connections false`);
    await admin.query('select pg_terminate_backend(pid) from pg_stat_activity where datname = $1', [
      name,
    ]);
    const away = await office.ask('GET', '/v1/vendors');
    expect(away).toMatchObject({ status: 503, code: 'not_ready' });
    expect((await office.ask('GET', '/readyz')).status).toBe(503);
    await admin.query(`alter database ${name} allow_connections true`);
    await admin.end();
    await expect
      .poll(async () => (await office.ask('GET', '/readyz')).status, { timeout: 10_000 })
      .toBe(200);
    expect((await office.ask('GET', '/v1/vendors')).status).toBe(200);
    await office.close();
  });
});

describe('without a queue', () => {
  it('the API says so, and what was asked is done all the same', async () => {
    const office = await openOffice();
    const { feeIds } = await openedAssessment(office.db.pool, office.ledger);
    await appendAll(office.ledger, feeIds[0]!, [
      sample('assessed'),
      sample('approved'),
      sample('notice_failed'),
    ]);
    const away = await openOffice({
      ledger: office.ledger,
      queues: {
        ...office.queues,
        ping: () => Promise.reject(new Error('away')),
        enqueue: () => Promise.reject(new Error('away')),
      },
    });
    const token = office.tokens.all;
    expect((await away.ask('GET', '/readyz', { token })).json).toMatchObject({
      status: 'not_ready',
      checks: { database: 'up', queue: 'down' },
    });
    const retried = await away.ask('POST', `/v1/fees/${feeIds[0]}/retry`, { token });
    expect(retried).toMatchObject({ status: 200, json: { state: 'approved' } });
    expect(await office.ledger.fees.due('notice', 10, [])).toEqual([{ feeId: feeIds[0], seq: 4 }]);
    await away.close();
    await office.close();
  });
});
