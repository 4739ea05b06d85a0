import { appRoutes } from '@bull-board/api/dist/routes.js';
import type { Job } from 'bullmq';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { shownPayload, speakable } from '../../api/board/guard.ts';
import { queueBackends } from '../support/queues.ts';
import { createConsoleClient, HOST, type ConsoleClient, type Visitor } from './console-client.ts';

/** Personal things that must never be seen on the board, wherever somebody plants them. */
const CANARIES = ['Ada Lovelace', 'ada@people.example', '99213', 'F41.1', 'anxious today'];
const PLANTED = `Ada Lovelace <ada@people.example> used 99213 for F41.1, "anxious today"`;

interface BoardJob {
  id: string;
  name: string;
  failedReason?: string;
  stacktrace: string[];
  data: unknown;
  opts: Record<string, unknown>;
  externalUrl?: { href: string };
}

describe.each(queueBackends)('Bull Board on $name', (backend) => {
  let consoleClient: ConsoleClient;
  let reader: Visitor;
  let operator: Visitor;
  /** Runs of the charge job, by what the stand-in for the processor was given. */
  let runs: unknown[] = [];
  let seq = 0;

  beforeAll(async () => {
    consoleClient = await createConsoleClient({ backend });
    reader = await consoleClient.visitor('read');
    operator = await consoleClient.visitor('read', 'operate');
  });

  afterAll(() => consoleClient.close());

  /** A failed charge job, as a declined card leaves it. */
  async function failedJob(state: 'retrying' | 'needs_card' | 'gave_up'): Promise<Job> {
    seq += 1;
    const payload = { feeId: consoleClient.feeFixtures.fees[state], seq };
    await consoleClient.queues.enqueue('charge', payload);
    await work(() => ({ failed: 'declined (insufficient_funds), next try 2026-02-05' }), 1);
    return (await consoleClient.queues.queues.charge.getJob(
      `charge-${payload.feeId}-${seq + 1}`,
    )) as Job;
  }

  /** Works on charges until so many have come to an end. */
  async function work(outcome: () => { done: string } | { failed: string }, jobs: number) {
    runs = [];
    const worker = consoleClient.queues.work('charge', async (payload) => {
      runs.push(payload);
      return outcome();
    });
    await expect
      .poll(
        async () => runs.length >= jobs && (await consoleClient.queues.queued('charge')) === 0,
        {
          timeout: 10_000,
        },
      )
      .toBe(true);
    await worker.close();
  }

  const api = (visitor: Visitor, path: string) =>
    visitor.get(`/queues/api/queues${path}`, { accept: 'application/json' });

  const write = (
    visitor: Visitor,
    method: string,
    path: string,
    headers: Record<string, string> = {},
    payload?: object,
  ) =>
    consoleClient.app.inject({
      method: method.toUpperCase() as 'PUT',
      url: `/queues/api${path}`,
      headers: { ...HOST, cookie: visitor.cookie, ...headers },
      ...(payload ? { payload } : {}),
    });

  /** What the board's page would send with each write. */
  async function xsrfOf(visitor: Visitor): Promise<Record<string, string>> {
    const page = await visitor.get('/queues');
    const cookies = [page.headers['set-cookie'] ?? []].flat().join('\n');
    return { 'x-xsrf-token': /XSRF-TOKEN=([^;]+)/.exec(cookies)?.[1] ?? '' };
  }

  it('sends strangers to sign in, and answers nothing else of theirs', async () => {
    const page = await consoleClient.app.inject({
      url: '/queues',
      headers: { ...HOST, accept: 'text/html' },
    });
    expect(page.statusCode).toBe(303);
    expect(page.headers.location).toBe('/console/sign-in?next=%2Fqueues');
    for (const url of [
      '/queues/api/queues',
      '/queues/levy.css',
      '/queues/static/favicon-32x32.png',
    ])
      expect
        .soft((await consoleClient.app.inject({ url, headers: HOST })).statusCode, url)
        .toBe(401);
  });

  it('is a page with rules of its own: our scripts only, the mode, no idle buttons', async () => {
    const page = await operator.get('/queues');
    expect(page.statusCode).toBe(200);
    expect(page.headers['content-security-policy']).toContain("script-src 'self';");
    expect(page.headers['content-security-policy']).toContain("frame-ancestors 'none'");
    expect(page.body).toContain('"label":"Sandbox"');
    expect(page.body).toContain('href="levy.css"');
    expect(page.body).not.toContain('https://');
    const style = await operator.get('/queues/levy.css');
    expect(style.body).toContain('.lucide-trash-2');
    const cookies = [page.headers['set-cookie'] ?? []].flat();
    expect(cookies.find((one) => one.startsWith('XSRF-TOKEN'))).toMatch(/SameSite=Strict/);
  });

  it('lists every queue, and links a failed charge to the story of its fee', async () => {
    const job = await failedJob('retrying');
    const answer = await api(reader, '?activeQueue=charge&status=failed&page=1&jobsPerPage=10');
    const { queues } = answer.json<{ queues: { name: string; jobs: BoardJob[] }[] }>();
    expect(queues.map(({ name }) => name).sort()).toEqual(
      Object.keys(consoleClient.queues.queues).sort(),
    );
    const [shown] = queues.find(({ name }) => name === 'charge')?.jobs ?? [];
    expect(shown).toMatchObject({
      id: job.id,
      failedReason: 'declined (insufficient_funds), next try 2026-02-05',
      data: { feeId: consoleClient.feeFixtures.fees.retrying, seq },
      externalUrl: { href: `/console/fees/${consoleClient.feeFixtures.fees.retrying}` },
    });
  });

  it('refuses a question that is none, without failing over it', async () => {
    for (const status of ['no_such', '%00', '%1b'])
      expect.soft((await api(reader, `?status=${status}`)).statusCode, status).toBe(400);
  });

  it('is read-only for those who may only read, on the page and on the server', async () => {
    const job = await failedJob('needs_card');
    const { queues } = (await api(reader, '')).json<{ queues: { readOnlyMode: boolean }[] }>();
    expect(queues.every(({ readOnlyMode }) => readOnlyMode)).toBe(true);
    const [newest] = await consoleClient.feeFixtures.ledger.access.audited({ limit: 1 });
    const answer = await write(
      reader,
      'put',
      `/queues/charge/${job.id}/retry`,
      await xsrfOf(reader),
    );
    expect(answer.statusCode).toBe(403);
    expect(answer.json()).toMatchObject({ message: 'Your key may look, but not act.' });
    expect(await job.getState()).toBe('failed');
    expect((await consoleClient.feeFixtures.ledger.access.audited({ limit: 1 }))[0]).toEqual(
      newest,
    );
  });

  it('lets those who may operate run a failed job again, and writes down who', async () => {
    const job = await failedJob('gave_up');
    const answer = await write(
      operator,
      'put',
      `/queues/charge/${job.id}/retry`,
      await xsrfOf(operator),
    );
    expect(answer.statusCode).toBe(204);
    await work(() => ({ done: 'not due' }), 1);
    expect(runs).toEqual([{ feeId: consoleClient.feeFixtures.fees.gave_up, seq }]);
    expect(await job.getState()).toBe('completed');
    const [line] = await consoleClient.feeFixtures.ledger.access.audited({ limit: 1 });
    expect(line).toMatchObject({
      actor: operator.name,
      action: 'job_retried',
      object: `charge ${job.id}`,
    });
  });

  it('runs all failed jobs again, for a script with a token without a cookie, too', async () => {
    const { failed = 0 } = await consoleClient.queues.queues.charge.getJobCounts('failed');
    expect(failed).toBeGreaterThan(0);
    const answer = await consoleClient.app.inject({
      method: 'PUT',
      url: '/queues/api/queues/charge/retry/failed',
      headers: { ...HOST, authorization: `Bearer ${operator.token}` },
    });
    expect(answer.json()).toEqual({ retried: failed, skipped: 0 });
    await work(() => ({ done: 'not due' }), failed);
    const [line] = await consoleClient.feeFixtures.ledger.access.audited({ limit: 1 });
    expect(line).toMatchObject({ actor: operator.name, action: 'failed_jobs_retried' });
  });

  it('refuses a retry that another site could have sent', async () => {
    const job = await failedJob('retrying');
    const path = `/queues/charge/${job.id}/retry`;
    const theirs = await xsrfOf(reader);
    for (const headers of [{}, { 'x-xsrf-token': 'x' }, theirs]) {
      const answer = await write(operator, 'put', path, headers);
      expect.soft(answer.statusCode).toBe(403);
    }
    const forged = { ...(await xsrfOf(operator)), origin: 'https://evil.test' };
    expect((await write(operator, 'put', path, forged)).statusCode).toBe(403);
    expect(await job.getState()).toBe('failed');
  });

  it('has no other way in: nothing is added, changed, deleted, paused, promoted', async () => {
    const job = await failedJob('needs_card');
    const data = { feeId: consoleClient.feeFixtures.fees.paid, seq: 0, amountCents: 1 };
    const before = {
      data: job.data as unknown,
      counts: await consoleClient.queues.queues.charge.getJobCounts(),
    };
    const xsrf = await xsrfOf(operator);
    const fill: Record<string, string> = {
      ':queueName': 'charge',
      ':jobId': String(job.id),
      ':queueStatus': 'completed',
      ':schedulerId': 'annual',
    };
    const tried: string[] = [];
    for (const { method, route } of appRoutes.api) {
      for (const verb of [method].flat().filter((one) => one !== 'get'))
        for (const path of [route].flat()) {
          if (path === '/api/queues/:queueName/:jobId/retry') continue;
          const url = path.replace('/api', '').replace(/:\w+/g, (name) => fill[name] ?? name);
          const answer = await write(operator, verb, url, xsrf, {
            name: 'charge',
            data,
            jobData: data,
          });
          expect.soft(answer.statusCode, `${verb} ${path}`).toBe(403);
          tried.push(path);
        }
    }
    expect(tried).toContain('/api/queues/:queueName/add');
    expect(tried).toContain('/api/queues/:queueName/obliterate');
    expect(tried.length).toBeGreaterThan(20);
    const after = (await consoleClient.queues.queues.charge.getJob(String(job.id))) as Job;
    expect(after.data).toEqual(before.data);
    expect(await consoleClient.queues.queues.charge.getJobCounts()).toEqual(before.counts);
    expect(await consoleClient.queues.queues.charge.isPaused()).toBe(false);
  });

  it('shows nothing personal, even when somebody has planted it in a job', async () => {
    const { notice } = consoleClient.queues.queues;
    const planted = await notice.add(
      'Ada Lovelace',
      { feeId: consoleClient.feeFixtures.fees.paid, seq: 1, name: PLANTED },
      { jobId: 'notice-planted', attempts: 1, stackTraceLimit: 5 },
    );
    await planted.log(PLANTED);
    await planted.updateProgress({ text: PLANTED });
    const worker = consoleClient.queues.work('notice', async () => ({ failed: PLANTED }));
    await expect.poll(() => planted.getState(), { timeout: 10_000 }).toBe('failed');
    await worker.close();
    for (const path of [
      '?activeQueue=notice&status=failed&page=1&jobsPerPage=10',
      '/notice/notice-planted',
      '/notice/notice-planted/logs',
      '/notice/notice-planted/flow',
    ]) {
      const answer = await api(reader, path);
      expect.soft(answer.statusCode, path).toBe(200);
      for (const canary of CANARIES) expect.soft(answer.body, path).not.toContain(canary);
    }
    const { job } = (await api(reader, '/notice/notice-planted')).json<{ job: BoardJob }>();
    expect(job.data).toEqual({ feeId: consoleClient.feeFixtures.fees.paid, seq: 1 });
  });

  it('shows the yearly trigger', async () => {
    await consoleClient.queues.schedule('annual', '0 9 15 1 *', 'America/New_York');
    const answer = await reader.get('/queues/api/job-schedulers', { accept: 'application/json' });
    expect(answer.json()).toMatchObject({
      schedulers: [{ name: 'annual', pattern: '0 9 15 1 *', tz: 'America/New_York' }],
    });
  });
});

