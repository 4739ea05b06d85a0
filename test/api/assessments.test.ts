import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { appendAll, recordUse } from '../support/assessment.ts';
import { sample } from '../support/fees.ts';
import { openApiClient, type ApiClient } from './api-client.ts';

let apiClient: ApiClient;
let id: string;
const feeIds: Record<string, string> = {};

const PEOPLE = [
  { ref: 'A1', name: 'Ann Lee', email: 'ann@x.example', vendor: 'theranest', customer: 'cus_1' },
  { ref: 'A2', name: 'Bo Ray', vendor: 'theranest', customer: 'cus_2' },
  { ref: 'A3', name: 'Cy Fox', email: 'cy@x.example', vendor: 'theranest' },
  { ref: 'A4', name: 'Di Orr', email: 'di@x.example', vendor: 'therapynotes' },
  { ref: 'A5', name: 'Ed Poe', email: 'ed@x.example', vendor: 'theranest', customer: 'cus_5' },
];

const open = (body: object, token?: string) =>
  apiClient.ask('POST', '/v1/assessments', { body, ...(token && { token }) });
const roster = async (query = '') =>
  (await apiClient.ask('GET', `/v1/assessments/${id}/roster${query}`)).json;
const approve = (hash: string) =>
  apiClient.ask('POST', `/v1/assessments/${id}/approve`, { body: { hash } });
const act = (verb: string, body?: object) =>
  apiClient.ask('POST', `/v1/assessments/${id}/${verb}`, body ? { body } : {});

beforeAll(async () => {
  apiClient = await openApiClient();
  await apiClient.ask('PUT', '/v1/clinicians?check=none', { body: PEOPLE });
});
afterAll(() => apiClient.close());

describe('an assessment that cannot be', () => {
  it.each([
    ['of an unknown vendor', { vendor: 'paper', year: 2026 }, 422, 'unknown_vendor'],
    ['of an unknown year', { vendor: 'theranest', year: 2031 }, 422, 'unknown_year'],
    [
      'where nothing is levied',
      { vendor: 'therapynotes', year: 2026 },
      422,
      'vendor_does_not_levy',
    ],
    ['on a forecast', { vendor: 'theranest', year: 2027 }, 409, 'rate_is_forecast'],
    ['in the year 1', { vendor: 'theranest', year: 1 }, 400, 'invalid_request'],
    ['with a typo', { vendor: 'theranest', year: 2026, autoaprove: true }, 400, 'invalid_request'],
    ['of a vendor with a formula', { vendor: '=cmd()', year: 2026 }, 400, 'invalid_request'],
    ['without a year', { vendor: 'theranest' }, 400, 'invalid_request'],
    ['of a year in words', { vendor: 'theranest', year: '2026' }, 400, 'invalid_request'],
  ])('%s is refused', async (_, body, status, code) => {
    expect(await open(body)).toMatchObject({ status, code });
    expect((await apiClient.ask('GET', '/v1/assessments')).json.assessments).toEqual([]);
  });

  it('approves itself only for those who may approve', async () => {
    const input = { vendor: 'theranest', year: 2026, autoApprove: true };
    const answer = await open(input, apiClient.tokens.operate);
    expect(answer).toMatchObject({ status: 403, code: 'missing_scope' });
    expect(answer.json.error.details).toEqual({ scope: 'approve' });
  });
});

describe('a preview', () => {
  it('shows what a forecast would come to, and opens nothing', async () => {
    const answer = await apiClient.ask('GET', '/v1/assessments/preview?vendor=theranest&year=2027');
    expect(answer.json).toEqual({
      vendor: 'theranest',
      year: 2027,
      clinicians: 4,
      used: 0,
      amountCents: 2000,
      totalCents: 0,
      rateStatus: 'forecast',
    });
    const none = await apiClient.ask('GET', '/v1/assessments/preview?vendor=theranest&year=2040');
    expect(none.code).toBe('unknown_year');
  });
});

