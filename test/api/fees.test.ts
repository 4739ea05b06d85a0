import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { appendAll, openedAssessment } from '../support/assessment.ts';
import { sample } from '../support/fees.ts';
import { openApiClient, type ApiClient } from './api-client.ts';

let apiClient: ApiClient;
let feeIds: string[];
let assessmentId: string;

beforeAll(async () => {
  apiClient = await openApiClient();
  ({ feeIds, assessmentId } = await openedAssessment(apiClient.db.pool, apiClient.ledger, {
    count: 10,
  }));
});
afterAll(() => apiClient.close());

const asked = [sample('assessed'), sample('approved')];
/** Takes the n-th clinician's fee to where the entries lead. */
const fee = async (n: number, entries: Parameters<typeof appendAll>[2]) => {
  await appendAll(apiClient.ledger, feeIds[n - 1]!, entries);
  return feeIds[n - 1]!;
};
const act = (id: string, verb: string, body?: object) =>
  apiClient.ask('POST', `/v1/fees/${id}/${verb}`, body ? { body } : {});
const story = async (id: string) => (await apiClient.ask('GET', `/v1/fees/${id}`)).json;

describe('the story of a fee', () => {
  it('tells every entry in order, what is next and why, the evidence and the money', async () => {
    const id = await fee(1, asked);
    const told = await story(id);
    expect(told).toMatchObject({
      feeId: id,
      assessmentId,
      vendorName: 'TheraNest',
      year: 2026,
      clinician: { ref: 'C-1', name: 'Person 1' },
      state: 'approved',
      amountCents: { royalty: 1850, processing: 100, total: 1950, owed: 1950 },
      next: { step: 'notice', why: 'approved', paused: false },
      balances: { receivable: 1950, passed_on: -1950 },
    });
    expect(told.entries).toMatchObject([
      {
        seq: 1,
        kind: 'assessed',
        debit: 'receivable',
        credit: 'passed_on',
        amountCents: 1950,
        actor: 'test',
        sentence:
          'The fee of $19.50 is owed: a code was first used on 2026-02-03, in a billing record.',
        data: { amountCents: 1950, evidence: { kind: 'billing' } },
      },
      { seq: 2, kind: 'approved', debit: null, amountCents: null },
    ]);
    expect(told.evidence).toMatchObject([
      { kind: 'billing', fileName: 'claims.837', line: 12, certainty: 'sure', verdict: null },
    ]);
    expect(JSON.stringify(told)).not.toContain('person1@example.org');
  });

  it('of no fee is not found', async () => {
    const nobody = '00000000-0000-4000-8000-000000000000';
    expect(await apiClient.ask('GET', `/v1/fees/${nobody}`)).toMatchObject({ status: 404 });
    for (const verb of ['release', 'retry', 'card-link'])
      expect((await act(nobody, verb)).code).toBe('not_found');
    expect((await act(nobody, 'waive', { why: 'x' })).code).toBe('not_found');
    expect((await apiClient.ask('GET', '/v1/fees/1')).code).toBe('invalid_request');
  });
});

describe('the list of fees', () => {
  it('is read page by page and by state', async () => {
    const first = (await apiClient.ask('GET', '/v1/fees?limit=4')).json;
    expect(first.fees).toHaveLength(4);
    const rest = (await apiClient.ask('GET', `/v1/fees?limit=100&after=${first.next}`)).json;
    const all = [...first.fees, ...rest.fees].map(({ feeId }: { feeId: string }) => feeId);
    expect([...all].sort()).toEqual([...feeIds].sort());
    expect(rest.next).toBeNull();
    const ready = await apiClient.ask(
      'GET',
      `/v1/fees?state=approved&assessmentId=${assessmentId}`,
    );
    expect(ready.json.fees).toMatchObject([{ ref: 'C-1', state: 'approved', nextStep: 'notice' }]);
    expect((await apiClient.ask('GET', '/v1/fees?state=nonsense')).code).toBe('invalid_request');
    expect((await apiClient.ask('GET', '/v1/fees?limit=0')).code).toBe('invalid_request');
    expect((await apiClient.ask('GET', '/v1/fees?ref=%00')).code).toBe('invalid_request');
  });
});

