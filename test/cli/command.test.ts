import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { COMMON, STATUSES, type Command } from '../../cli/command.ts';
import { COMMANDS, type CommandName } from '../../cli/commands.ts';
import { flagOf } from '../../cli/help.ts';
import { ConfigError } from '../../config/config.ts';
import { runLevy } from './run-levy.ts';

const NAMES = Object.keys(COMMANDS) as CommandName[];
const ROOT = join(import.meta.dirname, '../..');

/** Each command in place of what it does fails the test: nothing may be started. */
const nothing = Object.fromEntries(
  NAMES.map((name) => [name, () => Promise.reject(new Error(`${name} was started`))]),
);
const call = (argv: string[]) => runLevy(argv, { programs: nothing });

describe.each(NAMES)('levy %s', (name) => {
  const command: Command = COMMANDS[name];
  const words = name.split(' ');

  it.each([['--help'], ['-h'], ['--nonsense', '--help', 'too', 'many']])(
    'explains itself to %s and does nothing',
    async (...argv) => {
      const { status, out, err } = await call([...words, ...argv]);
      expect({ status, err }).toEqual({ status: 0, err: '' });
      const flat = out.replace(/\s+/g, ' ');
      expect(flat).toContain(`Usage: levy ${name}`);
      for (const paragraph of command.about) expect(flat).toContain(paragraph);
      for (const [option, about] of Object.entries({ ...command.options, ...COMMON }))
        expect(flat).toContain(`${flagOf(option, about)} ${about.says}`);
      for (const example of command.examples) expect(out).toContain(`  ${example}\n`);
      for (const sentence of Object.values({ ...STATUSES, ...command.statuses }))
        expect(flat).toContain(sentence);
      expect(Math.max(...out.split('\n').map((line) => line.length))).toBeLessThanOrEqual(90);
    },
  );

  it('refuses an option it does not know, names the nearest, and does nothing', async () => {
    const near = Object.keys({ ...command.options, ...COMMON })[0]!;
    const odd = `--${near.slice(0, -1)}`;
    const { status, out, err } = await call([...words, odd]);
    expect({ status, out }).toEqual({ status: 2, out: '' });
    expect(err).toContain(`Unknown option ${odd}. Did you mean --${near}?`);
    expect(err).toContain(`Usage: levy ${name}`);
  });

  it('refuses more arguments than it takes', async () => {
    const most = command.args?.most ?? 0;
    if (most === Infinity) return;
    const args = Array.from({ length: most }, () => command.args?.choices?.[0] ?? 'x');
    const { status, err } = await call([...words, ...args, 'superfluous']);
    expect(status).toBe(2);
    expect(err).toContain('One argument too many: "superfluous".');
  });
});

describe('levy', () => {
  it.each([[[]], [['--help']], [['-h']], [['help']]])('lists its commands to %j', async (argv) => {
    const { status, out, err } = await call(argv);
    expect({ status, err }).toEqual({ status: 0, err: '' });
    for (const [name, { does }] of Object.entries(COMMANDS))
      expect(out).toMatch(new RegExp(`^  ${name} +${does.slice(0, 40)}`, 'm'));
    for (const sentence of Object.values(STATUSES)) expect(out).toContain(sentence);
  });

  it('explains a command to help COMMAND', async () => {
    const { out } = await call(['help', 'keys', 'new']);
    expect(out).toContain('Usage: levy keys new');
  });

  it.each([
    ['strat', 'Did you mean start?'],
    ['verfiy', 'Did you mean verify?'],
    ['toString', 'Unknown command toString.'],
    ['--verison', 'Did you mean --version?'],
  ])('does not know %s', async (word, said) => {
    const { status, out, err } = await call([word]);
    expect({ status, out }).toEqual({ status: 2, out: '' });
    expect(err).toContain(said);
  });

  it.each([[['--version']], [['version']]])(
    'prints the version of the package to %j',
    async (a) => {
      const { version } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as {
        version: string;
      };
      expect(await runLevy(a)).toEqual({ status: 0, out: `${version}\n`, err: '' });
    },
  );

  it.each<[string[], string]>([
    [['detect', '--kind', 'pdf', 'x'], '--kind must be one of auto, x12, fhir'],
    [['detect', '--kind', '--lines', 'x'], '--kind needs a value: --kind KIND.'],
    [['detect', '--kind'], '--kind needs a value: --kind KIND.'],
    [['detect', '--json=yes', 'x'], '--json takes no value.'],
    [['detect', '-x', 'x'], 'Unknown option -x.'],
    [['detect', '--__proto__', 'x'], 'Unknown option --__proto__.'],
    [['verify', '--assessment', 'x'], '--assessment must be the id of an assessment'],
    [['keys', 'nwe'], 'One argument too many: "nwe".'],
    [['keys', 'new', '--scope', 'read,root'], '--scope must be one of read, operate, approve.'],
    [['completion', 'csh'], '"csh" is not one of bash, zsh, fish.'],
    [['keys', 'revoke'], 'Name the key by its id'],
  ])('refuses %j', async (argv, said) => {
    const { status, out, err } = await call(argv);
    expect({ status, out }).toEqual({ status: 2, out: '' });
    expect(err).toContain(said);
  });
});

