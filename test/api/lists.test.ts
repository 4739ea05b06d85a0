import ExcelJS from 'exceljs';
import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ACCOUNT_WORDS, STATE_NAMES } from '../../api/lists/words.ts';
import { LIST_FILES } from '../../api/lists/send.ts';
import { EVIDENCE } from '../support/fees.ts';
import { createStripeConsole, type ConsoleClient, type Visitor } from './console-client.ts';

let consoleClient: ConsoleClient;
let reader: Visitor;
let here: string;

beforeAll(async () => {
  consoleClient = await createStripeConsole();
  reader = await consoleClient.visitor('read');
  here = `/console/assessments/${consoleClient.feeFixtures.assessmentId}/lists`;
});
afterAll(() => consoleClient.close());

type Row = Record<string, string>;

async function csv(file: string): Promise<Row[]> {
  const answer = await reader.get(`${here}/${file}`);
  expect(answer.statusCode, answer.body).toBe(200);
  expect(answer.headers['content-type']).toBe('text/csv; charset=utf-8');
  expect(answer.headers['content-disposition']).toBe(
    `attachment; filename="theranest-2026-${file}"`,
  );
  expect(answer.body.startsWith('\ufeff"')).toBe(true);
  return parse(answer.body, { columns: true, bom: true });
}

async function xlsx(file: string): Promise<ExcelJS.Workbook> {
  const answer = await reader.get(`${here}/${file}`);
  expect(answer.statusCode).toBe(200);
  const book = new ExcelJS.Workbook();
  await book.xlsx.load(answer.rawPayload as unknown as ArrayBuffer);
  return book;
}

const cents = (dollars: string | undefined) => Math.round(Number(dollars) * 100);

describe('the list of fees', () => {
  it('has a row for every fee, with what happened to it', async () => {
    const rows = await csv('fees.csv');
    const { ledger, fees } = consoleClient.feeFixtures;
    expect(rows).toHaveLength(Object.keys(fees).length);
    const of = (ref: string) => rows.find((row) => row.Reference === ref) ?? {};
    expect(of('C-paid')).toMatchObject({
      ...{ State: 'Paid', 'Amount (USD)': '19.50', 'Royalty (USD)': '18.50' },
      ...{ 'Notice sent on': '2026-01-15', 'Paid on': '2026-02-02', 'Stripe customer': 'cus_paid' },
      ...{ 'First use': EVIDENCE.firstUsedOn, Fee: fees.paid },
    });
    expect(of('C-paid')['Stripe charge']).toMatch(/^ch_/);
    expect(of('C-refunded')).toMatchObject({ 'Refunded (USD)': '19.50' });
    expect(of('C-disputed')).toMatchObject({ Dispute: 'open' });
    expect(of('C-no_use')).toMatchObject({ 'Amount (USD)': '0.00', 'Paid on': '' });
    const owed = await ledger.reports.byState(consoleClient.feeFixtures.assessmentId);
    const sum = rows.reduce((total, row) => total + cents(row['Amount (USD)']), 0);
    expect(sum).toBe(owed.reduce((total, one) => total + one.cents, 0));
    for (const { State } of rows) expect(Object.values(STATE_NAMES)).toContain(State);
  });

  it('holds nothing that a spreadsheet would run', async () => {
    const names = (await csv('fees.csv')).map(({ Name }) => Name);
    expect(names).toContain("'=cmd()|/c calc!A1");
    const sheet = (await xlsx('fees.xlsx')).getWorksheet('Fees');
    const shown: string[] = [];
    sheet?.eachRow((row) =>
      row.eachCell((cell) => {
        expect(cell.type).not.toBe(ExcelJS.ValueType.Formula);
        shown.push(cell.text);
      }),
    );
    expect(shown).toContain('=cmd()|/c calc!A1');
    expect(shown).toContain('<script>alert(1)</script>');
  });

  it('is a workbook with dates as dates and money as numbers', async () => {
    const sheet = (await xlsx('fees.xlsx')).getWorksheet('Fees');
    const heads = (sheet?.getRow(1).values as string[]) ?? [];
    const rows = sheet?.getRows(2, sheet.rowCount - 1) ?? [];
    const paid = rows.find((row) => row.getCell(heads.indexOf('Reference')).value === 'C-paid');
    expect(paid?.getCell(heads.indexOf('Paid on')).value).toEqual(new Date('2026-02-02'));
    const amount = paid?.getCell(heads.indexOf('Amount (USD)'));
    expect(amount?.value).toBe(19.5);
    expect(amount?.numFmt).toBe('#,##0.00');
    expect(rows).toHaveLength((await csv('fees.csv')).length);
  });
});

