import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createRows } from '../../usage/table/csv-rows.ts';
import { delimiterOf } from '../../usage/table/csv.ts';
import { brief, codesIn, readAll } from './reading.ts';

const table = (...rows: string[]) => rows.join('\n') + '\n';

describe('the column decides', () => {
  test.each([
    'CPT',
    'CPT Code',
    'cpt_code',
    'cptCode',
    'CPT/HCPCS',
    'HCPCS Code',
    'Procedure',
    'Procedure Code',
    'Proc Cd',
    'Service Code',
    'Billing Code',
    'Px',
    'Code',
    'E/M Code',
    'Charge Code',
  ])('%s holds codes', async (heading) => {
    const rows = table(`DOS,Clinician,${heading},Zip`, '1/5/2024,Dana Whitlock,90837,90834');
    expect(await codesIn(rows)).toEqual(['90837']);
  });

  test.each([
    'Zip',
    'Client ID',
    'Invoice #',
    'Diagnosis Code',
    'Revenue Code',
    'POS',
    'Room',
    'MRN',
  ])('%s does not', async (heading) => {
    const rows = table(`DOS,Clinician,${heading},Fee`, '1/5/2024,Dana Whitlock,90837,150.00');
    expect(await codesIn(rows)).toEqual([]);
  });

  test.each(['Service', 'Details', 'Appointment Type', 'Description', 'Service Type'])(
    '%s may have one in its text',
    async (heading) => {
      const rows = table(
        `Date,Staff,${heading}`,
        '1/5/2024,Dana Whitlock,"90837 - Psychotherapy, 60 min"',
        '1/6/2024,Dana Whitlock,Individual (90834)',
        '1/7/2024,Dana Whitlock,Individual 50 min invoice 10432',
      );
      expect(await codesIn(rows)).toEqual(['90834', '90837']);
    },
  );

  test('a table that names each row’s code set is believed', async () => {
    const rows = table(
      'Date,Provider,Code System,Code',
      '1/5/2024,Dana Whitlock,CPT4,90837',
      '1/6/2024,Dana Whitlock,SNOMED,90834',
      '1/7/2024,Dana Whitlock,ICD9,29633',
    );
    expect(await codesIn(rows)).toEqual(['90837']);
  });
});

describe('a code as it stands in its cell', () => {
  test.each([
    ['90837', '90837'],
    ['90837.0', '90837'],
    ['90837.00', '90837'],
    ['90837-95', '90837-95'],
    ['90837:95:GT', '90837-95-GT'],
    ['90837 95 GT', '90837-95-GT'],
    ['90837GT', '90837-GT'],
    ['HC:90837', '90837'],
    ['CPT 90837', '90837'],
    ['90837 60 min', '90837'],
    ['90837 x2', '90837'],
    ['="90837"', '90837'],
    ["'90837", '90837'],
    ['0373t', '0373T'],
    ['H0004', ''],
    ['00001', ''],
    ['$90837', ''],
    ['90837.50', ''],
    ['9083', ''],
    ['', ''],
  ])('%s is %s', async (cell, expected) => {
    const { findings } = await readAll(
      table('DOS,Clinician,CPT', `1/5/2024,Dana Whitlock,"${cell.replaceAll('"', '""')}"`),
    );
    expect(findings.map((one) => [one.code, ...one.modifiers].join('-')).join()).toBe(expected);
  });

  test('several codes in one cell or in numbered columns are each found', async () => {
    expect(await codesIn(table('DOS,Clinician,CPT', '1/5/2024,D W,"90791, 90785"'))).toEqual([
      '90785',
      '90791',
    ]);
    expect(await codesIn(table('DOS,Clinician,CPT 1,CPT 2', '1/5/2024,D W,99213,90833'))).toEqual([
      '90833',
      '99213',
    ]);
  });
});

describe('rows and tables that are no use', () => {
  const row = (status: string) =>
    table('DOS,Clinician,CPT,Status', `1/5/2024,Dana Whitlock,90837,${status}`);

  test.each(['Cancelled', 'canceled', 'No Show', 'No-Show', 'NOSHOW', 'Deleted', 'Late cancel'])(
    'a row that is %s is none',
    async (status) => {
      expect(await codesIn(row(status))).toEqual([]);
    },
  );

  test.each(['Denied', 'Rejected', 'Void', 'Paid', 'Attended', 'Not cancelled', 'Uncancelled', ''])(
    'a row that is %s is one',
    async (status) => {
      expect(await codesIn(row(status))).toEqual(['90837']);
    },
  );

  test('a fee schedule and a list of authorisations are named and not counted', async () => {
    const fees = await readAll(table('CPT,Description,Fee', '90837,Session,165'));
    expect(fees.problems.map((one) => one.reason)).toEqual(['fee_schedule']);
    const auths = await readAll(
      table('Client,CPT,Authorized Units,Units Left', 'A,90837,12,10', 'B,90834,12,10'),
    );
    expect(auths.problems.map((one) => one.reason)).toEqual(['authorisations']);
    expect([...fees.findings, ...auths.findings]).toEqual([]);
  });
});

