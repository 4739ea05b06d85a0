import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { setClock } from '../support/assessment.ts';
import { createStripeConsole, type Visitor } from './console-client.ts';

let consoleClient: Awaited<ReturnType<typeof createStripeConsole>>;
let reader: Visitor;
let operator: Visitor;

beforeAll(async () => {
  consoleClient = await createStripeConsole();
  await setClock(consoleClient.pool, new Date('2026-03-01T15:00:00Z'));
  reader = await consoleClient.visitor('read');
  operator = await consoleClient.visitor('read', 'operate');
});
afterAll(() => consoleClient.close());

const fee = async (state: 'noticed' | 'paid' | 'held') => {
  const { feeFixtures } = consoleClient;
  const loaded = await feeFixtures.ledger.fees.load(feeFixtures.fees[state]);
  return loaded!;
};
const shownOf = (body: string) => /name="shown" value="([0-9a-f]{64})"/.exec(body)?.[1] ?? '';

describe('the page of a move', () => {
  it('is for those who may operate, from the pages of the person and of the fee', async () => {
    const { feeId, clinician } = await fee('noticed');
    const person = `/console/people/${clinician.clinicianId}`;
    expect((await operator.get(person)).body).toContain(`${person}/move`);
    expect((await operator.get(`/console/fees/${feeId}`)).body).toContain(`${person}/move`);
    expect((await reader.get(person)).body).not.toContain(`${person}/move`);
    expect((await reader.get(`${person}/move`)).statusCode).toBe(403);
  });

  it('shows what happens, and makes the move only with the box ticked', async () => {
    const { feeId, clinician } = await fee('noticed');
    const here = `/console/people/${clinician.clinicianId}/move`;
    const told = { vendor: 'therapynotes', on: '2026-02-05' };
    const page = await operator.post(here, told);
    expect(page.statusCode, page.body).toBe(200);
    expect(page.body).toContain('Waived: the new EHR does not levy the fee.');
    const shown = shownOf(page.body);
    const unticked = await operator.post(`${here}/confirm`, { ...told, shown });
    expect(unticked.statusCode).toBe(400);
    expect((await fee('noticed')).entries.some(({ kind }) => kind === 'waived')).toBe(false);
    const answer = await operator.post(`${here}/confirm`, { ...told, shown, sure: 'yes' });
    expect(answer.headers.location).toBe(`/console/people/${clinician.clinicianId}?done=moved`);
    const entries = (await consoleClient.feeFixtures.ledger.fees.load(feeId))!.entries;
    expect(entries.at(-1)).toMatchObject({ kind: 'waived' });
    expect((await operator.get(String(answer.headers.location))).body).toContain('move clinician');
    expect((await operator.post(here, told)).body).toContain('Nothing is left to do.');
  });

  it('that would do something else by now is shown again, and not made', async () => {
    const { feeId, clinician } = await fee('paid');
    const here = `/console/people/${clinician.clinicianId}/move`;
    const told = { vendor: 'therapynotes', on: '2026-02-05' };
    const shown = shownOf((await operator.post(here, told)).body);
    await consoleClient.feeFixtures.ledger.fees.change(feeId, 'somebody', () => ({
      entries: [{ kind: 'held', data: { why: 'a look' } }],
    }));
    const answer = await operator.post(`${here}/confirm`, { ...told, shown, sure: 'yes' });
    expect(answer.statusCode).toBe(409);
    expect(answer.body).toContain('something else than was shown');
    expect(answer.body).toContain('a person is looking at it already');
    const after = await consoleClient.feeFixtures.ledger.clinicians.get(clinician.clinicianId);
    expect(after?.vendor).toBe('theranest');
  });

  it('refuses a day that has not come and keeps what was typed', async () => {
    const { clinician } = await fee('held');
    const here = `/console/people/${clinician.clinicianId}/move`;
    const answer = await operator.post(here, { vendor: '-', on: '2199-01-01' });
    expect(answer.statusCode).toBe(422);
    expect(answer.body).toContain('has not come yet');
    expect(answer.body).toContain('value="2199-01-01"');
  });
});