describe('the list of entries', () => {
  it('has every entry in order, with debit and credit of its movement', async () => {
    const rows = await csv('entries.csv');
    const { fees, ledger } = consoleClient.feeFixtures;
    const record = await ledger.fees.load(fees.refunded);
    const own = rows.filter(({ Fee }) => Fee === fees.refunded);
    expect(own.map(({ Kind }) => Kind)).toEqual(record?.entries.map(({ kind }) => kind));
    expect(own.map(({ Number: n }) => Number(n))).toEqual(record?.entries.map(({ seq }) => seq));
    expect(own.find(({ Kind }) => Kind === 'paid')).toMatchObject({
      ...{ Debit: 'At Stripe', Credit: 'Owed', 'Amount (USD)': '19.50', 'Amount (cents)': '1950' },
    });
  });
});

describe('accounts and reconciliation', () => {
  it('sum to the balances of the ledger, and those to zero', async () => {
    const balances = new Map(
      (await consoleClient.feeFixtures.ledger.reports.balances()).map((one) => [
        ACCOUNT_WORDS[one.account as keyof typeof ACCOUNT_WORDS].name,
        one.balanceCents,
      ]),
    );
    const accounts = await csv('accounts.csv');
    expect(new Map(accounts.map((row) => [row.Account, cents(row['Balance (USD)'])]))).toEqual(
      balances,
    );
    expect(accounts.reduce((sum, row) => sum + cents(row['Balance (USD)']), 0)).toBe(0);
    const fees = await csv('reconciliation.csv');
    for (const [name, balance] of balances)
      expect(
        fees.reduce((sum, row) => sum + cents(row[`${name} (USD)`]), 0),
        name,
      ).toBe(balance);
  });

  it('say what a check has found, fee by fee', async () => {
    const { ledger, assessmentId, fees } = consoleClient.feeFixtures;
    const before = await csv('reconciliation.csv');
    expect(new Set(before.map((row) => row['Agrees with Stripe']))).toEqual(
      new Set(['not compared yet']),
    );
    await ledger.findings.record(assessmentId, new Date('2026-02-02T12:00:00Z'), [
      { check: 'cents', feeId: fees.paid, detail: '1950 cents by the ledger, 0 by Stripe' },
    ]);
    const after = await csv('reconciliation.csv');
    const of = (fee: string) => after.find(({ Fee }) => Fee === fee);
    expect(of(fees.paid)).toMatchObject({
      'Agrees with Stripe': 'no',
      Differences: '1950 cents by the ledger, 0 by Stripe',
    });
    expect(of(fees.held)).toMatchObject({ 'Agrees with Stripe': 'yes' });
    const sheets = (await xlsx('reconciliation.xlsx')).worksheets.map(({ name }) => name);
    expect(sheets).toEqual(['Fees', 'Accounts']);
  });
});

describe('every list', () => {
  it('can be had by a key and on the page, and by nobody else', async () => {
    const page = await reader.get('/console/reports');
    for (const file of LIST_FILES) {
      expect(page.body).toContain(`href="${here}/${file}"`);
      const path = `${here.replace('/console', '/v1')}/${file}`;
      const headers = { authorization: `Bearer ${reader.token}` };
      const answer = await consoleClient.app.inject({ url: path, headers });
      expect(answer.statusCode, file).toBe(200);
      expect(answer.rawPayload.length).toBeGreaterThan(100);
      expect((await consoleClient.app.inject({ url: path })).statusCode).toBe(401);
    }
    expect((await reader.get(`${here}/fees.pdf`)).statusCode).toBe(400);
    const none = here.replace(/[0-9a-f-]{36}/, '00000000-0000-4000-8000-000000000000');
    expect((await reader.get(`${none}/fees.csv`)).statusCode).toBe(404);
  });
});
