import { posix } from 'node:path';
import ts from 'typescript';
import { at, type Finding, nodesOf, type Rule, type Source } from './source.ts';

/** The programs: the only files that read the environment, and nobody imports them. */
const MAINS = /^(api\/server\.ts|workers\/main\.ts|cli\/.*\.ts)$/;
/** What stands around levy and tries it out: these may look at everything. */
const AROUND = ['test', 'testing'];
const CENTRE = ['core', 'usage', 'ledger', 'gateways', 'jobs'];

/** Which folders a folder may import from, besides itself. Others may import from anywhere. */
const MAY_IMPORT: Record<string, string[]> = {
  core: [],
  usage: ['core'],
  ledger: ['core'],
  gateways: ['core'],
  jobs: ['core'],
  api: CENTRE,
  workers: CENTRE,
  config: ['core'],
  sandbox: [],
  app: [...CENTRE, 'api', 'workers', 'config', 'sandbox'],
  cli: [...CENTRE, 'api', 'workers', 'app', 'config', 'sandbox'],
};

/** An import of one file by another, however it is written. */
interface Import {
  node: ts.Node;
  specifier: string;
  typeOnly: boolean;
}

export const importRules: Rule[] = [
  {
    name:
      'imports point inwards: core <- usage, ledger, gateways, jobs <- api, workers <- app <- ' +
      'cli; ' +
      'hand over a value or a function where two siblings must meet',
    find: (source) => importsOf(source).flatMap((each) => wrongDirection(source, each)),
    breaks: [
      { path: 'core/fee/fee.ts', text: `import { x } from '../../ledger/ledger.ts';` },
      { path: 'usage/csv.ts', text: `import { x } from '../ledger/ledger.ts';` },
      { path: 'api/routes/fees.ts', text: `export { x } from '../../workers/charge.ts';` },
      { path: 'workers/steps/charge.ts', text: `const x = await import('../../api/app.ts');` },
      { path: 'ledger/fees.ts', text: `import { x } from '../test/support/fees.ts';` },
      { path: 'gateways/mail/mail.ts', text: `import { x } from '../../sandbox/mailbox.ts';` },
      { path: 'sandbox/mailbox/mailbox.ts', text: `import { x } from '../../core/fee.ts';` },
      { path: 'api/console/fee.ts', text: `type X = import('../../workers/deps.ts').X;` },
    ],
    keeps: [
      { path: 'core/fee/next.ts', text: `import { x } from './fee.ts';` },
      { path: 'api/console/fee.ts', text: `import { x } from '../../core/fee.ts';` },
      { path: 'sandbox/mailbox/mailbox.ts', text: `import type { X } from '../../core/fee.ts';` },
      { path: 'cli/levy.ts', text: `import { x } from '../sandbox/mailbox.ts';` },
      { path: 'test/flow.test.ts', text: `import { x } from '../workers/work.ts';` },
    ],
  },
  {
    name: 'only app/, cli/ and the two mains import config; others are handed values',
    find: (source) => importsOf(source).flatMap((each) => configOutsideMains(source, each)),
    breaks: [
      { path: 'api/app.ts', text: `import type { Config } from '../config/config.ts';` },
      { path: 'core/fee/fee.ts', text: `import { x } from '../../config/rates.ts';` },
    ],
    keeps: [
      { path: 'api/server.ts', text: `import { x } from '../config/config.ts';` },
      { path: 'config/config.ts', text: `import { x } from './policy.ts';` },
      { path: 'testing/bench/main.ts', text: `import { x } from '../config/policy.ts';` },
    ],
  },
  {
    name: 'core imports core alone, no package and no part of Node: take what it needs as values',
    find: (source) =>
      folderOf(source.path) !== 'core'
        ? []
        : importsOf(source)
            .filter(({ specifier }) => !specifier.startsWith('.'))
            .map(({ node, specifier }) => at(node, specifier)),
    breaks: [
      { path: 'core/fee/fee.ts', text: `import { Type } from 'typebox';` },
      { path: 'core/fee/fee.ts', text: `import { readFile } from 'node:fs';` },
    ],
    keeps: [
      { path: 'core/fee/fee.ts', text: `import { x } from './money.ts';` },
      { path: 'usage/csv.ts', text: `import { parse } from 'csv-parse';` },
    ],
  },
];

