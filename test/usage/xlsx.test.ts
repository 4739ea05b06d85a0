import ExcelJS from 'exceljs';
import { describe, expect, test } from 'vitest';
import { brief, codesIn, readAll } from './reading.ts';

type Value = string | number | Date | null;

/** A workbook as Excel writes it, with one sheet for each table. */
async function workbook(tables: Value[][][], date1904 = false): Promise<Buffer> {
  const book = new ExcelJS.Workbook();
  book.properties.date1904 = date1904;
  for (const rows of tables) book.addWorksheet(`Sheet ${book.worksheets.length}`).addRows(rows);
  return Buffer.from(await book.xlsx.writeBuffer());
}

/** A workbook as streaming writers write it: strings inside the cells, sizes behind the data. */
async function streamed(rows: Value[][]): Promise<Buffer> {
  const chunks: Buffer[] = [];
  const { PassThrough } = await import('node:stream');
  const stream = new PassThrough();
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  const book = new ExcelJS.stream.xlsx.WorkbookWriter({ stream, useSharedStrings: false });
  const sheet = book.addWorksheet('Export');
  for (const row of rows) sheet.addRow(row).commit();
  await book.commit();
  return Buffer.concat(chunks);
}

const HEADING = ['Date', 'Clinician Name', 'Clinician NPI', 'Service Code', 'Zip'];
const ROWS: Value[][] = [
  HEADING,
  [45321, 'Whitlock, Dana', 2000000010, 90837, 90834],
  [new Date(Date.UTC(2024, 1, 5)), 'Ren\u00e9e & Roe', '2000000028', '90834-95', 90834],
  [45323, 'Whitlock, Dana', 2000000010, 'H0004', 90834],
];
const FOUND = [
  '2 | 90837 | 2024-01-30 | 2000000010 Whitlock, Dana | billing | sure | csv.code',
  '3 | 90834-95 | 2024-02-05 | 2000000028 Ren\u00e9e & Roe | billing | sure | csv.code',
];

describe('a workbook', () => {
  test('is read as a table: serial dates, numbers, shared strings', async () => {
    const { findings, counted, problems } = await readAll(await workbook([ROWS]));
    expect(findings.map(brief)).toEqual(FOUND);
    expect(counted).toMatchObject({ format: 'xlsx', records: 3 });
    expect(problems).toEqual([]);
  });

  test('written by a streaming writer is read alike', async () => {
    const { findings } = await readAll(await streamed(ROWS));
    expect(findings.map(brief)).toEqual(FOUND);
  });

  test('has each sheet read with a heading of its own', async () => {
    const other: Value[][] = [
      ['Staff', 'CPT', 'DOS'],
      ['Tara Brandvold', 90853, '1/5/2024'],
    ];
    const { findings } = await readAll(await workbook([ROWS, [['nothing']], other]));
    expect(findings.map(({ code, where }) => [code, where.resource])).toEqual([
      ['90837', 'sheet 1'],
      ['90834', 'sheet 1'],
      ['90853', 'sheet 3'],
    ]);
  });

  test('that counts days from 1904 gives the same dates', async () => {
    const rows: Value[][] = [HEADING, [45321 - 1462, 'D W', 2000000010, 90837, 90834]];
    const { findings } = await readAll(await workbook([rows], true));
    expect(findings[0]?.date).toBe('2024-01-30');
  });

  test('gives the same findings however its bytes arrive', async () => {
    const bytes = await workbook([ROWS]);
    const { findings } = await readAll(bytes, {}, [1, 700, 3]);
    expect(findings.map(brief)).toEqual(FOUND);
  });

  test('cut off is named, and never breaks the reader', async () => {
    const bytes = await workbook([ROWS]);
    for (let length = 60; length < bytes.length; length += 97) {
      const { problems } = await readAll(bytes.subarray(0, length));
      expect(problems, String(length)).not.toEqual([]);
    }
  });

  test('is read whatever kind the caller claims it to be', async () => {
    expect(await codesIn(await workbook([ROWS]), { kind: 'text' })).toEqual(['90834', '90837']);
  });
});
