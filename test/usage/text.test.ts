import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { codesIn, readAll } from './reading.ts';

const lines = (name: string) =>
  readFileSync(join(import.meta.dirname, 'cases', name), 'utf8')
    .split('\n')
    .filter((line) => line !== '');

const text = { kind: 'text' } as const;

describe('a line of text', () => {
  // Each line of used.txt is a case: the codes used, a bar, and the text. In unused.txt no number
  // is a code; in weak.txt every one is denied, conditional or only listed.
  test('uses the codes its context makes codes, all of them sure', async () => {
    const wrong: string[] = [];
    for (const line of lines('used.txt')) {
      const bar = line.indexOf('|');
      const { findings } = await readAll(line.slice(bar + 1), text);
      const found = findings.map((finding) => finding.code).sort();
      const sure = findings.every((finding) => finding.certainty === 'sure');
      if (!sure || found.join() !== line.slice(0, bar).split(',').sort().join()) wrong.push(line);
    }
    expect(wrong).toEqual([]);
  });

  test('uses nothing where a label makes the number something else, or nothing makes it a code', async () => {
    const wrong: string[] = [];
    for (const line of lines('unused.txt'))
      if ((await codesIn(line, text)).length > 0) wrong.push(line);
    expect(wrong).toEqual([]);
  });

  test('is left to a person where it denies the use, makes it conditional or only lists it', async () => {
    const wrong: string[] = [];
    for (const line of lines('weak.txt')) {
      const { findings } = await readAll(line, text);
      const weak = findings.length > 0 && findings.every(({ certainty }) => certainty === 'weak');
      if (!weak) wrong.push(line);
    }
    expect(wrong).toEqual([]);
  });
});

describe('any label, any mark between, any words behind', () => {
  const cues = [
    'CPT',
    'cpt code',
    'Procedure Code',
    'Service code',
    'Billing code',
    'E/M',
    'Billed',
  ];
  const others = [
    'Client ID',
    'MRN',
    'Claim #',
    'Auth',
    'Invoice',
    'Payer ID',
    'ZIP',
    'Room',
    'Dx',
  ];
  const marks = [': ', ' ', ' - ', ' = ', ':', '  ', ':\t'];
  const tails = ['', '.', ' x1', ' $150.00', '; MRN 40213', ', ZIP 90807', ' F41.1', '\nUnits: 1'];
  const heads = [
    '',
    'Client seen 45 min. ',
    'MRN 40213. ',
    'Long Beach, CA 90807. ',
    '- ',
    'T1017  ',
  ];
  const all = (labels: string[]) =>
    labels.flatMap((label) =>
      marks.flatMap((mark) =>
        tails.flatMap((tail) => heads.map((head) => `${head}${label}${mark}90834${tail}`)),
      ),
    );

  test('a cue makes the number a code', async () => {
    for (const line of all(cues)) expect(await codesIn(line, text), line).toEqual(['90834']);
  });

  test('another label makes it something else', async () => {
    for (const line of all(others)) expect(await codesIn(line, text), line).toEqual([]);
  });
});

describe('a note', () => {
  test('gives its mentions the clinician and the day of its head', async () => {
    const { findings } = await readAll(
      'Therapist: Dana Whitlock, LMFT\nNPI: 2000000010\nDOS: 2/7/2024\n\nCPT 90837\n',
      text,
    );
    expect(findings).toMatchObject([
      { clinician: { name: 'Dana Whitlock', npi: '2000000010' }, date: '2024-02-07' },
    ]);
  });

  test('signed below gives the signer to what stands above', async () => {
    const { findings } = await readAll(
      'CPT 90837\nGood work today.\nSigned by: Tara Brandvold, LCSW\n',
      text,
    );
    expect(findings).toMatchObject([{ clinician: { name: 'Tara Brandvold' } }]);
  });

  test('does not lend its clinician to the next note', async () => {
    const note = 'Clinician: Dana Whitlock\nDOS: 2/7/2024\nCPT 90837\n';
    const { findings } = await readAll(`${note}-----\nDOS: 2/8/2024\nCPT 90834\n`, text);
    expect(findings.map((finding) => finding.clinician.name)).toEqual(['Dana Whitlock', null]);
    expect(findings.map((finding) => finding.date)).toEqual(['2024-02-07', '2024-02-08']);
  });

  test('names the clinician, not the supervisor or the referring provider', async () => {
    const { findings } = await readAll(
      'Supervisor: Lee Kim\nReferring Provider: Ann Roe\nProvider: Dana Whitlock\nCPT 90837\n',
      text,
    );
    expect(findings[0]?.clinician.name).toBe('Dana Whitlock');
  });

  test('takes the date beside the code before the date in its head', async () => {
    const { findings } = await readAll('Date: 3/1/2024\n02/08/2024  90837  1 unit  $165\n', text);
    expect(findings[0]?.date).toBe('2024-02-08');
  });

  test('does not take the date of birth or of the next appointment', async () => {
    const { findings } = await readAll('DOB 04/12/1988, CPT 90837, next appt 2/14/2024', text);
    expect(findings[0]?.date).toBeNull();
  });
});

describe('with every line a record of its own', () => {
  const options = { kind: 'text', lines: true } as const;

  test('findings carry the number of their line', async () => {
    const { findings, counted } = await readAll('one\nCPT 90837\nZIP 90834\nCPT: 90791\n', options);
    expect(findings.map((finding) => finding.where.line)).toEqual([2, 4]);
    expect(counted.records).toBe(4);
  });

  test('a label on one line says nothing of the next', async () => {
    expect(await codesIn('CPT Code\n90853\n', options)).toEqual([]);
    const { findings } = await readAll('Clinician: Dana Whitlock\nCPT 90837\n', options);
    expect(findings[0]?.clinician.name).toBeNull();
  });
});
