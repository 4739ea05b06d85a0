import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fuzz, goldenFiles } from '../../testing/bench/usage-fuzz.ts';
import {
  claim837,
  claimLine,
  csvRow,
  HEAD_837,
  HEAD_CSV,
  note,
} from '../../testing/bench/usage-samples.ts';
import type { ReadOptions } from '../../usage/read.ts';
import { readAll } from './reading.ts';

/** A file of twenty records of each kind, in any order of its records. */
const KINDS = {
  x12: (order: number[]) => HEAD_837 + order.map(claim837).join('') + 'SE*1*0001~\n',
  fhir: (order: number[]) => order.map(claimLine).join(''),
  csv: (order: number[]) => HEAD_CSV + order.map(csvRow).join(''),
  text: (order: number[]) => order.map((i) => `${note(i)}-----\n`).join(''),
};
const IN_ORDER = Array.from({ length: 20 }, (_, i) => i);
const kind = fc.constantFrom('x12', 'fhir', 'csv', 'text' as const);

describe('how a file is cut into pieces', () => {
  test('changes nothing, in any of the layouts', async () => {
    const files = goldenFiles();
    const whole = await Promise.all(files.map((file) => readAll(file)));
    await fc.assert(
      fc.asyncProperty(
        fc.nat(files.length - 1),
        fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 8 }),
        async (i, sizes) => {
          expect(await readAll(files[i]!, {}, sizes)).toEqual(whole[i]);
        },
      ),
      { numRuns: 300 },
    );
  });

  test('changes nothing in a file of many pieces', async () => {
    const order = Array.from({ length: 400 }, (_, i) => i);
    for (const [name, make] of Object.entries(KINDS)) {
      const file = make(order);
      const whole = await readAll(file, {}, [1e9]);
      expect(whole.findings, name).toHaveLength(400);
      for (const sizes of [[4096], [64 * 1024, 7], [1000, 1, 9999]])
        expect(await readAll(file, {}, sizes), name).toEqual(whole);
    }
  });
});

describe('the order of independent records', () => {
  test('changes nothing but the order and the places of the findings', async () => {
    const shuffled = fc.shuffledSubarray(IN_ORDER, { minLength: 20, maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(kind, shuffled, async (name, order) => {
        const sorted = async (file: string) => {
          const { findings } = await readAll(file);
          return findings.map((one) => JSON.stringify({ ...one, where: null })).sort();
        };
        expect(await sorted(KINDS[name](order))).toEqual(await sorted(KINDS[name](IN_ORDER)));
      }),
      { numRuns: 60 },
    );
  });
});

describe('lines of garbage around a file', () => {
  const garbage = fc.array(fc.string({ unit: 'binary', maxLength: 60 }), { maxLength: 3 });

  test('keep its findings', async () => {
    await fc.assert(
      fc.asyncProperty(kind, garbage, garbage, async (name, before, behind) => {
        const clean = before.map((line) => line.replace(/[\r\n]/g, ' '));
        const file = KINDS[name](IN_ORDER);
        const around = [...clean, file, ...behind].join('\n');
        const found = await readAll(around, { kind: name });
        const codes = found.findings.map((one) => one.code);
        const own = (await readAll(file, { kind: name })).findings.map((one) => one.code);
        expect(countsOf(codes)).toEqual(expect.objectContaining(countsOf(own)));
      }),
      { numRuns: 120 },
    );
  });
});

describe('hostile input', () => {
  const MEGABYTES = 10;
  const repeated = (piece: string) => piece.repeat(Math.ceil((MEGABYTES * 1e6) / piece.length));

  // Ten times the bytes must not take a hundred times as long: each of these is read in a second
  // or so, where a reader that looks back at what it has seen would take hours.
  test.each<[string, ReadOptions, string]>([
    ['codes on one line', { kind: 'text' }, '90837 '],
    ['codes without blanks', { kind: 'text' }, '90837,'],
    ['spaced digits', { kind: 'text' }, '9 0 8 3 7 '],
    ['digits', { kind: 'text' }, '9'],
    ['misread digits', { kind: 'text' }, 'O0'],
    ['cues without codes', { kind: 'text' }, 'CPT code: '],
    ['labels without values', { kind: 'text' }, 'Clinician: '],
    ['modifiers', { kind: 'text' }, '90837-95-'],
    ['rules', { kind: 'text' }, '---\n'],
    ['line breaks', { kind: 'text' }, '\n'],
    ['quotes', { kind: 'csv' }, '"'],
    ['open quotes', { kind: 'csv' }, '"a,'],
    ['delimiters', { kind: 'csv' }, ','],
    ['open braces', { kind: 'fhir' }, '{'],
    ['open lists', { kind: 'fhir' }, '{"entry":['],
    ['open strings', { kind: 'fhir' }, '{"'],
    ['backslashes', { kind: 'fhir' }, '{"\\\\'],
    ['empty objects', { kind: 'fhir' }, '{}'],
    ['nested Bundles', { kind: 'fhir' }, '{"resourceType":"Bundle","entry":[{"resource":'],
    ['interchanges', { kind: 'x12' }, 'ISA*'],
    ['elements', { kind: 'x12' }, '*'],
    ['lines that are no segments', { kind: 'x12' }, 'a\n'],
  ])('of ten megabytes of %s is read in one go', async (_, options, piece) => {
    const { counted } = await readAll(repeated(piece), options, [256 * 1024]);
    expect(counted.bytes).toBeGreaterThanOrEqual(MEGABYTES * 1e6);
  });

  test('of Bundles in Bundles ends with what it is', async () => {
    const bundles = (times: number) => {
      const claim = claimLine(1).trim();
      return (
        `{"resourceType":"Bundle","entry":[{"resource":`.repeat(times) + claim + '}]}'.repeat(times)
      );
    };
    expect((await readAll(bundles(3))).findings).toHaveLength(1);
    const { findings, problems } = await readAll(bundles(100_000));
    expect(findings).toEqual([]);
    expect(problems).toMatchObject([{ reason: 'json_broken', line: 1 }]);
  });

  test('mutated at random never breaks a reader or keeps it from ending', async () => {
    const { files, slowestMs } = await fuzz(goldenFiles(), 8000, 20_261_123);
    expect(files).toBe(8000);
    expect(slowestMs).toBeLessThan(5000);
  }, 60_000);
});

function countsOf(codes: string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const code of codes) counts[code] = (counts[code] ?? 0) + 1;
  return counts;
}
