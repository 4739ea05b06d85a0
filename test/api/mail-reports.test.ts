import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { NewEntry } from '../../core/fee/fee.ts';
import { appendAll, openedAssessment } from '../support/assessment.ts';
import { sample } from '../support/fees.ts';
import { openApiClient, type ApiClient } from './api-client.ts';

let apiClient: ApiClient;
let feeIds: string[];

beforeAll(async () => {
  apiClient = await openApiClient();
  ({ feeIds } = await openedAssessment(apiClient.db.pool, apiClient.ledger, { count: 8 }));
});
afterAll(() => apiClient.close());

const idOf = (feeId: string, kind = 'notice', n = 1) =>
  `<fee-${feeId}-${kind}-${n}@sunrise.example>`;

/** The n-th clinician's fee, noticed, and what came after. */
async function noticedFee(n: number, ...then: NewEntry[]): Promise<string> {
  const feeId = feeIds[n - 1] as string;
  const notice = sample('noticed', { messageId: idOf(feeId) });
  const entries = [sample('assessed'), sample('approved'), notice, ...then];
  await appendAll(apiClient.ledger, feeId, entries);
  return feeId;
}

function report(messageId: string, type = 'delivery-status', action = 'failed'): string {
  return [
    `Content-Type: multipart/report; report-type=${type}; boundary=b`,
    ...['', '--b', `Content-Type: message/${type}`, '', 'Reporting-MTA: dns; mx.example', ''],
    ...[`Action: ${action}`, 'Status: 5.2.1', 'Final-Recipient: rfc822; person1@example.org'],
    ...[
      '',
      '--b',
      'Content-Type: message/rfc822',
      '',
      `Message-ID: ${messageId}`,
      '',
      'x',
      '--b--',
    ],
  ].join('\r\n');
}

const send = async (body: string, token?: string) =>
  apiClient.ask('POST', '/v1/mail-reports', {
    body,
    headers: { 'content-type': 'message/rfc822' },
    ...(token ? { token } : {}),
  });
const stateOf = async (feeId: string) => (await apiClient.ask('GET', `/v1/fees/${feeId}`)).json;

describe('a notice that came back', () => {
  it('announces nothing any more, and says why', async () => {
    const feeId = await noticedFee(1);
    const answer = await send(report(idOf(feeId)));
    expect(answer).toMatchObject({ status: 200, json: { outcome: 'bounced', feeId } });
    const { audit } = (await apiClient.ask('GET', '/v1/audit?limit=1')).json;
    const said = { actor: 'key-all', action: 'bounce', object: `fee ${feeId}` };
    expect(audit[0]).toMatchObject({ ...said, detail: { outcome: 'done' } });
    const { state, next, entries } = await stateOf(feeId);
    expect(state).toBe('notice_failed');
    expect(next.step).toBeNull();
    expect(entries.at(-1)).toMatchObject({ kind: 'notice_failed', data: { why: 'bounced 5.2.1' } });
  });

  it('reported again changes nothing, nor does one for a notice before the last', async () => {
    const feeId = feeIds[0] as string;
    expect((await send(report(idOf(feeId)))).json).toEqual({
      outcome: 'noted',
      feeId,
      why: 'not_noticed',
    });
    const later = sample('noticed', { messageId: idOf(feeId, 'notice', 2) });
    await appendAll(apiClient.ledger, feeId, [sample('retry_asked'), later]);
    expect((await send(report(idOf(feeId)))).json.outcome).toBe('noted');
    expect((await stateOf(feeId)).state).toBe('noticed');
  });

  it('after the money was taken is too late to change anything', async () => {
    const paid = ['intent_opened', 'paid'] as const;
    const feeId = await noticedFee(2, ...paid.map((kind) => sample(kind)));
    expect((await send(report(idOf(feeId)))).json).toMatchObject({ why: 'already_settled' });
    expect((await stateOf(feeId)).state).toBe('paid');
  });

  it('may be said by a person as well, with a reason', async () => {
    const feeId = await noticedFee(3);
    const body = { why: 'the mailbox is full' };
    expect((await apiClient.ask('POST', `/v1/fees/${feeId}/bounce`, { body })).json.state).toBe(
      'notice_failed',
    );
    const again = await apiClient.ask('POST', `/v1/fees/${feeId}/bounce`, { body });
    expect(again).toMatchObject({ status: 409, code: 'not_noticed' });
  });
});

it('a complaint holds the fee for a person', async () => {
  const feeId = await noticedFee(4);
  const answer = await send(report(idOf(feeId), 'feedback-report'));
  expect(answer.json).toMatchObject({ outcome: 'held', feeId });
  expect(await stateOf(feeId)).toMatchObject({ state: 'held' });
  expect((await send(report(idOf(feeId), 'feedback-report'))).json.why).toBe('already_held');
});

describe('what changes nothing', () => {
  it('is an e-mail that came back: it stands in the audit', async () => {
    const feeId = await noticedFee(5);
    const answer = await send(report(idOf(feeId, 'receipt')));
    expect(answer.json).toEqual({ outcome: 'noted', feeId, why: 'receipt' });
    expect((await stateOf(feeId)).state).toBe('noticed');
    const { audit } = (await apiClient.ask('GET', '/v1/audit?limit=1')).json;
    expect(audit[0]).toMatchObject({
      action: 'mail_report',
      object: `fee ${feeId}`,
      detail: { mail: 'receipt', report: 'failed', outcome: 'done' },
    });
  });

  it('is a delay, somebody else’s mail, and any other mail', async () => {
    const feeId = await noticedFee(6);
    const outcome = async (body: string) => (await send(body)).json;
    expect(await outcome(report(idOf(feeId), 'delivery-status', 'delayed'))).toEqual({
      outcome: 'ignored',
      feeId: null,
      why: 'not_final',
    });
    const nobody = '00000000-0000-4000-8000-000000000000';
    for (const kind of ['notice', 'receipt'])
      expect((await outcome(report(idOf(nobody, kind)))).why).toBe('not_ours');
    expect((await outcome('Subject: hello\r\n\r\nhello')).why).toBe('no_report');
    expect((await stateOf(feeId)).state).toBe('noticed');
  });
});

describe('a report is refused', () => {
  it('when it is empty, too large, or sent as something else', async () => {
    expect((await send('')).code).toBe('empty_body');
    expect(await send('x'.repeat(3_000_000))).toMatchObject({ status: 413, code: 'too_large' });
    const json = await apiClient.ask('POST', '/v1/mail-reports', { body: { mail: 'x' } });
    expect(json.code).toBe('unsupported_type');
  });

  it('from whoever may not operate', async () => {
    const feeId = await noticedFee(7);
    const answer = await send(report(idOf(feeId)), apiClient.tokens.read);
    expect(answer).toMatchObject({ status: 403 });
    expect((await stateOf(feeId)).state).toBe('noticed');
  });

  it('and nothing of it is logged or kept', async () => {
    expect(apiClient.log()).not.toContain('person1@example.org');
    const { rows } = await apiClient.db.pool.query('select detail::text, object from audit');
    expect(JSON.stringify(rows)).not.toContain('person1@example.org');
  });
});