/**
 * The circles of imports among these files, each as its files in order of their names. Types count,
 * too: two files that need each other's types are one subject in two places.
 */
export function circlesOf(sources: readonly Source[]): string[] {
  const paths = new Set(sources.map(({ path }) => path));
  const graph = new Map(
    sources.map((source) => [
      source.path,
      importsOf(source)
        .filter(({ specifier }) => specifier.startsWith('.'))
        .map(({ specifier }) => posix.join(posix.dirname(source.path), specifier))
        .filter((target) => paths.has(target)),
    ]),
  );
  const reach = (from: string): Set<string> => {
    const seen = new Set<string>();
    const open = [...(graph.get(from) ?? [])];
    for (let path = open.pop(); path !== undefined; path = open.pop()) {
      if (seen.has(path)) continue;
      seen.add(path);
      open.push(...(graph.get(path) ?? []));
    }
    return seen;
  };
  const reached = new Map([...paths].map((path) => [path, reach(path)]));
  const circles = new Set<string>();
  for (const path of paths) {
    if (!reached.get(path)?.has(path)) continue;
    const members = [...paths].filter(
      (other) => reached.get(path)?.has(other) && reached.get(other)?.has(path),
    );
    circles.add(members.sort().join(', '));
  }
  return [...circles];
}

function importsOf(source: Source): Import[] {
  return nodesOf(source).flatMap((node): Import[] => {
    if (ts.isImportDeclaration(node)) {
      return literal(node, node.moduleSpecifier, node.importClause?.phaseModifier);
    }
    if (ts.isExportDeclaration(node) && node.moduleSpecifier !== undefined) {
      return literal(node, node.moduleSpecifier);
    }
    if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
      return literal(node, node.argument.literal, ts.SyntaxKind.TypeKeyword);
    }
    const dynamic =
      ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword;
    return dynamic ? literal(node, node.arguments[0]) : [];
  });
}

function literal(node: ts.Node, name: ts.Node | undefined, phase?: ts.SyntaxKind): Import[] {
  if (name === undefined || !ts.isStringLiteralLike(name)) return [];
  return [{ node, specifier: name.text, typeOnly: phase === ts.SyntaxKind.TypeKeyword }];
}

function wrongDirection(source: Source, { node, specifier, typeOnly }: Import): Finding[] {
  const from = folderOf(source.path);
  const to = targetFolder(source.path, specifier);
  // The programs stand in the folder of what they start, and start it through app.
  if (MAINS.test(source.path)) return [];
  const allowed = MAY_IMPORT[from];
  if (to === undefined || to === from || allowed === undefined || allowed.includes(to)) return [];
  if (to === 'config') return []; // The rule below says who may.
  // The doubles share no judgement with levy, but escape their pages as levy does.
  const target = posix.join(posix.dirname(source.path), specifier);
  const isShared = typeOnly || target === 'core/escape-html.ts';
  if (from === 'sandbox' && isShared) return [];
  return [at(node, `${from} imports ${to}`)];
}

function configOutsideMains(source: Source, { node, specifier }: Import): Finding[] {
  const from = folderOf(source.path);
  const free = MAINS.test(source.path) || ['app', 'config', ...AROUND].includes(from);
  if (free || targetFolder(source.path, specifier) !== 'config') return [];
  return [at(node, specifier)];
}

function targetFolder(path: string, specifier: string): string | undefined {
  if (!specifier.startsWith('.')) return undefined;
  return folderOf(posix.join(posix.dirname(path), specifier));
}

function folderOf(path: string): string {
  return path.split('/')[0] ?? path;
}
