import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { X12Parser } from 'node-x12';
import { describe, expect, test } from 'vitest';
import { brief, codesIn, readAll } from './reading.ts';

const golden = (name: string) => readFileSync(join(import.meta.dirname, 'golden', name), 'utf8');

/** Writes an 837P of the given claim segments, one a line unless told otherwise. */
function claim(segments: string[], { element = '*', end = '~\n', isa16 = ':' } = {}): string {
  const isa = ['ISA', '00', ' '.repeat(10), '00', ' '.repeat(10), 'ZZ', 'SENDER'.padEnd(15)];
  isa.push('ZZ', 'RECEIVER'.padEnd(15), '240115', '1200', '^', '00501', '000000101', '0', 'P');
  const head = [
    [...isa, isa16].join(element),
    'GS*HC*SENDER*RECEIVER*20240115*1200*1*X*005010X222A1',
    'ST*837*0001*005010X222A1',
    'HL*1**20*1',
    'NM1*85*2*HARBOR COUNSELING GROUP*****XX*2000000903',
    'HL*2*1*22*0',
    'CLM*40213*350***11:B:1*Y*A*Y*Y',
  ];
  const tail = ['SE*9*0001', 'GE*1*1', 'IEA*1*000000101'];
  return [...head, ...segments, ...tail]
    .map((segment, i) => (i === 0 ? segment : segment.replaceAll('*', element)) + end)
    .join('');
}

const RENDERING = 'NM1*82*1*WHITLOCK*DANA****XX*2000000010';
const LINES = ['LX*1', 'SV1*HC:90837:95*175*UN*1***1', 'DTP*472*D8*20230314'];

describe('only qualifier HC with a value of CPT form is a use', () => {
  test.each(['ER', 'IV', 'WK', 'ZZ', 'HP', 'AD', 'NU', 'N4'])('%s is none', async (qualifier) => {
    expect(await codesIn(claim(['LX*1', `SV1*${qualifier}:90837*175*UN*1***1`]))).toEqual([]);
  });

  test.each(['H0004', 'D0140', '00001', '99999', '9083', '908370', 'G2211', ''])(
    'HC with %s is none',
    async (value) => {
      expect(await codesIn(claim(['LX*1', `SV1*HC:${value}*175*UN*1***1`]))).toEqual([]);
    },
  );

  test.each(['90837', '00104', '3725F', '0373T', '0345u', '0004M', '0001A'])(
    'HC with %s is one',
    async (value) => {
      expect(await codesIn(claim(['LX*1', `SV1*HC:${value}*175*UN*1***1`]))).toEqual([
        value.toUpperCase(),
      ]);
    },
  );

  test('modifiers come along, up to four, descriptions do not', async () => {
    const { findings } = await readAll(
      claim(['LX*1', 'SV1*HC:90837:95:GT:U4:59:A TEXT:90838*175*UN*1***1']),
    );
    expect(findings.map((one) => [one.code, one.modifiers])).toEqual([
      ['90837', ['95', 'GT', 'U4', '59']],
    ]);
  });
});

describe('the one who rendered', () => {
  const who = async (segments: string[]) => {
    const { findings } = await readAll(claim(segments));
    return findings.map(({ clinician, rule }) => [clinician.npi, rule]);
  };

  test('is the service line’s, else the claim’s, else the billing provider', async () => {
    const own = 'NM1*82*1*OYELARAN*MARCUS****XX*2000000028';
    expect(await who([RENDERING, ...LINES, own])).toEqual([['2000000028', 'x12.sv1.2420A']]);
    expect(await who([RENDERING, ...LINES])).toEqual([['2000000010', 'x12.sv1.2310B']]);
    expect(await who(LINES)).toEqual([['2000000903', 'x12.sv1.2010AA']]);
  });

  test('is never the other payer’s provider, the supervisor or the referring one', async () => {
    const others = ['NM1*DN*1*A*B****XX*2000000111', 'NM1*DQ*1*A*B****XX*2000000112'];
    const payer = ['SBR*S*18*******CI', 'NM1*82*1*A*B****XX*2000000113'];
    expect(await who([...others, RENDERING, ...payer, ...LINES])).toEqual([
      ['2000000010', 'x12.sv1.2310B'],
    ]);
  });

  test('of one line does not carry over to the next, nor of one claim', async () => {
    const own = 'NM1*82*1*OYELARAN*MARCUS****XX*2000000028';
    expect(
      await who([RENDERING, ...LINES, own, ...LINES, 'CLM*2*90***11:B:1*Y*A*Y*Y', ...LINES]),
    ).toEqual([
      ['2000000028', 'x12.sv1.2420A'],
      ['2000000010', 'x12.sv1.2310B'],
      ['2000000903', 'x12.sv1.2010AA'],
    ]);
  });

  test('is marked where it is an organisation, and is none where it is a person', async () => {
    const { findings } = await readAll(claim([...LINES, RENDERING, ...LINES]));
    expect(findings.map((one) => one.clinician.organisation)).toEqual([undefined, true]);
  });

  test('is never given by a tax or social security number', async () => {
    const { findings } = await readAll(claim(['NM1*82*1*KIM*LEE****34*112233334', ...LINES]));
    expect(findings[0]?.clinician).toEqual({ npi: null, name: 'LEE KIM', id: null });
  });
});

