import ExcelJS from 'exceljs';
import { describe, expect, test } from 'vitest';
import { createXml } from '../../usage/workbook/xml.ts';
import { zipped } from '../support/zipped.ts';
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

/** A workbook of one sheet, whose one row has the given cell below `CPT`. */
function withCell(cell: string, { head = '', shared = '' } = {}): Buffer {
  const inline = (text: string) => `<c t="inlineStr"><is><t>${text}</t></is></c>`;
  const heading = ['Date', 'Clinician Name', 'CPT'].map(inline).join('');
  const row = `${inline('2024-01-30')}${inline('Whitlock, Dana')}${cell}`;
  return zipped({
    'xl/worksheets/sheet1.xml':
      `<?xml version="1.0"?>${head}<x:worksheet xmlns:x="urn:x"><sheetData>` +
      `<row r="1">${heading}</row><row r="2">${row}</row></sheetData></x:worksheet>`,
    ...(shared && { 'xl/sharedStrings.xml': shared }),
  });
}

async function read(bytes: Buffer): Promise<{ codes: string[]; reasons: string[] }> {
  const { findings, problems } = await readAll(bytes);
  return { codes: findings.map(({ code }) => code), reasons: problems.map((one) => one.reason) };
}

describe('the XML of a workbook', () => {
  const SHARED = '<sst><si><t>x</t></si><si><t><![CDATA[90]]>8<!-- 1 -->37</t></si></sst>';

  test.each([
    ['CDATA', '<c t="str"><v><![CDATA[90837]]></v></c>', {}],
    ['CDATA beside text', '<c t="str"><v>90<![CDATA[83]]>7</v></c>', {}],
    ['CDATA among the shared texts', '<c t="s"><v>1</v></c>', { shared: SHARED }],
    ['a comment before the cell', '<!-- <c><v>90834</v></c> > --><c><v>90837</v></c>', {}],
    ['a comment in the cell', '<c><v><!-- 1 > 0 -->908<!-- <v> -->37</v></c>', {}],
    ['a comment behind the value', '<c><v>90837</v><!-- a > b --></c>', {}],
    ['a processing instruction', '<?a b > c?><c><v>90<?p 1?>837</v></c>', {}],
    ['entities', '<c t="str"><v>&#57;08&#x33;7&#32;</v></c>', {}],
    ['a greater-than sign in an attribute', '<c x="a > b" t="str"><v>90837</v></c>', {}],
    ['apostrophes round attributes', "<c r='C2'\n t='str'\t><v>90837</v></c>", {}],
    ['a document type', '<c><v>90837</v></c>', { head: '<!DOCTYPE a [<!ENTITY b "<c>">]>' }],
  ])('may have %s', async (_, cell, around) => {
    expect(await read(withCell(cell, around))).toEqual({ codes: ['90837'], reasons: [] });
  });

  test('has its five entities decoded, and nothing else', async () => {
    const seen: string[] = [];
    const xml = createXml({ open() {}, close() {}, text: (text) => seen.push(text) });
    xml.write('<a>&lt;&amp;gt;&quot;&apos;&gt;</a>');
    xml.end();
    expect([seen, xml.sound()]).toEqual([['<&gt;"\'>'], true]);
  });

  test('defines no entity of its own, however it tries', async () => {
    const levels = Array.from(
      { length: 12 },
      (_, i) => `<!ENTITY e${i + 1} "${`&e${i};`.repeat(9)}">`,
    );
    const file = '<!ENTITY f SYSTEM "file:///etc/hostname">';
    const head = `<!DOCTYPE a [<!ENTITY e0 "90837">${levels.join('')}${file}]>`;
    for (const entity of ['e0', 'e12', 'f']) {
      const cell = `<c t="str"><v>&${entity};</v></c>`;
      expect(await read(withCell(cell, { head }))).toMatchObject({ codes: [] });
      expect((await read(withCell(cell, { head }))).reasons).toContain('workbook_broken');
    }
  });

  test('that is not well formed is named, and what follows is read', async () => {
    const cell = '<c t="str"><v>90834&nbsp;\u000b</v></c></row><row><c/><c/><c><v>90837</v></c>';
    const { codes, reasons } = await read(withCell(cell));
    expect([codes.at(-1), reasons.at(-1)]).toEqual(['90837', 'workbook_broken']);
  });

  test('that ends too soon is named, and so are shared texts that do', async () => {
    const sheet = '<worksheet><sheetData><row><c t="str"><v>CPT</v></c></row>';
    const { reasons } = await read(zipped({ 'xl/worksheets/sheet1.xml': sheet }));
    expect(reasons).toContain('workbook_broken');
    const cell = '<c><v>90837</v></c>';
    const { codes, reasons: others } = await read(withCell(cell, { shared: '<sst><si>' }));
    expect([codes, others]).toEqual([['90837'], ['workbook_broken']]);
  });

  test.each([
    ['a text', '<a>', 'x'],
    ['a tag', '<a ', 'b="c" '],
    ['a comment', '<!--', 'x'],
    ['a document type', '<!DOCTYPE a [', '<!ENTITY b "c">'],
    ['depth', '', '<a>'],
    ['faults', '<a>', '&b;'],
  ])('is not kept in memory where %s does not end', (_, start, piece) => {
    const xml = createXml({ open() {}, close() {}, text() {} });
    const pieces = piece.repeat(2 ** 14);
    expect(() => {
      xml.write(start);
      for (let i = 0; i < 2 ** 5; i++) xml.write(pieces);
    }).toThrow(/xml: |undefined entity|duplicate attribute/);
  });
});
