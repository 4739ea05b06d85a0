import { afterAll, beforeAll, expect, it } from 'vitest';
import { createDetect } from '../../workers/steps/detect.ts';
import { openApiClient, type ApiClient } from './api-client.ts';

let apiClient: ApiClient;
let feeId: string;

beforeAll(async () => {
  apiClient = await openApiClient();
  const body = [{ ref: 'A1', name: 'Ann Lee', npi: '1234567893', vendor: 'theranest' }];
  await apiClient.ask('PUT', '/v1/clinicians', { body });
  const opened = await apiClient.ask('POST', '/v1/assessments', {
    body: { vendor: 'theranest', year: 2026 },
  });
  await apiClient.ledger.assessments.enroll(opened.json.assessmentId);
  feeId = (await apiClient.ask('GET', '/v1/fees')).json.fees[0].feeId;
  await look();
});
afterAll(() => apiClient.close());

/** What the worker does with the job that was put on the queue. */
async function look(): Promise<string> {
  const feeRecord = await apiClient.ledger.fees.load(feeId);
  await createDetect(apiClient)({ feeId, seq: feeRecord!.entries.length });
  return stateNow();
}
const stateNow = async () => (await apiClient.ask('GET', `/v1/fees/${feeId}`)).json.state as string;
const queued = async () => (await apiClient.queues.queues.detect.getJobs(['waiting'])).length;

const NOTE = `Therapist: Ann Lee, NPI 1234567893
Date of service: 2026-04-01
Did not bill CPT 90837.
`;

it('weak evidence makes nobody owe until a person accepts it', async () => {
  expect(await stateNow()).toBe('no_use');
  const imported = await apiClient.ask('POST', '/v1/imports?fileName=note.txt', { body: NOTE });
  expect(imported.json).toMatchObject({ findings: 1, matched: 1, weak: 1, feesChanged: 0 });
  expect(await stateNow()).toBe('no_use');

  const { evidence } = (await apiClient.ask('GET', '/v1/evidence/weak')).json;
  expect(evidence).toMatchObject([{ ref: 'A1', year: 2026, fileName: 'note.txt', line: 3 }]);
  const before = await queued();
  const path = `/v1/evidence/${evidence[0].evidenceId}`;
  expect((await apiClient.ask('POST', `${path}/accept`)).json).toEqual({
    verdict: 'accepted',
    feesChanged: 1,
  });
  expect(await queued()).toBe(before + 1);
  expect(await look()).toBe('ready');
  expect((await apiClient.ask('GET', '/v1/evidence/weak')).json.evidence).toEqual([]);
  expect((await apiClient.ask('POST', `${path}/accept`)).code).toBe('nothing_to_decide');

  expect((await apiClient.ask('POST', `${path}/refuse`)).json).toMatchObject({ feesChanged: 1 });
  expect(await look()).toBe('no_use');
});

it('a sure use found later opens the fee again, one found twice does not', async () => {
  const use =
    'Date of Service,Clinician,Clinician NPI,Billing Code\n2026-05-02,,1234567893,90834\n';
  const first = await apiClient.ask('POST', '/v1/imports', { body: use });
  expect(first.json).toMatchObject({ matched: 1, feesChanged: 1 });
  expect(await look()).toBe('ready');
  const again = await apiClient.ask('POST', '/v1/imports', { body: use });
  expect(again.json).toMatchObject({ created: false, feesChanged: 0 });
  expect(await stateNow()).toBe('ready');
});

it('sure evidence that was refused takes the fee with it, unless another stands', async () => {
  const more =
    'Date of Service,Clinician,Clinician NPI,Billing Code\n2026-07-02,,1234567893,90834\n';
  await apiClient.ask('POST', '/v1/imports', { body: more });
  const { evidence } = (await apiClient.ask('GET', `/v1/fees/${feeId}`)).json;
  const sure = evidence.filter(({ certainty }: { certainty: string }) => certainty === 'sure');
  expect(sure).toHaveLength(2);
  const refuse = (id: string) => apiClient.ask('POST', `/v1/evidence/${id}/refuse`);
  expect((await refuse(sure[0].evidenceId)).json).toMatchObject({ feesChanged: 0 });
  expect(await stateNow()).toBe('ready');
  expect((await refuse(sure[1].evidenceId)).json).toMatchObject({ feesChanged: 1 });
  expect(await look()).toBe('no_use');
});
