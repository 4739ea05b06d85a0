import { afterAll, beforeAll, expect, it } from 'vitest';
import { createConsoleClient, type ConsoleClient, type Visitor } from './console-client.ts';

let consoleClient: ConsoleClient;
let operator: Visitor;
let here: string;

beforeAll(async () => {
  consoleClient = await createConsoleClient();
  operator = await consoleClient.visitor('read', 'operate', 'approve');
  here = `/console/assessments/${consoleClient.feeFixtures.assessmentId}`;
});
afterAll(() => consoleClient.close());

/** The page's text, with the tags and the extra white space taken out. */
const textOf = async (path: string) =>
  (await operator.get(path)).body.replace(/<[^>]*>/g, ' ').replace(/\s+/g, ' ');

it('the report says rate, rules, outcomes, money, approvals, checks and acts', async () => {
  const { ledger, assessmentId, fees } = consoleClient.feeFixtures;
  await operator.post(`/console/fees/${fees.noticed}/hold`, { why: 'is <b>away</b>' });
  await operator.post(`${here}/pause`, { why: 'a question' });
  await ledger.findings.record(assessmentId, new Date('2026-02-02T12:00:00Z'), [
    { check: 'cents', feeId: fees.paid, detail: '1950 cents by the ledger, 0 by Stripe' },
  ]);
  const text = await textOf(`${here}/report`);
  expect(text).toContain('CPT licence fees 2026: TheraNest');
  expect(text).toContain('Sunrise Practice.');
  expect(text).toContain('$19.50 per clinician: royalty $18.50');
  expect(text).toContain('Their balances add up to $0.00 .');
  expect(text).toContain('a'.repeat(64));
  expect(text).toContain('1 difference: 1950 cents by the ledger, 0 by Stripe');
  expect(text).toContain('is &lt;b&gt;away&lt;/b&gt;');
  expect(text).toContain('a question');
  expect(text).toContain('Sandbox: no real money has moved.');
});

it('the sums of the report are the balances of the ledger', async () => {
  const { ledger, assessmentId } = consoleClient.feeFixtures;
  const accounts = await ledger.bookkeeping.accounts(assessmentId);
  const balances = accounts.map(({ account, balanceCents }) => ({ account, balanceCents }));
  expect(balances).toEqual(await ledger.reports.balances());
  expect(accounts.reduce((sum, { balanceCents }) => sum + balanceCents, 0)).toBe(0);
  for (const { debitCents, creditCents, balanceCents } of accounts)
    expect(debitCents - creditCents).toBe(balanceCents);
});

it('a report of nothing says that there is nothing', async () => {
  const { ledger } = consoleClient.feeFixtures;
  const rate = { vendor: 'simplepractice', year: 2026, royaltyCents: 1850, processingCents: 0 };
  await ledger.rates.put({ ...rate, status: 'confirmed', source: 'x', enteredBy: 'office' });
  const opened = await operator.post('/console/assessments', { rate: 'simplepractice 2026' });
  const path = String(opened.headers.location).split('?')[0];
  const text = await textOf(`${path}/report`);
  expect(text).toContain('No money has been passed on yet.');
  expect(text).toContain('No roster has been approved yet.');
  expect(text).toContain('has not been compared with Stripe’s books yet');
  expect(await textOf(`${path}/progress`)).toContain('No notice has been sent yet.');
});

it('the progress counts notices, payments and what is due, day by day', async () => {
  const text = await textOf(`${here}/progress`);
  expect(text).toMatch(/Jan 15, 2026 \d+/);
  expect(text).toMatch(/Feb 2, 2026: \d paid, \d+ due/);
  expect(text).toContain('The last charge that is planned today is due on');
  expect(text).toMatch(/\d fees wait for a person/);
  const { ledger, assessmentId } = consoleClient.feeFixtures;
  const days = await ledger.yearReport.days(assessmentId, 'America/New_York');
  const paid = days
    .filter(({ what }) => what === 'paid')
    .reduce((sum, { cents }) => sum + cents, 0);
  // Paid, by card or otherwise, refunded and disputed fees were all paid once.
  expect(paid).toBe(4 * 1950);
});