describe('who and when', () => {
  test('the rendering provider, not the supervisor, the biller or the referrer', async () => {
    const { findings } = await readAll(
      table(
        'DOS,Supervisor NPI,Billing Provider NPI,Referring Provider,Rendering NPI,Provider,CPT',
        '1/5/2024,2000000001,2000000002,Ann Roe,2000000010.0,"Whitlock, Dana",90837',
      ),
    );
    expect(findings[0]?.clinician).toEqual({
      npi: '2000000010',
      name: 'Whitlock, Dana',
      id: null,
    });
  });

  test.each([
    ['1/5/2024', '2024-01-05'],
    ['01/05/24', '2024-01-05'],
    ['2024-01-05', '2024-01-05'],
    ['2024-01-05T10:00:00Z', '2024-01-05'],
    ['01/05/2024 12:00 PM', '2024-01-05'],
    ['20240105', '2024-01-05'],
    ['5-Jan-2024', '2024-01-05'],
    ['Jan 5 2024', '2024-01-05'],
    ['"January 5, 2024"', '2024-01-05'],
    ['45296', '2024-01-05'],
    ['45296.5', '2024-01-05'],
    ['13/45/2024', null],
    ['soon', null],
  ])('%s is %s', async (cell, date) => {
    const { findings } = await readAll(table('DOS,Clinician,CPT', `${cell},D W,90837`));
    expect(findings[0]?.date).toBe(date);
  });

  test('the date of service is preferred to payment, birth and entry dates', async () => {
    const { findings } = await readAll(
      table(
        'DOB,Payment Date,Date,Date of Service,CPT',
        '1/1/1980,2/2/2024,3/3/2024,1/5/2024,90837',
      ),
    );
    expect(findings[0]?.date).toBe('2024-01-05');
  });
});

describe('files as they really are', () => {
  const rows = ['DOS;Clinician;CPT;Fee', '1/5/2024;Ren\u00e9e Roe;90837;150,00'];

  test.each([
    ['semicolons', rows.join('\n')],
    ['tabs', rows.join('\n').replaceAll(';', '\t')],
    ['bars', rows.join('\n').replaceAll(';', '|')],
    ['Windows line ends', rows.join('\r\n')],
    ['old Macintosh line ends', rows.join('\r')],
    ['a byte order mark', `\ufeff${rows.join('\n')}`],
    ['a title above', `Report;;;\n\n${rows.join('\n')}`],
    ['its heading repeated', [...rows, ...rows].join('\n')],
    ['a quote nobody closes', `${rows.join('\n')}\n"open;x;y\n1/6/2024;Ren\u00e9e Roe;90837;1`],
    ['rows of other lengths', `${rows.join('\n')}\n;;\nTotal;150,00\n`],
  ])('with %s', async (_, file) => {
    const { findings, counted } = await readAll(file);
    expect(counted.format).toBe('csv');
    expect([...new Set(findings.map((one) => one.code))]).toEqual(['90837']);
    expect(findings[0]?.clinician.name).toBe('Ren\u00e9e Roe');
  });

  test.each(['utf16le', 'latin1'] as const)('in %s', async (encoding) => {
    const { findings } = await readAll(Buffer.from(rows.join('\n'), encoding));
    expect(findings[0]?.clinician.name).toBe('Ren\u00e9e Roe');
  });

  test('a cell over several lines keeps the numbers of the lines below it right', async () => {
    const { findings } = await readAll(
      table('Note,DOS,Clinician,CPT', '"one\ntwo",1/5/2024,D W,90837', 'x,1/6/2024,D W,90834'),
    );
    expect(findings.map((one) => [one.where.line, one.where.row])).toEqual([
      [2, 2],
      [4, 3],
    ]);
  });

  test('without a heading the one column of codes beside dates is found', async () => {
    const file = table(
      '1/5/2024,Client,Dana Whitlock,90837,CA,90834,150.0',
      '1/6/2024,Client,Dana Whitlock,H0004,CA,90834,150.0',
      '1/7/2024,Client,Dana Whitlock,90837,CA,90804,150.0',
    );
    const { findings } = await readAll(file);
    expect(findings.map((one) => one.where.line)).toEqual([1, 3]);
    expect(brief(findings[0]!)).toContain('90837 | 2024-01-05');
  });

  test('without a heading columns of client and invoice numbers are not', async () => {
    const file = table(
      '2/1/2024,90834,10837,Individual 50 min,160.00,L. Ames',
      '2/8/2024,90834,10838,Individual 50 min,160.00,L. Ames',
      '2/9/2024,90834,10839,Individual 50 min,160.00,L. Ames',
    );
    expect((await readAll(file)).findings.filter((one) => one.certainty === 'sure')).toEqual([]);
  });
});

describe('the tokenizer', () => {
  const cellsOf = (text: string, delimiter: string, size: number): string[][] => {
    const found: string[][] = [];
    const rows = createRows(delimiter, { row: (row) => found.push(row.cells), openQuote() {} });
    for (let at = 0; at < text.length; at += size) rows.write(text.slice(at, at + size));
    rows.end();
    return found;
  };
  const cell = fc.string({ unit: fc.constantFrom('a', '9', ' ', '"', ',', '\n', '\r\n', 'é') });

  test('reads well-formed files as csv-parse does, in pieces of any size', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(cell, { minLength: 2, maxLength: 4 }), { minLength: 1 }),
        fc.integer({ min: 1, max: 9 }),
        (rows, size) => {
          const quoted = rows.map((row) => row.map((value) => `"${value.replaceAll('"', '""')}"`));
          const text = quoted.map((row) => row.join(',')).join('\n');
          const theirs: string[][] = parse(text, { relax_column_count: true });
          expect(cellsOf(text, ',', size)).toEqual(theirs);
        },
      ),
      { numRuns: 300 },
    );
  });

  test('finds the delimiter that cuts the lines alike', () => {
    expect(delimiterOf('a;b;c\n1,5;2,5;3\n')).toBe(';');
    expect(delimiterOf('a,b\n1,2\n')).toBe(',');
    expect(delimiterOf('no table here\nat all\n')).toBeNull();
  });
});
