import { beforeAll, describe, expect, it } from 'vitest';
import type pg from 'pg';
import type { Ledger } from '../../ledger/ledger.ts';
import { appendAll, openedAssessment, setClock, testLedger } from '../support/assessment.ts';
import { createTestDatabase } from '../support/database.ts';
import { sample } from '../support/fees.ts';
import { drafted, invoiced, type Charged } from '../support/invoices.ts';

let pool: pg.Pool;
let appPool: pg.Pool;
let ledger: Ledger;
let people: string[];
let feeIds: string[];

beforeAll(async () => {
  ({ pool, appPool } = await createTestDatabase());
  ledger = await testLedger(pool);
  await setClock(pool, new Date('2026-03-01T14:00:00Z'));
  const policy = { passOn: 'invoice' as const };
  ({ feeIds } = await openedAssessment(pool, ledger, { count: 8, policy }));
  people = await Promise.all(
    feeIds.map(async (id) => (await ledger.fees.load(id))!.clinician.clinicianId),
  );
});

const one = (n: number, cents = 1950): Charged => [[people[n]!, cents]];
const byHand = (sql: string, ...values: unknown[]) => appPool.query(sql, values);
const refusedAs = async (acted: Promise<object>, refused: string, other?: string) =>
  expect(await acted).toMatchObject(other ? { refused, other } : { refused });

describe('a confirmed invoice', () => {
  it.each<[string, string]>([
    ['total', `update vendor_invoices set total_cents = 1 where invoice_id = $1`],
    ['number', `update vendor_invoices set number = 'other' where invoice_id = $1`],
    ['existence', `delete from vendor_invoices where invoice_id = $1`],
    [
      'confirmation',
      `update vendor_invoices set confirmed_at = null, confirmed_by = null
      where invoice_id = $1`,
    ],
    [
      'lines',
      `insert into vendor_invoice_lines (invoice_id, line, amount_cents)
      values ($1, 99, 1950)`,
    ],
    ['missing lines', `delete from vendor_invoice_lines where invoice_id = $1`],
    [
      'person',
      `update vendor_invoice_lines set clinician_id = null, matched_by = null
      where invoice_id = $1`,
    ],
  ])('keeps its %s, whoever writes', async (_what, sql) => {
    const invoiceId = await invoiced(ledger, one(0));
    await expect(byHand(sql, invoiceId)).rejects.toMatchObject({ code: 'LV031' });
    const { rows } = await pool.query(
      'select * from standing_invoice_lines where invoice_id = $1',
      [invoiceId],
    );
    expect(rows).toMatchObject([{ amount_cents: 1950, clinician_id: people[0] }]);
  });

  it('keeps everything against the owner of the database, too, and against truncate', async () => {
    const invoiceId = await invoiced(ledger, one(0));
    const amount = 'update vendor_invoice_lines set amount_cents = 1 where invoice_id = $1';
    await expect(pool.query(amount, [invoiceId])).rejects.toMatchObject({ code: 'LV031' });
    const all = 'truncate vendor_invoices cascade';
    await expect(pool.query(all)).rejects.toMatchObject({ code: 'LV001' });
  });

  it('is its total to the cent, or is not confirmed', async () => {
    const invoiceId = await drafted(ledger, one(1), { totalCents: 1949 });
    await refusedAs(ledger.invoices.confirm(invoiceId, 'boss', false), 'total_differs');
    const confirm = `update vendor_invoices set confirmed_at = levy_now(), confirmed_by = 'x'
      where invoice_id = $1`;
    await expect(byHand(confirm, invoiceId)).rejects.toMatchObject({ code: 'LV032' });
    expect(
      await ledger.invoices.setTotal(invoiceId, { dated: '2026-03-01', totalCents: 1950 }),
    ).toBe(true);
    expect(await ledger.invoices.confirm(invoiceId, 'boss', true)).toEqual({ invoiceId });
    await refusedAs(ledger.invoices.confirm(invoiceId, 'boss', true), 'already_confirmed');
    // A document without lines is none.
    const empty = await drafted(ledger, [], { totalCents: 0 });
    await refusedAs(ledger.invoices.confirm(empty, 'boss', true), 'total_differs');
  });

  it('gets a person for a line that meant nobody, once', async () => {
    const invoiceId = await invoiced(ledger, [[null, 1950]]);
    expect(await ledger.invoices.matchLine(invoiceId, 1, people[2]!, 'boss')).toBe(true);
    expect(await ledger.invoices.matchLine(invoiceId, 1, people[3]!, 'boss')).toBe(false);
  });
});