describe('an assessment', () => {
  it('is opened once, and given again to whoever asks again', async () => {
    const input = { vendor: 'theranest', year: 2026 };
    const answers = await Promise.all([open(input), open(input), open(input)]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 201]);
    expect(new Set(answers.map(({ json }) => json.assessmentId)).size).toBe(1);
    id = answers[0].json.assessmentId;
    expect(answers[0].json).toMatchObject({
      vendorName: 'TheraNest',
      amountCents: 1950,
      openedBy: 'key-all',
      livemode: false,
      paused: null,
    });
    const jobs = await apiClient.queues.queues['open-assessment'].getJobs(['waiting']);
    expect(jobs.map((job) => job.data)).toEqual([{ assessmentId: id }]);
  });

  it('waits for every clinician to be looked at', async () => {
    await apiClient.ledger.assessments.enroll(id);
    const { hash, totals } = await roster();
    expect(totals).toMatchObject([{ bucket: 'detecting', clinicians: 5 }]);
    expect(await approve(hash)).toMatchObject({ status: 409, code: 'not_looked_at' });
  });

  it('shows each clinician with the reason, and totals that add up', async () => {
    for (const { feeId, ref, clinicianId } of await apiClient.ledger.reports.fees({ limit: 10 })) {
      feeIds[ref] = feeId;
      if (ref !== 'A4' && ref !== 'A5') await recordUse(apiClient.ledger, clinicianId);
    }
    for (const ref of ['A1', 'A2', 'A3'])
      await appendAll(apiClient.ledger, feeIds[ref]!, [sample('assessed')]);
    await appendAll(apiClient.ledger, feeIds['A4']!, [sample('exempted')]);
    await appendAll(apiClient.ledger, feeIds['A5']!, [sample('usage_checked')]);
    const { totals, rows, hash, next, amountCents } = await roster();
    expect(
      totals.map((one: Record<string, unknown>) => [one.bucket, one.clinicians, one.cents]),
    ).toEqual([
      ['will_be_charged', 1, 1950],
      ['no_card', 1, 1950],
      ['no_email', 1, 1950],
      ['no_use', 1, 0],
      ['vendor_does_not_levy', 1, 0],
    ]);
    for (const { meaning } of totals) expect(meaning.length).toBeGreaterThan(10);
    expect(rows).toMatchObject([
      { ref: 'A1', name: 'Ann Lee', bucket: 'will_be_charged', firstUsedOn: '2026-02-03' },
      { ref: 'A2', bucket: 'no_email' },
      { ref: 'A3', bucket: 'no_card' },
      { ref: 'A4', bucket: 'vendor_does_not_levy', amountCents: 0 },
      { ref: 'A5', bucket: 'no_use', firstUsedOn: null },
    ]);
    expect({ hash, next, amountCents }).toEqual({
      hash: expect.stringMatching(/^[0-9a-f]{64}$/),
      next: null,
      amountCents: 1950,
    });
  });

  it('is read page by page, and bucket by bucket', async () => {
    const first = await roster('?limit=2');
    expect(first.next).toBe('A2');
    const second = await roster(`?limit=2&after=${first.next}`);
    expect(second.rows.map(({ ref }: { ref: string }) => ref)).toEqual(['A3', 'A4']);
    expect(second.hash).toBe(first.hash);
    expect((await roster('?bucket=no_use')).rows).toHaveLength(1);
    const wrong = await apiClient.ask('GET', `/v1/assessments/${id}/roster?bucket=nonsense`);
    expect(wrong.code).toBe('invalid_request');
  });

  it('is not approved by a stale hash, which is answered with the new one', async () => {
    const { hash } = await roster();
    const [late] = await apiClient.ledger.reports.fees({ ref: 'A5', limit: 1 });
    await recordUse(apiClient.ledger, late!.clinicianId);
    await appendAll(apiClient.ledger, feeIds['A5']!, [sample('reopened'), sample('assessed')]);
    const answer = await approve(hash);
    expect(answer).toMatchObject({ status: 409, code: 'stale_roster' });
    const fresh = await roster();
    expect(answer.json.error.details).toEqual({ hash: fresh.hash });
    expect(fresh.hash).not.toBe(hash);
    expect((await approve('f'.repeat(64))).code).toBe('stale_roster');
    expect((await approve('not a hash')).code).toBe('invalid_request');
  });

  it('is approved by its hash: by two at once, one result and two lines in the audit', async () => {
    const { hash } = await roster();
    const answers = await Promise.all([approve(hash), approve(hash)]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
    expect(answers.find(({ status }) => status === 200)?.json).toEqual({ fees: 4, hash });
    const { audit } = (await apiClient.ask('GET', '/v1/audit')).json;
    const lines = audit.filter(
      ({ action, detail }: { action: string; detail: { hash: string } }) =>
        action === 'approve' && detail.hash === hash,
    );
    expect(lines).toHaveLength(2);
    expect(
      lines.map(({ detail }: { detail: { outcome: string } }) => detail.outcome).sort(),
    ).toEqual(['done', 'stale_roster']);
    const { states } = (await apiClient.ask('GET', `/v1/assessments/${id}`)).json;
    expect(states).toMatchObject([
      { state: 'approved', fees: 4, cents: 7800 },
      { state: 'exempt', fees: 1, cents: 0 },
    ]);
  });

  it('is paused with a reason and resumed, each once', async () => {
    expect((await act('pause', { why: '   ' })).code).toBe('invalid_request');
    const paused = await act('pause', { why: 'the bank called' });
    expect(paused.json.paused).toMatchObject({ by: 'key-all', why: 'the bank called' });
    expect((await act('pause', { why: 'again' })).code).toBe('already_paused');
    expect((await act('resume')).json.paused).toBeNull();
    expect((await act('resume')).code).toBe('not_paused');
  });

  it('that there is not is not found', async () => {
    const nowhere = '/v1/assessments/00000000-0000-4000-8000-000000000000';
    for (const path of ['', '/roster'])
      expect((await apiClient.ask('GET', nowhere + path)).code).toBe('not_found');
    const body = { hash: 'f'.repeat(64) };
    expect((await apiClient.ask('POST', `${nowhere}/approve`, { body })).code).toBe('not_found');
    for (const verb of ['pause', 'resume'])
      expect((await apiClient.ask('POST', `${nowhere}/${verb}`, { body: { why: 'x' } })).code).toBe(
        'not_found',
      );
    expect((await apiClient.ask('GET', '/v1/assessments/1')).code).toBe('invalid_request');
  });
});
