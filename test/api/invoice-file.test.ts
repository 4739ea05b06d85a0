import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import writeXlsxFile from 'write-excel-file/node';
import { centsOf } from '../../api/invoices/cents.ts';
import { guessColumns, headingRow } from '../../api/invoices/columns.ts';
import { matchLines, readLines } from '../../api/invoices/lines.ts';
import { readTable } from '../../api/invoices/read-file.ts';

describe('an amount', () => {
  it.each<[string, number]>([
    ['18.50', 1850],
    ['$18.50', 1850],
    ['18.5', 1850],
    ['18', 1800],
    ['1,850.00', 185_000],
    ['$12,345.67', 1_234_567],
    ['$ 19.50', 1950],
    ['19.50 USD', 1950],
    ['USD19.50', 1950],
    ['-19.50', -1950],
    ['-$19.50', -1950],
    ['$-19.50', -1950],
    ['19.50-', -1950],
    ['(19.50)', -1950],
    ['($19.50)', -1950],
    ['−19.50', -1950],
    ['0.00', 0],
    ['-0.00', 0],
    ['18.500', 1850],
    ["'-18.50", -1850],
  ])('%s', (text, cents) => {
    expect(centsOf(text)).toBe(cents);
  });

  it.each(['', 'abc', '1.850,00', '18,50', '1,85', '18.505', '=1+1', '1e3', '18.5.0', '--18'])(
    'is not guessed: %s',
    (text) => expect(centsOf(text)).toBeNull(),
  );
  it.each(['(-18.50)', '-18.50-', '(18.50', '18.50)', '18.49999999999', '9999999.99', '1 8.5x'])(
    'is not guessed: %s',
    (text) => expect(centsOf(text)).toBeNull(),
  );

  it('is what a workbook computed, to the cent', () => {
    expect(centsOf('18.499999999999996', { computed: true })).toBe(1850);
    expect(centsOf('18.500000000000004', { computed: true })).toBe(1850);
    expect(centsOf('99.999999999999986', { computed: true })).toBe(10_000);
    expect(centsOf('18.505', { computed: true })).toBeNull();
    fc.assert(
      fc.property(fc.integer({ min: -1_000_000, max: 1_000_000 }), (cents) => {
        expect(centsOf(String(cents / 100), { computed: true })).toBe(cents);
        expect(centsOf((cents / 100).toFixed(2))).toBe(cents + 0);
      }),
    );
  });
});

const PEOPLE = [
  { clinicianId: 'a', npi: '1234567893', ref: 'C-1', name: 'Ana Example' },
  { clinicianId: 'b', npi: null, ref: 'C-2', name: 'Bo Sample' },
];

/** Reads a file whose headings tell what they are. */
async function linesIn(file: string | Buffer) {
  const table = await readTable(Buffer.from(file));
  if ('refusal' in table) throw new Error(table.refusal);
  const rows = table.rows.map(({ cells }) => cells);
  const heading = headingRow(rows);
  if (heading === null) return { headings: rows[0] };
  return readLines(table, heading, guessColumns(rows[heading]!));
}

