import ts from 'typescript';
import { type Finding, matches, nodesOf, type Rule, type Source } from './source.ts';

/** More code-shaped numbers than this in one file, and it looks like a list of codes. */
const CODES = 5;

/** Sample exports and their tests need codes to find: any five-character number will do there. */
const SAMPLES = /^(test|sandbox\/samples|testing)\//;

/** In two halves, so that this file does not break its own rules. */
const word = (...halves: string[]) => halves.join('');
const MARKERS = [word('TO', 'DO'), word('FIX', 'ME'), word('XX', 'X:'), word('HA', 'CK:')];
const REGISTRIES = ['registry.npm' + 'js.org', 'unpkg' + '.com', 'docker' + '.io'];

export const wordRules: Rule[] = [
  {
    name: 'no reminders in the text: do it now, or open an issue',
    find: ({ text }) => matches(text, new RegExp(`\\b(${MARKERS.join('|')})(?!\\w)`)),
    breaks: MARKERS.map((marker) => ({ path: 'core/fee/fee.ts', text: `// ${marker} later` })),
    keeps: [{ path: 'core/fee/fee.ts', text: `// What to do later.` }],
  },
  {
    name: 'no folder for odds and ends: name it after what is in it',
    find: ({ path }) => {
      const folder = /(^|\/)(utils?|helpers?|common)\//.exec(path);
      return folder === null ? [] : [{ line: 1, what: folder[0] }];
    },
    breaks: [
      { path: 'api/utils/text.ts', text: '' },
      { path: 'helpers/text.ts', text: '' },
      { path: 'test/common/text.ts', text: '' },
    ],
    keeps: [{ path: 'api/commons.ts', text: '' }],
  },
  {
    name: 'no path of one machine: make it relative, or take it as a parameter',
    find: ({ text }) => matches(text, /(?<![\w.*/-])\/(work|root|home|Users)\/[\w.]+/),
    breaks: [
      { path: 'docs/notes.md', text: word('see /wo', 'rk/main') },
      { path: 'cli/levy.ts', text: word(`const home = '/ro`, `ot/x';`) },
    ],
    keeps: [
      { path: 'cli/levy.ts', text: `const home = '.levy/work/x';` },
      { path: 'docs/notes.md', text: 'a 0700 home, https://example.test/work/x' },
    ],
  },
  {
    name: 'no registry host: name the package alone',
    find: ({ text }) => matches(text, new RegExp(REGISTRIES.join('|').replaceAll('.', '\\.'))),
    breaks: REGISTRIES.map((host) => ({ path: 'Dockerfile', text: `FROM ${host}/x` })),
    keeps: [{ path: 'Dockerfile', text: 'FROM node:22-slim' }],
  },
  {
    name: 'no list of codes: the AMA licenses them, and levy ships none; match their shape instead',
    find: codeList,
    breaks: [
      { path: 'usage/cpt.ts', text: `const x = [${numbers(CODES + 1)}];` },
      { path: 'usage/cpt.ts', text: `const x = '${numbers(CODES + 1)}';` },
      { path: 'usage/cpt.ts', text: `const x = new RegExp(\`${numbers(CODES + 1)}\`);` },
    ],
    keeps: [
      { path: 'usage/cpt.ts', text: `const x = [${numbers(CODES)}];` },
      {
        path: 'usage/cpt.ts',
        text: `const x = [${numbers(CODES + 1).replaceAll('1234', '12_34')}];`,
      },
      { path: 'test/usage/cpt.test.ts', text: `const x = [${numbers(CODES + 1)}];` },
    ],
  },
];

function numbers(count: number): string {
  return Array.from({ length: count }, (_, index) => `1234${index}`).join(', ');
}

/** Five digits, or four and a letter, in numbers and texts (not in comments), all different. */
function codeList(source: Source): Finding[] {
  if (SAMPLES.test(source.path)) return [];
  const literals = nodesOf(source).filter(
    (node) =>
      ts.isNumericLiteral(node) ||
      ts.isStringLiteralLike(node) ||
      ts.isTemplateHead(node) ||
      ts.isTemplateMiddleOrTemplateTail(node) ||
      node.kind === ts.SyntaxKind.RegularExpressionLiteral,
  );
  const text = literals.map((node) => node.getText()).join(' ');
  const codes = new Set(text.match(/(?<![\w.])\d{4}[\dFTUM](?!\w)/g));
  if (codes.size <= CODES) return [];
  return [{ line: 1, what: `${codes.size} numbers shaped like codes` }];
}
