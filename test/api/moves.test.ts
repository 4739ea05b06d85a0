import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { appendAll, openedAssessment, setClock } from '../support/assessment.ts';
import { sample } from '../support/fees.ts';
import { openApiClient, type ApiClient } from './api-client.ts';

let apiClient: ApiClient;
let feeIds: string[];

beforeAll(async () => {
  apiClient = await openApiClient();
  ({ feeIds } = await openedAssessment(apiClient.db.pool, apiClient.ledger, { count: 12 }));
});
afterAll(() => apiClient.close());

const owed = [sample('assessed'), sample('approved')];
const noticed = [...owed, sample('noticed')];
const charging = (n: number) => [
  ...noticed,
  sample('intent_opened', { intent: `pi_${n}` }),
  sample('attempted', { intent: `pi_${n}` }),
];

/** Takes the n-th clinician's fee to where the entries lead, as time went by. */
async function personWith(n: number, entries: Parameters<typeof appendAll>[2]) {
  await setClock(apiClient.db.pool, new Date('2026-02-10T15:00:00Z'));
  const feeId = feeIds[n - 1]!;
  const before = entries.filter(({ kind }) => kind !== 'attempted' && kind !== 'paid');
  await appendAll(apiClient.ledger, feeId, before);
  await setClock(apiClient.db.pool, new Date('2026-06-01T15:00:00Z'));
  const after = entries.filter(({ kind }) => kind === 'attempted' || kind === 'paid');
  const { clinician } = await appendAll(apiClient.ledger, feeId, after);
  return { feeId, id: clinician.clinicianId };
}
const preview = (id: string, vendor: string | null, on: string) =>
  apiClient.ask('POST', `/v1/clinicians/${id}/moves/preview`, { body: { vendor, on } });
const move = (id: string, vendor: string | null, on: string, shown: string) =>
  apiClient.ask('POST', `/v1/clinicians/${id}/moves`, { body: { vendor, on, shown } });
const kindsOf = async (feeId: string) =>
  (await apiClient.ledger.fees.load(feeId))!.entries.map(({ kind }) => kind);
const vendorOf = async (id: string) => (await apiClient.ledger.clinicians.get(id))!.vendor;
const audited = async (id: string) =>
  (await apiClient.ledger.access.auditedOf(`clinician ${id}`, 10)).map((line) => ({
    action: line.action,
    ...line.detail,
  }));