describe('the fence', () => {
  it('keeps what levy says and masks what it would never say', () => {
    for (const text of [
      'declined (insufficient_funds), next try 2026-02-05T15:00:00.000Z',
      'error ECONNREFUSED',
      'error 40P01',
      'TypeError',
      'not due before 2026-01-30; 3 of 4 attempts, $19.50',
      'charge-0661231d-8769-4efe-9f58-493827cf9d65-7 is held',
      'theranest 2026: rate_is_forecast; notice failed: smtp_550',
      "no card to charge: card_detached (Stripe's pi_3Abc, 1,200 fees)",
    ])
      expect.soft(speakable(text)).toBe(text);
    expect(speakable(PLANTED)).toBe('▒▒▒ ▒▒▒ ▒▒▒ used ▒▒▒ for ▒▒▒ ▒▒▒');
    expect(speakable('1234567893 smith@x.org Smith 99213 99213-25')).toBe('▒▒▒ ▒▒▒ ▒▒▒ ▒▒▒ ▒▒▒');
  });

  it('shows of a payload only what its schema knows', () => {
    const feeId = '0661231d-8769-4efe-9f58-493827cf9d65';
    expect(shownPayload('charge', { feeId, seq: 1, amountCents: 5 })).toEqual({ feeId, seq: 1 });
    expect(shownPayload('charge', { patient: 'Ada' })).toEqual({
      hidden: 'not the payload of a charge job; it would be refused',
    });
  });
});
