import { describe, expect, test } from 'vitest';
import { sniff } from '../../usage/sniff.ts';
import { readUsage } from '../../usage/read.ts';
import { readAll } from './reading.ts';

describe('what is no usage record is refused, and named', () => {
  test.each([
    ['', 'an empty file'],
    [' \n\t\n', 'an empty file'],
    ['%PDF-1.7\n...', 'a PDF document'],
    ['\x89PNG\r\n\x1a\n', 'a picture (PNG)'],
    ['\xff\xd8\xff\xe0', 'a picture (JPEG)'],
    ['\x1f\x8b\x08', 'a gzip archive'],
    ['\xd0\xcf\x11\xe0\xa1\xb1', 'an old Excel or Word file'],
    ['PK\x03\x04............notes.txt', 'a zip archive'],
    ['PK\x03\x04............word/document.xml', 'a Word document'],
    ['{\\rtf1 CPT 90837}', 'a rich text document'],
    ['<!DOCTYPE html><p>CPT 90837', 'a web page'],
    ['<?xml version="1.0"?><ClinicalDocument/>', 'an XML document'],
    ['{"code":"90837"}', 'JSON that is no FHIR resource'],
    ['\x00\x01\x02\x03\x04\x05\x06\x07\x10\x11\x12\x13', 'a binary file'],
  ])('%j looks like %s', async (content, looksLike) => {
    const bytes = Buffer.from(content, 'latin1');
    const { findings, problems, counted } = await readAll(bytes);
    expect(findings).toEqual([]);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatchObject({ reason: 'not_a_usage_file', line: 1, field: null });
    expect(problems[0]?.message).toContain(looksLike);
    expect(counted.bytes).toBe(bytes.length);
  });

  test('also when the caller says what it should be', async () => {
    const { problems } = await readAll('%PDF-1.7 CPT 90837', { kind: 'text' });
    expect(problems.map((one) => one.reason)).toEqual(['not_a_usage_file']);
  });
});

describe('the content decides what a file is', () => {
  test.each([
    ['ISA*00*          *00*          *ZZ*A*ZZ*B*240115*1200*^*00501*1*0*P*:~GS*HC~', 'x12'],
    ['ST*837*0001~BHT*0019*00~', 'x12'],
    ['{"resourceType":"Patient"}', 'fhir'],
    ['[{"resourceType":"Patient"}]', 'fhir'],
    ['Date,Clinician,CPT\n', 'csv'],
    ['Date\tClinician\tCPT\n1/5/2024\tD W\t90837', 'csv'],
    ['Met with the client, who reported progress, and agreed on a plan.', 'text'],
    ['CPT: 90837', 'text'],
    ['ISABEL was seen today, 45 min, CPT 90834', 'text'],
    ['Client: A, B\nProvider: C, D\nNote, signed\n', 'text'],
  ])('%j is %s', (content, format) => {
    expect(sniff(Buffer.from(content))).toEqual({ format });
  });

  test('unless the caller says', async () => {
    const file = 'Date,Clinician,CPT\n1/5/2024,Dana Whitlock,90837\n';
    expect((await readAll(file)).findings[0]?.rule).toBe('csv.code');
    expect((await readAll(file, { kind: 'text' })).findings[0]?.rule ?? 'text.').toMatch(/^text/);
  });
});

describe('characters', () => {
  const note = 'Clinician: Ren\u00e9e \u00d8rsted\nCPT 90837\n';

  test.each([
    ['UTF-8', Buffer.from(note)],
    ['UTF-8 with a mark', Buffer.from(`\ufeff${note}`)],
    ['Latin-1', Buffer.from(note, 'latin1')],
    ['UTF-16', Buffer.from(`\ufeff${note}`, 'utf16le')],
    ['UTF-16, big-endian', Buffer.from(`\ufeff${note}`, 'utf16le').swap16()],
    ['UTF-16 without a mark', Buffer.from(note, 'utf16le')],
  ])('in %s are read, one byte at a time as well', async (_, bytes) => {
    for (const sizes of [[4096], [1]]) {
      const { findings, problems } = await readAll(bytes, {}, sizes);
      expect(findings.map((one) => one.clinician.name)).toEqual(['Ren\u00e9e \u00d8rsted']);
      expect(problems).toEqual([]);
    }
  });

  test('in two encodings at once are read as well as can be, and named', async () => {
    const bytes = Buffer.concat([Buffer.from(note), Buffer.from(note, 'latin1')]);
    const { findings, problems } = await readAll(bytes);
    expect(findings).toHaveLength(2);
    expect(problems.map((one) => one.reason)).toEqual(['mixed_encoding']);
  });
});

describe('a reading', () => {
  test('ends with what was read, and says so once', async () => {
    const types: string[] = [];
    for await (const item of readUsage(chunks('CPT 90837\nCPT 90834\n'))) types.push(item.type);
    expect(types).toEqual(['finding', 'finding', 'counted']);
  });

  test('throws what its source throws', async () => {
    const broken = async function* () {
      yield Buffer.from('CPT 90837\n');
      throw new Error('the disk is gone');
    };
    await expect(async () => {
      for await (const _ of readUsage(broken())) expect(_).toBeDefined();
    }).rejects.toThrow('the disk is gone');
  });

  test('that is left early closes its source', async () => {
    let closed = false;
    const source = async function* () {
      try {
        for (;;) yield Buffer.from(`${'CPT 90837\n'.repeat(20_000)}`);
      } finally {
        closed = true;
      }
    };
    for await (const item of readUsage(source())) if (item.type === 'finding') break;
    expect(closed).toBe(true);
  });

  test('never repeats content in a problem', async () => {
    const secret = 'Whitlock90837';
    const files = [
      `ISA*00*${secret}\n${secret}`,
      `{"resourceType":"Claim","x":"${secret}\n${secret}`,
      `DOS,CPT,Clinician\n"${secret},x,y\n1/5/2024,90837,${secret}`,
    ];
    for (const file of files)
      for (const kind of ['auto', 'x12', 'fhir', 'csv', 'text'] as const) {
        const { problems } = await readAll(file, { kind });
        expect(JSON.stringify(problems)).not.toContain(secret);
      }
  });
});

async function* chunks(text: string): AsyncGenerator<Buffer> {
  yield Buffer.from(text);
}