describe('the same invoice twice', () => {
  it('is refused by its number, in any case, as a draft and confirmed', async () => {
    const first = await drafted(ledger, one(3), { number: 'Same-1' });
    const again = { vendor: 'theranest', year: 2026, number: ' SAME-1 ', dated: '2026-03-01' };
    const head = { ...again, totalCents: 1950, replaces: null, fileName: null, enteredBy: 'x' };
    await refusedAs(ledger.invoices.draft(head, []), 'duplicate_invoice', first);
    await ledger.invoices.confirm(first, 'boss', true);
    await refusedAs(ledger.invoices.draft(head, []), 'duplicate_invoice', first);
    // Another vendor may use the same number.
    const other = await ledger.invoices.draft({ ...head, vendor: 'simplepractice' }, []);
    expect(other).toHaveProperty('invoiceId');
  });

  it('is recognised by its content, and only counts when a person says so', async () => {
    const lines: Charged = [...one(4), ...one(5)];
    const first = await invoiced(ledger, lines);
    const second = await drafted(ledger, lines);
    expect(await ledger.invoices.sameContent(second)).toBe(first);
    await refusedAs(ledger.invoices.confirm(second, 'boss', false), 'same_invoice', first);
    expect(await ledger.invoices.confirm(second, 'boss', true)).toEqual({ invoiceId: second });
  });

  it('is confirmed once, however many confirm it at the same moment', async () => {
    const invoiceId = await drafted(ledger, one(6));
    const all = [1, 2, 3, 4].map(() => ledger.invoices.confirm(invoiceId, 'boss', true));
    const done = await Promise.all(all);
    expect(done.filter((acted) => 'invoiceId' in acted)).toHaveLength(1);
  });

  it('may be replaced under its own number, once', async () => {
    const old = await invoiced(ledger, one(6), { number: 'R-7' });
    const replacing = { number: 'R-7', replaces: old };
    const next = await drafted(ledger, one(7), replacing);
    await expect(drafted(ledger, one(7), replacing)).rejects.toThrow('duplicate_invoice');
    expect(await ledger.invoices.confirm(next, 'boss', true)).toEqual({ invoiceId: next });
    const voided = await ledger.invoices.get(old);
    expect(voided).toMatchObject({ voidWhy: 'replaced by another document' });
    await expect(drafted(ledger, one(7), { replaces: old })).rejects.toThrow('not_replaceable');
    expect(await ledger.invoices.voidInvoice(old, 'boss', 'again')).toBe(false);
  });
});

it('lists the fees to which the invoices are news, and no fee that is settled', async () => {
  const { pool: own } = await createTestDatabase();
  const books = await testLedger(own);
  await setClock(own, new Date('2026-01-15T14:00:00Z'));
  const policy = { passOn: 'invoice' as const };
  const opened = await openedAssessment(own, books, { count: 5, policy });
  const [news, told, waived, detecting, evidence] = opened.feeIds as [
    string,
    string,
    string,
    string,
    string,
  ];
  const owed = [sample('assessed'), sample('approved')];
  await appendAll(books, news, [...owed, sample('noticed')]);
  await appendAll(books, told, [...owed, sample('invoiced')]);
  await appendAll(books, waived, [...owed, sample('waived')]);
  const who = async (id: string) => (await books.fees.load(id))!.clinician.clinicianId;
  const ids = await Promise.all([news, told, waived, detecting].map(who));
  expect(await books.invariants.staleFees(10)).toEqual([told]);
  await invoiced(
    books,
    ids.map((id) => [id, 1950]),
  );
  expect(await books.invariants.staleFees(10)).toEqual([news]);
  expect(await books.invoices.unfollowed('theranest', 2026, 10)).toEqual([news]);
  expect(await books.invoices.unfollowed('theranest', 2025, 10)).toEqual([]);
  expect((await books.fees.load(evidence))?.invoicedCents).toBe(0);
});
