import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runLevy } from './run-levy.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'levy-detect-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const TABLE = 'Date of Service,Clinician,NPI,CPT Code\n2026-02-03,Ann Lee,1234567893,90837-95\n';

const run = (argv: string[], stdin: string | Buffer = '') =>
  runLevy(['detect', ...argv], { stdin });

async function file(name: string, content: string | Buffer): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

describe('levy detect', () => {
  it('prints one object a finding, with exactly these fields', async () => {
    const path = await file('a.csv', TABLE);
    const { status, out, err } = await run([path, '--json']);
    expect(status).toBe(0);
    expect(out).toBe(
      `${JSON.stringify({
        file: path,
        line: 2,
        kind: 'billing',
        code: '90837',
        modifiers: ['95'],
        npi: '1234567893',
        clinician: 'Ann Lee',
        date: '2026-02-03',
        certainty: 'sure',
        rule: 'csv.code',
      })}\n`,
    );
    expect(err).toBe(`${path}: csv, 1 record, 78 bytes: 1 sure, 0 weak, 0 problems\n`);
  });

  it('reads standard input, and lines as records of their own', async () => {
    const lines = 'CPT 90837 today\nJohn is 90837 years old\nCPT code: 90834\n';
    const { status, out } = await run(['-', '--kind', 'text', '--lines', '--json'], lines);
    expect(status).toBe(0);
    const found = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { line: number });
    expect(found.map((one) => one.line)).toEqual([1, 3]);
  });

  it.each<[string, string | Buffer, string]>([
    ['empty.csv', '', 'an empty file'],
    ['blank.txt', '\n \n\n', 'an empty file'],
    ['random.837', Buffer.from(Array.from({ length: 9000 }, (_, i) => (i * 7919) % 251)), 'binary'],
    ['claims.csv', '%PDF-1.7\n1 0 obj', 'a PDF document'],
    ['claims.json', '{"codes":["90837"]}', 'JSON that is no FHIR resource'],
    ['page.txt', '<html><body>90837</body></html>', 'a web page'],
    ['old.gz', Buffer.from([0x1f, 0x8b, 8, 0]), 'a gzip archive'],
    ['half.xlsx', Buffer.from('PK\u0003\u0004 and no more', 'latin1'), 'zip archive'],
  ])('refuses %s and says what it looks like', async (name, content, looksLike) => {
    const path = await file(name, content);
    const { status, out, err } = await run([path, '--json']);
    expect({ status, out }).toEqual({ status: 1, out: '' });
    expect(err).toContain(`${path}:1: not_a_usage_file: This looks like`);
    expect(err).toContain(looksLike);
  });

  it('goes on after a file that is none, and ends with 1', async () => {
    const good = await file('good.csv', TABLE);
    const { status, out, err } = await run([join(folder, 'none.csv'), folder, good, '--json']);
    expect(status).toBe(1);
    expect(out.split('\n')).toHaveLength(2);
    expect(err).toContain('none.csv: cannot be read: no such file');
    expect(err).toContain(`${folder}: cannot be read: this is a folder`);
  });

  it('shows a few of a million problems', async () => {
    const { status, err } = await run(['-', '--kind', 'fhir'], '{"a\n'.repeat(5000));
    expect(status).toBe(0);
    expect(err.split('\n').length).toBeLessThan(30);
    expect(err).toContain('-: json_broken: 4980 more of these');
    expect(err).toContain('5000 problems');
  });

  it.each([[[]], [['--nope', 'x']], [['--kind', 'pdf', 'x']]])(
    'explains itself to %j',
    async (argv) => {
      const { status, out, err } = await run(argv);
      expect({ status, out }).toEqual({ status: 2, out: '' });
      expect(err).toContain('Usage: levy detect FILE...');
    },
  );
});
