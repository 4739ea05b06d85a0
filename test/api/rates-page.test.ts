import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createConsoleClient, type ConsoleClient, type Visitor } from './console-client.ts';

let consoleClient: ConsoleClient;
let reader: Visitor;
let operator: Visitor;
let approver: Visitor;

beforeAll(async () => {
  consoleClient = await createConsoleClient();
  reader = await consoleClient.visitor('read');
  operator = await consoleClient.visitor('read', 'operate');
  approver = await consoleClient.visitor('read', 'operate', 'approve');
});
afterAll(() => consoleClient.close());

const rates = () => consoleClient.feeFixtures.ledger.rates;
const RATE = {
  vendor: 'simplepractice',
  year: '2026',
  royalty: '18.50',
  processing: '1',
  status: 'forecast',
  source: 'invoice of <January>',
};

describe('rates in the console', () => {
  it('are entered to the cent, and confirmed by another press', async () => {
    expect((await approver.post('/console/rates', RATE)).statusCode).toBe(303);
    const entered = { royaltyCents: 1850, processingCents: 100, enteredBy: approver.name };
    expect(await rates().get('simplepractice', 2026)).toMatchObject({
      ...entered,
      status: 'forecast',
    });
    const confirmed = { ...RATE, status: 'confirmed' };
    expect((await approver.post('/console/rates', confirmed)).statusCode).toBe(303);
    expect(await rates().get('simplepractice', 2026)).toMatchObject({ status: 'confirmed' });
    const { body } = await reader.get('/console/rates');
    expect(body).toContain('$19.50');
    expect(body).toContain('invoice of &lt;January&gt;');
    expect(body).not.toContain('action="/console/rates"');
  });

  it.each([
    ['royalty', '1,850'],
    ['royalty', '-1.00'],
    ['royalty', '18.505'],
    ['royalty', '18.5'],
    ['royalty', ''],
    ['royalty', '1e3'],
    ['royalty', '1001.00'],
    ['processing', 'one'],
    ['year', '26'],
  ])('are refused in words with the %s %j, and what was typed stays', async (field, value) => {
    const before = await rates().list();
    const answer = await approver.post('/console/rates', { ...RATE, year: '2027', [field]: value });
    expect(answer.statusCode).toBe(422);
    expect(answer.body).toContain('Nothing was written.');
    expect(answer.body).toContain('invoice of &lt;January&gt;');
    expect(await rates().list()).toEqual(before);
  });

  it('below what Stripe charges are refused', async () => {
    const tiny = { ...RATE, year: '2027', royalty: '0.25', processing: '0' };
    const { statusCode, body } = await approver.post('/console/rates', tiny);
    expect(statusCode).toBe(422);
    expect(body).toContain('50 cents');
  });

  it('can be of an EHR that was added here, once', async () => {
    const wanted = { name: 'Fusion & Co', levies: 'yes', source: 'their invoice' };
    expect((await approver.post('/console/rates/vendors', wanted)).statusCode).toBe(303);
    expect(await rates().vendors()).toContainEqual({
      vendor: 'fusion-co',
      name: 'Fusion & Co',
      levies: true,
      source: 'their invoice',
    });
    const again = await approver.post('/console/rates/vendors', wanted);
    expect(again.statusCode).toBe(422);
    expect(again.body).toContain('There is an EHR of this name.');
    const nameless = { ...wanted, name: '王' };
    expect((await approver.post('/console/rates/vendors', nameless)).statusCode).toBe(422);
  });

  it('are entered only by those who may approve', async () => {
    expect((await operator.post('/console/rates', RATE)).statusCode).toBe(403);
    const vendor = { name: 'X', levies: 'yes', source: 'x' };
    expect((await operator.post('/console/rates/vendors', vendor)).statusCode).toBe(403);
  });
});
