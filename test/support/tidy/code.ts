import ts from 'typescript';
import { at, type Finding, nodesOf, type Rule, type Source } from './source.ts';

export const codeRules: Rule[] = [
  {
    name: 'no process.env but where a program starts: take the value from config, as a parameter',
    find: unless(
      [/^config\//, /^(api\/server|workers\/main)\.ts$/, /^cli\//, /^testing\//, /-?main\.ts$/],
      ['test/support/global-setup.ts', 'test/api/server.test.ts', 'test/pages/chromium.ts'],
      ({ text }) => (text === 'process.env' ? text : undefined),
    ),
    breaks: [
      { path: 'api/app.ts', text: `const url = process.env['DATABASE_URL'];` },
      { path: 'core/fee/fee.ts', text: `const { TZ } = process.env;` },
    ],
    keeps: [
      { path: 'api/server.ts', text: `parseConfig(process.env);` },
      { path: 'api/app.ts', text: `// reads no process.env` },
    ],
  },
  {
    name: 'no clock: take `now` as a parameter (in production it is the database that says)',
    find: unless([], ['sandbox/clock.ts'], readsClock),
    breaks: [
      { path: 'core/fee/next.ts', text: `const now = Date.now();` },
      { path: 'core/fee/next.ts', text: `const now = new Date();` },
      { path: 'core/fee/next.ts', text: `const now = new Date;` },
      { path: 'workers/main.ts', text: `const clock = Date.now;` },
    ],
    keeps: [
      { path: 'core/fee/next.ts', text: `const then = new Date(at);` },
      { path: 'core/fee/next.ts', text: `const took = performance.now() - start;` },
      { path: 'core/fee/next.ts', text: `const type = 'Date.now()';` },
    ],
  },
  {
    name: 'no Math.random: take the randomness as a parameter, or node:crypto for secrets and ids',
    find: unless([], [], ({ text }) => (text === 'Math.random' ? text : undefined)),
    breaks: [{ path: 'jobs/queues.ts', text: `const jitter = Math.random() * 100;` }],
    keeps: [{ path: 'jobs/queues.ts', text: `const jitter = random() * 100;` }],
  },
  {
    name: 'no SQL outside ledger/: give the ledger a function with a name',
    find: unless(
      // A test may look into the database, or break it.
      [/^ledger\//, /^app\/postgres\//, /^test\//, /^testing\//],
      // It asks the queue's own connections, which the ledger does not know, whether they live.
      ['jobs/queues.ts'],
      ({ node }) => sqlIn(node),
    ),
    breaks: [
      { path: 'api/routes/fees.ts', text: `await pool.query('SELECT 1');` },
      { path: 'api/routes/fees.ts', text: `await pool.query(\`select \${x}\`);` },
      {
        path: 'workers/steps/charge.ts',
        text: `const statement = 'insert into entries values (1)';`,
      },
      { path: 'jobs/jobs.ts', text: `const q = \`\n  update fees set state = $1\`;` },
      { path: 'cli/levy.ts', text: `const q = 'CREATE TABLE x (y int)';` },
    ],
    keeps: [
      { path: 'ledger/fees.ts', text: `await pool.query('select 1');` },
      { path: 'api/routes/fees.ts', text: `const hint = 'Select a clinician, then approve.';` },
      { path: 'api/routes/fees.ts', text: `const hint = 'Update the card, or set another one.';` },
      { path: 'api/routes/fees.ts', text: `document.query(name);` },
    ],
  },
  {
    name: 'no default export: name it, so that it has one name everywhere',
    // The tools that read these two ask for a default export.
    find: unless([], ['vitest.config.ts', 'eslint.config.js'], ({ node }) => defaultExport(node)),
    breaks: [
      { path: 'api/app.ts', text: `export default 1;` },
      { path: 'api/app.ts', text: `export default function app() {}` },
      { path: 'api/app.ts', text: `const app = 1; export { app as default };` },
    ],
    keeps: [{ path: 'api/app.ts', text: `export const app = 1;` }],
  },
  {
    name: 'entries are written in ledger/entries.ts alone: call append or change',
    find: (source) =>
      source.path === 'ledger/entries.ts' || /^(test|testing)\//.test(source.path)
        ? []
        : nodesOf(source)
            .filter((node) => ts.isStringLiteralLike(node) || ts.isTemplateExpression(node))
            .filter((node) => APPENDS.test(node.getText()))
            .map((node) => at(node, 'appends entries')),
    breaks: [
      {
        path: 'ledger/assessments.ts',
        text: `const x = \`\n  insert into\n entries (fee_id) values ($1)\`;`,
      },
      { path: 'ledger/evidence.ts', text: `pool.query('INSERT INTO entries select 1');` },
      { path: 'workers/steps/charge.ts', text: `const x = \`insert into entries \${values}\`;` },
    ],
    keeps: [
      { path: 'ledger/entries.ts', text: `const x = 'insert into entries select 1';` },
      { path: 'ledger/assessments.ts', text: `// An insert into entries is elsewhere.` },
    ],
  },
];

/** The statement that writes entries, however it is laid out. */
const APPENDS = /insert\s+into\s+entries\b/i;

interface Look {
  node: ts.Node;
  /** The text of a dotted name such as `process.env`; empty for any other node. */
  text: string;
}

/** Looks at every node, except in the folders (patterns) and files that are let off. */
function unless(
  folders: RegExp[],
  files: string[],
  look: (look: Look) => string | undefined,
): (source: Source) => Finding[] {
  return (source) => {
    const free = files.includes(source.path) || folders.some((each) => each.test(source.path));
    if (free) return [];
    return nodesOf(source).flatMap((node) => {
      const text = ts.isPropertyAccessExpression(node) ? node.getText() : '';
      const what = look({ node, text });
      return what === undefined ? [] : [at(node, what)];
    });
  };
}

function readsClock({ node, text }: Look): string | undefined {
  if (text === 'Date.now') return text;
  const argless = ts.isNewExpression(node) && (node.arguments ?? []).length === 0;
  return argless && node.expression.getText() === 'Date' ? 'new Date()' : undefined;
}

const STATEMENT = new RegExp(
  [
    /^\s*select\s[^]*\sfrom\s/,
    /^\s*(insert\s+into|delete\s+from)\s/,
    /^\s*update\s+[\w."]+\s+(\w+\s+)?set\s+[\w"]+\s*=/,
    /^\s*(create|alter|drop|truncate)\s+(or\s+replace\s+)?(unlogged\s+|materialized\s+)?/,
  ]
    .map(({ source }) => source)
    .join('|') + String.raw`(table|index|view|schema|database|role|function|trigger|extension)\s`,
  'i',
);

function sqlIn(node: ts.Node): string | undefined {
  if (!ts.isStringLiteralLike(node) && !ts.isTemplateExpression(node)) return undefined;
  const text = ts.isStringLiteralLike(node) ? node.text : node.getText().slice(1);
  const call = node.parent;
  const queried =
    ts.isCallExpression(call) &&
    ts.isPropertyAccessExpression(call.expression) &&
    call.expression.name.text === 'query';
  return queried || STATEMENT.test(text) ? text.trim().slice(0, 40) : undefined;
}

function defaultExport(node: ts.Node): string | undefined {
  const exported =
    ts.isExportAssignment(node) ||
    (ts.isExportSpecifier(node) && node.name.text === 'default') ||
    (ts.canHaveModifiers(node) &&
      ts.getModifiers(node)?.some(({ kind }) => kind === ts.SyntaxKind.DefaultKeyword) === true);
  return exported ? 'default export' : undefined;
}
