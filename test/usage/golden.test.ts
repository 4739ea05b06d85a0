import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { brief, readAll } from './reading.ts';

// One small file for each layout that therapists' systems export, with everything around the codes
// that looks like one: client numbers, postal codes, payer ids, undotted diagnoses.
const folder = join(import.meta.dirname, 'golden');
const expected = JSON.parse(readFileSync(join(folder, 'expected.json'), 'utf8')) as Record<
  string,
  { format: string; findings: string[]; problems: string[] }
>;
const files = readdirSync(folder).filter((name) => name !== 'expected.json');

describe('every layout is read as a person would read it', () => {
  test.each(files)('%s', async (name) => {
    const { findings, problems, counted } = await readAll(readFileSync(join(folder, name)));
    expect({
      format: counted.format,
      findings: findings.map(brief),
      problems: problems.map((problem) => `${problem.line} ${problem.reason}`),
    }).toEqual(expected[name]);
  });

  test('and no layout is left without a file', () => {
    expect(files.sort()).toEqual(Object.keys(expected).sort());
  });
});