describe('files as they really are', () => {
  const usual = [RENDERING, ...LINES];
  const found = ['90837'];

  test.each([
    ['all on one line', claim(usual, { end: '~' })],
    ['with line ends alone between segments', claim(usual, { end: '\n' })],
    ['with Windows line ends', claim(usual, { end: '~\r\n' })],
    ['indented', claim(usual, { end: '~\n    ' })],
    ['with tildes between elements', claim(usual, { element: '~', end: '_\n' })],
    ['with bars and apostrophes', claim(usual, { element: '|', end: "'" })],
    ['with another component separator than announced', claim(usual, { isa16: '>' })],
    ['with a byte order mark', `\ufeff${claim(usual)}`],
    ['behind text that is no X12', `exported 2024\nby somebody\n${claim(usual)}`],
    ['with text behind it', `${claim(usual)}\nend of file\n`],
    ['twice, with other delimiters', claim(usual) + claim(usual, { element: '|', end: '!' })],
    ['wrapped at 80 columns', claim(usual, { end: '~' }).replace(/.{80}/g, '$&\n')],
    ['without an envelope', claim(usual).slice(claim(usual).indexOf('ST*'))],
    ['from the middle of a claim', claim(usual).slice(claim(usual).indexOf('NM1*82'))],
    ['without LX', claim(usual.filter((segment) => !segment.startsWith('LX')))],
    ['with an ISA of the wrong width', claim(usual).replace('RECEIVER ', 'RECEIVER')],
  ])('%s', async (_, file) => {
    const { findings, counted } = await readAll(file);
    expect(counted.format).toBe('x12');
    expect([...new Set(findings.map((one) => one.code))]).toEqual(found);
    expect(findings.every((one) => one.clinician.npi === '2000000010')).toBe(true);
    expect(findings.every((one) => one.date === '2023-03-14')).toBe(true);
  });

  test.each(['utf16le', 'latin1'] as const)('in %s', async (encoding) => {
    const bytes = Buffer.from(`${claim(usual)}`.replace('DANA', 'REN\u00c9E'), encoding);
    const { findings } = await readAll(bytes);
    expect(findings.map((one) => one.clinician.name)).toEqual(['REN\u00c9E WHITLOCK']);
  });

  test('cut off in a segment: what is there is read, and the cut is named', async () => {
    const file = claim(usual);
    const { findings, problems } = await readAll(file.slice(0, file.indexOf('DTP') + 5));
    expect(findings.map((one) => one.code)).toEqual(found);
    expect(problems.map((one) => one.reason)).toContain('truncated');
  });

  test('a transaction that is no claim is passed over and named', async () => {
    const { findings, problems } = await readAll(claim(usual).replace('ST*837', 'ST*278'));
    expect(findings).toEqual([]);
    expect(problems.map((one) => one.reason)).toEqual(['x12_other_transaction']);
  });

  test('a denied line, a reversal and a voided claim are uses', async () => {
    const { findings } = await readAll(golden('remittance.835'));
    expect(findings).toHaveLength(4);
    expect(await codesIn(claim(usual).replace('11:B:1', '11:B:8'))).toEqual(found);
  });
});

describe('a parser written by others sees the same services', () => {
  test.each(['professional.837', 'institutional.837'])('%s', async (name) => {
    const text = golden(name);
    const interchange = new X12Parser(false).parse(text);
    if (!('functionalGroups' in interchange)) throw new Error('a batch of interchanges');
    const segments = interchange.functionalGroups.flatMap((group) =>
      group.transactions.flatMap((transaction) => transaction.segments),
    );
    const theirs = segments
      .filter((segment) => segment.tag === 'SV1' || segment.tag === 'SV2')
      .map((segment) => segment.valueOf(segment.tag === 'SV1' ? 1 : 2) ?? '')
      .filter((composite) => /^HC:\d{5}(:|$)/.test(composite))
      .map((composite) => composite.split(':')[1]);
    const { findings } = await readAll(text);
    expect(findings.map((finding) => finding.code)).toEqual(theirs);
  });
});

test('findings say where they stand: the line, and the segment’s number and tag', async () => {
  const { findings } = await readAll(claim([RENDERING, ...LINES], { end: '~' }));
  expect(findings[0]?.where).toEqual({ line: 1, segment: '10 SV1' });
  expect(brief(findings[0]!)).toContain('1 | 90837-95');
});
