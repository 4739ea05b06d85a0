import ts from 'typescript';
import { at, type Finding, nodesOf, type Rule } from './source.ts';

/** A subject that is read in one go is not cut because of its length alone. */
const FILE_LINES = 400;
const FUNCTION_LINES = 100;
const LINE_COLUMNS = 100;
/**
 * Written by npm and by the schema dump, which nobody reads from top to bottom; and the schema,
 * which is one document.
 */
const GENERATED = /^(package-lock\.json|ledger\/schema\.sql|ledger\/migrations\/\d+_\w+\.sql)$/;
const CODE = /\.(ts|js|sql|css|yml)$|(^|\/)(Dockerfile|run)$/;

/** An address has no place to break, and prettier keeps the title of a test on one line. */
const UNBREAKABLE = /https?:\/\/\S{40}|^\s*(test|it|describe)(\.\w+(\(.*\))?)?\(['"`]/;

export const sizeRules: Rule[] = [
  {
    name: `a file has at most ${FILE_LINES} lines: split it where its subject splits`,
    find: (source) => {
      const lines = source.text.trimEnd().split('\n').length;
      const free = !CODE.test(source.path) || GENERATED.test(source.path);
      return free || lines <= FILE_LINES ? [] : [{ line: lines, what: `${lines} lines` }];
    },
    breaks: [{ path: 'core/fee/fee.ts', text: 'x;\n'.repeat(FILE_LINES + 1) }],
    keeps: [
      { path: 'core/fee/fee.ts', text: 'x;\n'.repeat(FILE_LINES) },
      { path: 'package-lock.json', text: '\n'.repeat(FILE_LINES * 2) },
    ],
  },
  {
    name:
      `a function has at most ${FUNCTION_LINES} lines, those of functions within it not counted: ` +
      'give its parts names',
    find: (source) => nodesOf(source).flatMap(longFunction),
    breaks: [
      { path: 'core/fee/fee.ts', text: longSample(FUNCTION_LINES - 1) },
      { path: 'core/fee/fee.ts', text: `function outer() {\n${longSample(FUNCTION_LINES)}}` },
      {
        path: 'core/fee/fee.ts',
        text: `const x = () => ({\n${'y: 1,\n'.repeat(FUNCTION_LINES)}});`,
      },
    ],
    keeps: [
      { path: 'core/fee/fee.ts', text: longSample(FUNCTION_LINES - 2) },
      { path: 'core/fee/fee.ts', text: longSample(FUNCTION_LINES, '\n// why\n/** what */') },
      { path: 'core/fee/fee.ts', text: `function create() {\n${longSample(40)}${longSample(40)}}` },
    ],
  },
  {
    name: `a line has at most ${LINE_COLUMNS} columns: break it, a long text with +`,
    find: (source) => {
      if (!CODE.test(source.path) || GENERATED.test(source.path)) return [];
      return source.text.split('\n').flatMap((text, index) => {
        const columns = [...text].length;
        const free = columns <= LINE_COLUMNS || UNBREAKABLE.test(text);
        return free ? [] : [{ line: index + 1, what: `${columns} columns` }];
      });
    },
    breaks: [{ path: 'core/fee/fee.ts', text: `// ${'x'.repeat(LINE_COLUMNS)}` }],
    keeps: [
      { path: 'core/fee/fee.ts', text: `// ${'é'.repeat(LINE_COLUMNS - 3)}` },
      { path: 'test/x.test.ts', text: `  test('${'x'.repeat(LINE_COLUMNS)}', async () => {});` },
      { path: 'docs/notes.md', text: 'x'.repeat(1000) },
      { path: 'core/fee/fee.ts', text: `// see https://example.test/${'x'.repeat(LINE_COLUMNS)}` },
    ],
  },
];

function longSample(lines: number, filler = ''): string {
  return `function long() {\n${`x();${filler}\n`.repeat(filler === '' ? lines : lines - 2)}}\n`;
}

function longFunction(node: ts.Node): Finding[] {
  if (!isFunction(node)) return [];
  const lines = ownLines(node);
  return lines <= FUNCTION_LINES ? [] : [at(node, `${nameOf(node)}: ${lines} lines`)];
}

/**
 * The lines of a function with something on them but comments, less those of the functions within
 * it. A createX() that only holds its closures is measured by what it does itself.
 */
function ownLines(node: ts.Node): number {
  const tree = node.getSourceFile();
  const lines = new Set<number>();
  const mark = (position: number) => lines.add(tree.getLineAndCharacterOfPosition(position).line);
  const visit = (inner: ts.Node): void => {
    if (inner !== node && isFunction(inner)) {
      mark(inner.getStart());
      return;
    }
    // Only words and signs have lines of their own: white space and comments are no nodes.
    if (inner.getChildCount(tree) === 0 && inner.getWidth(tree) > 0) {
      mark(inner.getStart(tree));
      mark(inner.getEnd() - 1);
    }
    for (const child of inner.getChildren(tree)) if (!ts.isJSDoc(child)) visit(child);
  };
  visit(node);
  return lines.size;
}

function isFunction(node: ts.Node): boolean {
  return ts.isFunctionLike(node) && 'body' in node && node.body !== undefined;
}

function nameOf(node: ts.Node): string {
  const named = node as { name?: ts.Node };
  const parent = node.parent as { name?: ts.Node } | undefined;
  return (named.name ?? parent?.name)?.getText() ?? 'a function without a name';
}
