import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { measure } from '../../testing/bench/detect.ts';

const labels = join(dirname(dirname(import.meta.dirname)), '../shared/corpus/labels.jsonl');

describe.skipIf(!existsSync(labels))('the labelled corpus (skipped: it is not here)', () => {
  test('every code of every kind of record is found, and nothing else', async () => {
    for (const score of await measure(labels, false)) {
      expect(score.misses, score.kind).toEqual([]);
      expect(score.codePrecision, score.kind).toBe(1);
      expect(score.codeRecall, score.kind).toBe(1);
    }
  });

  test('clinician, NPI, date and modifiers are those of the labels', async () => {
    for (const { kind, attribution } of await measure(labels, false))
      for (const [field, [hit, of]] of Object.entries(attribution))
        expect(`${field} ${hit}`, kind).toBe(`${field} ${of}`);
  });

  test('what is unambiguous is also sure', async () => {
    const scores = (await measure(labels, true)).filter(({ kind }) => !kind.startsWith('ambig'));
    for (const score of scores) expect(score.codeRecall, score.kind).toBe(1);
  });
});
