import { describe, expect, it } from 'vitest';
import { checkWalk, readFrom, WALK_LIMITS } from '../testing/walk/walk.ts';

const read = readFrom(new URL('../', import.meta.url));
const PAGE = 'docs/one-charge.md';

/** The walk with one file of the project, or the page, read otherwise. */
const withChange = (path: string, change: (text: string) => string) =>
  checkWalk(PAGE, async (asked) => {
    const text = await read(asked);
    return text !== null && asked === path ? change(text) : text;
  });

describe('the walk of one charge', () => {
  it('is read in one go, and the page names what the code imports', async () => {
    const walk = await checkWalk(PAGE, read);
    expect(walk.problems).toEqual([]);
    expect(walk.opened.length).toBeLessThanOrEqual(WALK_LIMITS.files);
    expect(walk.lines).toBeLessThanOrEqual(WALK_LIMITS.lines);
  });

  it.each<[what: string, path: string, change: (text: string) => string, problem: string]>([
    [
      'a file that is not there',
      PAGE,
      (text) => text.replace('fee/money.ts)', 'fee/coins.ts)'),
      'core/fee/coins.ts is not there',
    ],
    [
      'an import that is neither opened nor left closed',
      'core/fee/next.ts',
      (text) => `import { x } from '../npi.ts';\n${text}`,
      'core/fee/next.ts imports core/npi.ts, which is neither opened nor left closed',
    ],
    [
      'a file to which nothing leads',
      PAGE,
      (text) => text.replace('1. [', '1. [`x`](../core/roster.ts)\n2. ['),
      'nothing opened before leads to workers/maintenance/pump.ts',
    ],
    [
      'a file that is left closed for nothing',
      PAGE,
      (text) => `${text}- [\`x\`](../core/npi.ts): x\n`,
      'core/npi.ts is left closed, and no opened file imports it',
    ],
    [
      'too many lines',
      'core/fee/next.ts',
      (text) => text + '// x\n'.repeat(WALK_LIMITS.lines),
      'lines are too many',
    ],
  ])('is checked: %s is found', async (_what, path, change, problem) => {
    const { problems } = await withChange(path, change);
    expect(problems.join('\n')).toContain(problem);
  });
});
