import { dirname } from 'node:path';
import { describe, expect, test } from 'vitest';
import { JOBS } from '../jobs/jobs.ts';
import { codeRules } from './support/tidy/code.ts';
import { circlesOf, importRules } from './support/tidy/imports.ts';
import { sizeRules } from './support/tidy/sizes.ts';
import { readProject, type Rule, sourceOf } from './support/tidy/source.ts';
import { wordRules } from './support/tidy/words.ts';

// The rules of the house, as a test that reads the project: style is executed, not requested.
const sources = await readProject(dirname(import.meta.dirname));
const rules: Rule[] = [...importRules, ...codeRules, ...sizeRules, ...wordRules];

describe.each(rules)('$name', ({ find, breaks, keeps }) => {
  test('holds everywhere', () => {
    const found = sources.flatMap((source) =>
      find(source).map(({ line, what }) => `${source.path}:${line} ${what}`),
    );
    expect(found).toEqual([]);
  });

  // Without these, a rule that never finds anything would look like a tidy house.
  test.each(breaks)('is broken by $path: $text', ({ path, text }) => {
    expect(find(sourceOf(path, text))).not.toEqual([]);
  });

  test.each(keeps)('is kept by $path: $text', ({ path, text }) => {
    expect(find(sourceOf(path, text))).toEqual([]);
  });
});

describe('imports', () => {
  test('run in no circle', () => {
    expect(circlesOf(sources)).toEqual([]);
  });

  test.each([
    ['of two files', `import { b } from './b.ts';`, `import type { A } from './a.ts';`],
    ['of one file', `import { a } from './a.ts';`, ''],
  ])('in a circle %s are found', (_what, a, b) => {
    const planted = [sourceOf('core/a.ts', a), sourceOf('core/b.ts', b)];
    expect(circlesOf(planted)).toHaveLength(1);
    expect(circlesOf([sourceOf('core/a.ts', `import { c } from './c.ts';`)])).toEqual([]);
  });
});

describe('every job has a processor and a test, in files of its name', () => {
  const paths = new Set(sources.map(({ path }) => path));

  test.each(Object.keys(JOBS))('%s', (name) => {
    const rooms = ['', 'steps/', 'maintenance/'].map((room) => `workers/${room}${name}.ts`);
    expect(rooms.filter((path) => paths.has(path))).toHaveLength(1);
    expect(paths).toContain(`test/workers/${name}.test.ts`);
  });

  test('and the project was read', () => {
    expect(paths).toContain('jobs/jobs.ts');
    expect(paths).toContain('test/tidy.test.ts');
  });
});
