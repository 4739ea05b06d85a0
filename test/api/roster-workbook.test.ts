import ExcelJS from 'exceljs';
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { Problem } from '../../api/http/errors.ts';
import type { RawRow } from '../../api/roster/columns.ts';
import { openRoster } from '../../api/roster/file.ts';
import { zipped } from '../support/zipped.ts';

type Value = string | number | null;

/** A workbook as Excel writes it, with one sheet for each table. */
async function workbook(...tables: Value[][][]): Promise<Buffer> {
  const book = new ExcelJS.Workbook();
  for (const rows of tables) book.addWorksheet(`Sheet ${book.worksheets.length}`).addRows(rows);
  return Buffer.from(await book.xlsx.writeBuffer());
}

/** The rows of a roster, or the message it is refused with. */
async function read(file: Buffer, limits = { bytes: 1_000_000, rows: 100 }) {
  const roster = openRoster(Readable.from([file]), limits);
  const rows: RawRow[] = [];
  try {
    for await (const batch of roster.rows()) rows.push(...batch);
  } catch (error) {
    if (error instanceof Problem) return { refused: error.message };
    throw error;
  }
  return { rows, ignored: roster.ignoredColumns() };
}

const HEADER = ['Clinician ID', 'Name', 'E-mail', 'NPI', 'Favourite colour'];

describe('a roster in a workbook', () => {
  it('is read by its headings, with numbers as they are written', async () => {
    const file = await workbook([
      HEADER,
      ['P-1', 'Åsa Öberg', 'asa@people.example', 2000400012, 'green'],
      [17, '王小明', null, null, null],
      [null, '   ', null, null, null],
      ['P-3', '=cmd()', 'c@people.example'],
    ]);
    const empty = { email: '', npi: '' };
    expect(await read(file)).toEqual({
      rows: [
        {
          line: 2,
          cells: { ref: 'P-1', name: 'Åsa Öberg', email: 'asa@people.example', npi: '2000400012' },
        },
        { line: 3, cells: { ...empty, ref: '17', name: '王小明' } },
        { line: 5, cells: { ...empty, ref: 'P-3', name: '=cmd()', email: 'c@people.example' } },
      ],
      ignored: ['Favourite colour'],
    });
  });

  it('may stand on any sheet when the others are empty', async () => {
    const tables: Value[][][] = Array.from({ length: 40 }, () => []);
    tables[17] = [HEADER, ['P-1', 'Ann']];
    const { rows } = await read(await workbook(...tables));
    expect(rows).toMatchObject([{ cells: { ref: 'P-1', name: 'Ann' } }]);
  });

  it('has a row refused that is wider than its header', async () => {
    const file = await workbook([HEADER, ['P-1', 'Ann', null, null, null, 'moved'], ['P-2', 'Bo']]);
    const { rows } = await read(file);
    expect(rows).toMatchObject([{ broken: { reason: 'column_count' } }, { cells: { ref: 'P-2' } }]);
  });

  it.each<[string, () => Promise<Buffer> | Buffer, RegExp]>([
    [
      'people on two sheets',
      () => workbook([HEADER, ['P-1', 'Ann']], [HEADER, ['P-2', 'Bo']]),
      /more than one sheet/,
    ],
    ['no rows', () => workbook([]), /no rows/],
    ['a header alone', () => workbook([HEADER]), /no rows/],
    [
      'no name',
      () =>
        workbook([
          ['Ref', 'Colour'],
          ['P-1', 'red'],
        ]),
      /no column name/,
    ],
    [
      'an end that is cut off',
      async () => (await workbook([HEADER, ['P-1', 'Ann']])).subarray(0, 4_000),
      /damaged/,
    ],
    [
      'a sheet that is no XML',
      () => zipped({ '[Content_Types].xml': '', 'xl/worksheets/sheet1.xml': '<row><c></row>' }),
      /damaged/,
    ],
    [
      'a sheet that unpacks to more than memory should hold',
      () =>
        zipped({
          '[Content_Types].xml': '',
          'xl/worksheets/sheet1.xml': `<sheetData>${'<row/>'.repeat(1_000_000)}</sheetData>`,
        }),
      /too large/,
    ],
    ['too many rows', () => workbook([HEADER, ...Array<Value[]>(101).fill(['P', 'A'])]), /rows/],
  ])('is refused as a whole with %s', async (_, file, message) => {
    expect((await read(await file())).refused).toMatch(message);
  });
});