describe('the file of an invoice', () => {
  it('is read below its letterhead, without blank rows, notes and the total row', async () => {
    const file = [
      'Vendor Inc.;;;',
      'Invoice 4711;;;',
      ';;;',
      'Provider Name;NPI;Qty;Amount',
      'Example, Ana;1234567893;1;$19.50',
      ';;;',
      '=cmd()|x;;1;19.50',
      'Sample, Bo;;1;(2.00)',
      'Subtotal;;;37.00',
      'Grand Total;;;$37.00',
      'Thank you for your business;;;',
    ].join('\n');
    expect(await linesIn(file)).toEqual({
      lines: [
        { name: 'Example, Ana', ref: null, npi: '1234567893', amountCents: 1950 },
        { name: '=cmd()|x', ref: null, npi: null, amountCents: 1950 },
        { name: 'Sample, Bo', ref: null, npi: null, amountCents: -200 },
      ],
      totalCents: 3700,
      problems: [],
    });
  });

  it('is refused row by row where an amount cannot be read: no line is left out', async () => {
    const file = 'name,amount,note\nAna Example,18.50,\nBo Sample,,see mail\nCy,18.505,\nDi,free,';
    expect(await linesIn(file)).toMatchObject({
      lines: [{ name: 'Ana Example' }],
      problems: [
        'Line 3 has no amount.',
        'Line 4 has an amount that cannot be read to the cent.',
        'Line 5 has an amount that cannot be read to the cent.',
      ],
    });
  });

  it('takes a last amount without a name for the total only when it is the sum', async () => {
    expect(await linesIn('name,amount\nAna,10\nBo,5\n,15')).toMatchObject({ totalCents: 1500 });
    const other = await linesIn('name,amount\nAna,10\nBo,5\n,16');
    expect(other).toMatchObject({ totalCents: null, lines: [{}, {}, { name: null }] });
  });

  it('keeps a person whose name begins like a total, by the NPI', async () => {
    const read = await linesIn('name,npi,amount\nTotal Wellness,1234567893,10\nTotal,,10');
    expect(read).toMatchObject({ lines: [{ name: 'Total Wellness' }], totalCents: 1000 });
  });

  it('may be a workbook, with a sheet before it', async () => {
    const cell = (value: string | number) => ({ value });
    const bytes = await writeXlsxFile([
      { data: [[cell('About this file')]], sheet: 'About' },
      {
        data: [
          [cell('First name'), cell('Last name'), cell('Fee')],
          [cell('Ana'), cell('Example'), cell(18.499999999999996)],
          [cell('Bo'), cell('Sample'), cell(-18.5)],
          [cell('Total'), cell(''), cell(0)],
        ],
        sheet: 'Lines',
      },
    ] as never).toBuffer();
    expect(await linesIn(bytes)).toEqual({
      lines: [
        { name: 'Example, Ana', ref: null, npi: null, amountCents: 1850 },
        { name: 'Sample, Bo', ref: null, npi: null, amountCents: -1850 },
      ],
      totalCents: 0,
      problems: [],
    });
  });

  it('tells its columns or asks for them', async () => {
    expect(await linesIn('Who,How much\nAna,10')).toEqual({ headings: ['Who', 'How much'] });
  });

  it.each<[string, Buffer]>([
    ['nothing', Buffer.alloc(0)],
    ['a PDF', Buffer.from('%PDF-1.7 rubbish')],
    ['a picture', Buffer.from('\x89PNG\r\n\x1a\n', 'latin1')],
    ['a cut workbook', Buffer.from('PK\x03\x04xl/workbook.xml rubbish', 'latin1')],
    ['noise', Buffer.from(Array.from({ length: 4_000 }, (_, n) => (n * 7919) % 251))],
  ])('that is %s gives a sentence', async (_what, bytes) => {
    expect(await readTable(bytes)).toHaveProperty('refusal');
  });

  it('never throws and never invents a cent, whatever is in it', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (noise) => {
        const table = await readTable(Buffer.concat([Buffer.from('name,amount\n'), noise]));
        if ('refusal' in table) return;
        const { lines } = readLines(table, 0, { name: 0, amount: 1 });
        for (const line of lines) expect(Number.isInteger(line.amountCents)).toBe(true);
      }),
    );
  });
});

describe('who is meant by a line', () => {
  const matched = (name: string | null, npi: string | null = null, ref: string | null = null) =>
    matchLines([{ name, npi, ref, amountCents: 1 }], PEOPLE)[0];

  it('is found by NPI, reference or name, and never guessed', () => {
    expect(matched(null, '1234567893')).toMatchObject({ clinicianId: 'a', matchedBy: 'npi' });
    expect(matched(null, null, 'c-2')).toMatchObject({ clinicianId: 'b', matchedBy: 'ref' });
    expect(matched('Sample, Bo')).toMatchObject({ clinicianId: 'b', matchedBy: 'name' });
    expect(matched('Somebody Else')).toMatchObject({ clinicianId: null, matchedBy: null });
    expect(matched('<b>Ana</b>')).toMatchObject({ clinicianId: null });
  });
});