describe('a person', () => {
  it('waives a fee, once, with a reason', async () => {
    const id = await fee(2, asked);
    expect((await act(id, 'waive')).code).toBe('invalid_request');
    expect((await act(id, 'waive', { why: 'a\r\nb' })).code).toBe('invalid_request');
    expect((await act(id, 'waive', { why: 'kindness' })).json).toEqual({
      feeId: id,
      state: 'waived',
    });
    expect(await act(id, 'waive', { why: 'again' })).toMatchObject({
      status: 409,
      code: 'already_settled',
    });
    expect((await story(id)).entries.at(-1)).toMatchObject({
      kind: 'waived',
      actor: 'key-all',
      sentence: '$19.50 were waived: kindness.',
    });
    const { audit } = (await apiClient.ask('GET', '/v1/audit')).json;
    const outcomes = audit
      .filter(({ object }: { object: string }) => object === `fee ${id}`)
      .map(({ detail }: { detail: { outcome: string } }) => detail.outcome);
    expect(outcomes).toEqual(['already_settled', 'done']);
  });

  it('records a payment without the card, with its day, and only once', async () => {
    const id = await fee(9, asked);
    const pay = (payment: object) => act(id, 'pay-otherwise', payment);
    expect((await pay({ how: 'barter', on: '2026-01-20' })).code).toBe('invalid_request');
    expect((await pay({ how: 'check', on: '2026-02-30' })).code).toBe('invalid_request');
    expect((await pay({ how: 'check', on: '2199-01-01' })).code).toBe('invalid_request');
    expect((await pay({ how: 'check', on: '2026-01-20', reference: 'a\u0000b' })).code).toBe(
      'invalid_request',
    );
    const payment = { how: 'check', on: '2026-01-20', reference: ' 1042 ' };
    expect((await pay(payment)).json).toEqual({ feeId: id, state: 'paid_otherwise' });
    expect(await pay(payment)).toMatchObject({ status: 409, code: 'already_settled' });
    const { entries, balances } = await story(id);
    expect(entries.at(-1)).toMatchObject({
      sentence: '$19.50 were paid by check on 2026-01-20 (“1042”).',
      data: { reference: '1042' },
    });
    expect(balances).toEqual({ receivable: 0, passed_on: -1950, other_payments: 1950 });
    const { audit } = (await apiClient.ask('GET', '/v1/audit')).json;
    const line = audit.find(
      ({ detail }: { detail: { outcome: string } }) => detail.outcome === 'done',
    );
    expect(line).toMatchObject({
      ...{ action: 'pay_otherwise', object: `fee ${id}` },
      detail: { how: 'check', on: '2026-01-20', reference: '1042' },
    });
  });

  it('holds and releases a fee', async () => {
    const id = await fee(3, asked);
    expect((await act(id, 'release')).code).toBe('not_held');
    expect((await act(id, 'hold', { why: 'let me look' })).json.state).toBe('held');
    expect((await act(id, 'hold', { why: 'me too' })).code).toBe('already_held');
    expect((await act(id, 'release')).json.state).toBe('approved');
  });

  it('does the same thing once, however many ask at once', async () => {
    const id = await fee(4, asked);
    const answers = await Promise.all(
      Array.from({ length: 6 }, () => act(id, 'waive', { why: 'kindness' })),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.filter(({ code }) => code === 'already_settled')).toHaveLength(5);
    const kinds = (await story(id)).entries.map(({ kind }: { kind: string }) => kind);
    expect(kinds).toEqual(['assessed', 'approved', 'waived']);
  });

  it('retries what failed, and its step is put on the queue at once', async () => {
    const id = await fee(5, [...asked, sample('notice_failed')]);
    expect((await act(feeIds[0]!, 'retry')).code).toBe('not_retryable');
    expect((await act(id, 'retry')).json.state).toBe('approved');
    const jobs = await apiClient.queues.queues.notice.getJobs(['waiting']);
    expect(jobs.map((job) => job.data)).toContainEqual({ feeId: id, seq: 4 });
  });

  it('gives back only what was paid', async () => {
    const id = await fee(6, asked);
    expect((await act(id, 'refund', { why: 'mistake' })).code).toBe('not_paid');
  });

  it('acts on a paused assessment, but nothing of it is put on the queue', async () => {
    const id = await fee(7, [...asked, sample('notice_failed')]);
    await apiClient.ask('POST', `/v1/assessments/${assessmentId}/pause`, { body: { why: 'wait' } });
    expect((await act(id, 'retry')).status).toBe(200);
    expect((await story(id)).next.paused).toBe(true);
    const jobs = await apiClient.queues.queues.notice.getJobs(['waiting']);
    expect(jobs.map((job) => job.data.feeId)).not.toContain(id);
    await apiClient.ask('POST', `/v1/assessments/${assessmentId}/resume`);
  });

  it('gets a link on which the clinician gives another card, kept nowhere', async () => {
    const body = [{ ref: 'C-8', name: 'Person 8', stripe_customer: await customer() }];
    await apiClient.ask('PUT', '/v1/clinicians', { body });
    const id = await fee(8, asked);
    const headers = { 'idempotency-key': 'card-8' };
    const answer = await apiClient.ask('POST', `/v1/fees/${id}/card-link`, { headers });
    expect(answer.status, answer.text).toBe(201);
    expect(answer.json.url).toMatch(/^http/);
    const kept = await apiClient.db.pool.query('select 1 from idempotent_requests');
    expect(kept.rowCount).toBe(0);
    await apiClient.db.pool.query(
      "update clinicians set stripe_customer = null, email = null where ref = 'C-8'",
    );
    expect((await act(id, 'card-link')).code).toBe('no_customer');
  });
});

describe('the export', () => {
  it('is safe to open in a spreadsheet', async () => {
    await apiClient.db.pool.query(
      `update clinicians set name = '=HYPERLINK("http://evil","x")', ref = '+1' where ref = 'C-9'`,
    );
    const answer = await apiClient.ask('GET', '/v1/fees.csv');
    expect(answer.headers).toMatchObject({
      'content-type': 'text/csv; charset=utf-8',
      'content-disposition': 'attachment; filename="fees.csv"',
      'x-content-type-options': 'nosniff',
    });
    const lines = answer.text.trimEnd().split('\r\n');
    expect(lines[0]).toMatch(/^ref,name,vendor,year,state,amount_usd,/);
    expect(lines).toHaveLength(11);
    const ours = lines.find((line) => line.includes('HYPERLINK'))!;
    expect(ours).toMatch(/^"'\+1","'=HYPERLINK\(""http:\/\/evil"",""x""\)","theranest",2026,/);
    for (const line of lines.slice(1)) expect(line).toMatch(/^"/);
    const one = await apiClient.ask('GET', '/v1/fees.csv?state=waived');
    expect(one.text.trimEnd().split('\r\n')).toHaveLength(3);
    expect(one.text).toContain(',19.50,');
  });
});

async function customer(): Promise<string> {
  const answer = await fetch(`${apiClient.stripe.url}/v1/customers`, {
    method: 'POST',
    headers: { authorization: 'Bearer sk_test_office' },
  });
  return ((await answer.json()) as { id: string }).id;
}