describe('a move to another EHR', () => {
  it('is shown before it is made, and the same move again does nothing', async () => {
    const { feeId, id } = await personWith(1, noticed);
    const shown = await preview(id, 'therapynotes', '2026-05-01');
    expect(shown.json).toMatchObject({
      from: 'theranest',
      isDone: false,
      fees: [{ feeId, year: 2026, amountCents: 1950, outcome: 'waived', doubtful: false }],
    });
    expect(await kindsOf(feeId)).not.toContain('waived');
    expect(await vendorOf(id)).toBe('theranest');
    const answer = await move(id, 'therapynotes', '2026-05-01', shown.json.shown);
    expect(answer.json).toMatchObject({ feesChanged: 1 });
    expect(await kindsOf(feeId)).toEqual(['assessed', 'approved', 'noticed', 'waived']);
    expect(await vendorOf(id)).toBe('therapynotes');
    const again = await move(id, 'therapynotes', '2026-05-01', shown.json.shown);
    expect(again.json).toMatchObject({ isDone: true, feesChanged: 0 });
    expect(await kindsOf(feeId)).toHaveLength(4);
    expect(await audited(id)).toEqual([
      {
        action: 'move_clinician',
        changes: { vendor: { from: 'theranest', to: 'therapynotes' } },
        on: '2026-05-01',
        waived: 1,
      },
    ]);
  });

  it('is refused when it would do something else than was shown, and writes nothing', async () => {
    const { feeId, id } = await personWith(2, charging(2));
    const shown = await preview(id, 'therapynotes', '2026-05-01');
    expect(shown.json.fees[0].why).toContain('paid back');
    await appendAll(apiClient.ledger, feeId, [
      sample('paid', { intent: 'pi_2', charge: 'ch_moved' }),
    ]);
    const answer = await move(id, 'therapynotes', '2026-05-01', shown.json.shown);
    expect(answer).toMatchObject({ status: 409, code: 'stale_move' });
    expect(answer.json.error.details.fees).toMatchObject([{ outcome: 'refund_to_decide' }]);
    expect(await vendorOf(id)).toBe('theranest');
    expect(await kindsOf(feeId)).not.toContain('waive_asked');
    const anew = answer.json.error.details.shown as string;
    expect((await move(id, 'therapynotes', '2026-05-01', anew)).json.feesChanged).toBe(1);
    expect((await kindsOf(feeId)).at(-1)).toBe('held');
  });

  it('sent twice at once is made once', async () => {
    const { feeId, id } = await personWith(3, noticed);
    const { shown } = (await preview(id, 'therapynotes', '2026-05-01')).json;
    const answers = await Promise.all(
      [1, 2, 3].map(() => move(id, 'therapynotes', '2026-05-01', shown)),
    );
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(answers.map(({ json }) => json.feesChanged).sort()).toEqual([0, 0, 1]);
    expect((await kindsOf(feeId)).filter((kind) => kind === 'waived')).toHaveLength(1);
    expect(await audited(id)).toHaveLength(1);
  });

  it('before the first use there is no fee, and a person who was never told is not', async () => {
    const { feeId, id } = await personWith(4, owed);
    const { shown, fees } = (await preview(id, 'therapynotes', '2026-01-10')).json;
    expect(fees).toMatchObject([{ outcome: 'no_fee', doubtful: true }]);
    expect((await move(id, 'therapynotes', '2026-01-10', shown)).status).toBe(200);
    expect(await kindsOf(feeId)).toEqual(['assessed', 'approved', 'withdrawn', 'reopened']);
  });

  it('to an EHR that levies too leaves the fee owed', async () => {
    const { feeId, id } = await personWith(5, noticed);
    const { shown, fees } = (await preview(id, 'simplepractice', '2026-05-01')).json;
    expect(fees).toMatchObject([{ outcome: 'stays_owed' }]);
    const answer = await move(id, 'simplepractice', '2026-05-01', shown);
    expect(answer.json.feesChanged).toBe(0);
    expect(await vendorOf(id)).toBe('simplepractice');
    expect(await kindsOf(feeId)).toHaveLength(3);
    expect((await preview(id, 'simplepractice', '2026-05-01')).json.isDone).toBe(true);
  });

  it('to one that is not known here holds the fee and leaves the roster', async () => {
    const { feeId, id } = await personWith(6, charging(6));
    const { shown } = (await preview(id, null, '2026-05-01')).json;
    expect((await move(id, null, '2026-05-01', shown)).json.feesChanged).toBe(1);
    expect((await kindsOf(feeId)).at(-1)).toBe('held');
    expect(await vendorOf(id)).toBe('theranest');
    expect((await move(id, null, '2026-05-01', shown)).json.feesChanged).toBe(0);
  });

  it('refuses an EHR nobody knows, a day that is none or has not come, and a stranger', async () => {
    const { id } = await personWith(7, owed);
    expect((await preview(id, 'nobody', '2026-05-01')).code).toBe('unknown_vendor');
    expect((await preview(id, 'therapynotes', '2026-02-30')).code).toBe('invalid_request');
    expect((await preview(id, 'therapynotes', '2026-06-02')).code).toBe('day_to_come');
    const nobody = '00000000-0000-4000-8000-000000000000';
    expect((await preview(nobody, 'therapynotes', '2026-05-01')).code).toBe('not_found');
    const stale = await move(id, 'therapynotes', '2026-05-01', 'a'.repeat(64));
    expect(stale.code).toBe('stale_move');
  });
});