describe('an error of a command', () => {
  const SECRETS = [
    'postgres://levy:very-secret@db/levy',
    `levy_a_${'x'.repeat(43)}`,
    'sk_live_verySecret',
    'own-secret-value',
  ];
  const failing = (error: Error, argv: string[] = [], env: Record<string, string> = {}) =>
    runLevy(['start', ...argv], {
      env: { SESSION_SECRET: 'own-secret-value', ...env },
      programs: { start: () => Promise.reject(error) },
    });

  it('is one line with its name, its frames only when asked for, and never a secret', async () => {
    const error = new TypeError(`no\nluck with ${SECRETS.join(' ')}`, { cause: new Error('deep') });
    const told = await failing(error);
    expect(told).toMatchObject({ status: 1, out: '' });
    expect(told.err).toMatch(
      /^levy failed\. TypeError: no luck with .* \(--verbose shows where\)\n$/,
    );
    const asked = [
      await failing(error, ['--verbose']),
      await failing(error, [], { LEVY_DEBUG: '1' }),
    ];
    for (const { status, err } of asked) {
      expect(status).toBe(1);
      expect(err).toMatch(/\n\s+at .*command\.test\.ts/);
      expect(err).toContain('caused by:');
    }
    for (const { err } of [told, ...asked])
      for (const secret of SECRETS) expect(err).not.toContain(secret);
  });

  it('ends with 2 where the configuration cannot be used, all of it told at once', async () => {
    const problem = { variable: 'PORT', problem: 'is odd', remedy: 'Change it' };
    const told = await failing(new ConfigError([problem, { ...problem, variable: 'HOST' }]));
    expect(told).toMatchObject({ status: 2, out: '' });
    expect(told.err).toContain('  PORT is odd. Change it.\n  HOST is odd. Change it.\n');
  });
});

it('starts nothing and writes nothing for help, as a program', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'levy-help-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const tsx = join(ROOT, 'node_modules/tsx/dist/cli.mjs');
  const levy = (...argv: string[]) =>
    promisify(execFile)(process.execPath, [tsx, join(ROOT, 'cli/levy.ts'), ...argv], {
      cwd: folder,
    });
  expect((await levy('start', '--help')).stdout).toContain('Usage: levy start');
  await expect(levy('start', '--halp')).rejects.toMatchObject({ code: 2, stdout: '' });
  expect(await readdir(folder)).toEqual([]);
});

describe('docs/commands.md', async () => {
  const docs = await readFile(join(ROOT, 'docs/commands.md'), 'utf8');
  const rows = (text: string) =>
    text
      .split('\n')
      .filter((line) => line.startsWith('|') && !line.startsWith('| -'))
      .slice(1)
      .map((line) =>
        line
          .split(/(?<!\\)\|/)
          .slice(1, -1)
          .map((cell) => cell.trim()),
      );
  const section = (title: string) =>
    docs.split(/^(?=## )/m).find((part) => part.startsWith(`## ${title}\n`)) ?? '';

  it('names every command, with what it does', () => {
    const wanted = NAMES.map((name) => [`\`${name}\``, COMMANDS[name].does]);
    expect(rows(section('The command line'))).toEqual(wanted);
  });

  it('names every option, with its sentence', () => {
    const wanted = NAMES.flatMap((name) =>
      Object.entries((COMMANDS[name] as Command).options).map(([option, about]) => [
        `\`${name}\``,
        `\`${flagOf(option, about)}\``,
        about.says,
      ]),
    );
    const common = Object.entries(COMMON).map(([option, { says }]) => [
      'all',
      `\`--${option}\``,
      says,
    ]);
    expect(rows(section('Options'))).toEqual([...wanted, ...common]);
  });

  it('names the exit codes', () => {
    const own = NAMES.flatMap((name) =>
      Object.entries((COMMANDS[name] as Command).statuses ?? {}).map(([code, says]) => [
        `\`${name}\``,
        code,
        says,
      ]),
    );
    const all = Object.entries(STATUSES).map(([code, says]) => ['all', code, says]);
    expect(rows(section('Exit codes'))).toEqual([...all, ...own]);
  });
});
