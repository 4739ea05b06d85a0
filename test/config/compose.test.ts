import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ConfigError, parseConfig } from '../../config/config.ts';
import { parseMigration, parsePlace } from '../../config/databases.ts';

const read = (name: string) => readFileSync(join(import.meta.dirname, '../..', name), 'utf8');
const compose = read('docker-compose.yml');

/** Variables that the containers are not given, each with its reason. */
const ELSEWHERE: Record<string, string> = {
  LEVY_HOME: 'the containers keep no data of their own: all their services are named',
  DAY_MS: 'a rehearsal in shorter days is refused in production',
};

/** The names that config reads of an environment, however it looks. */
function namesRead(): string[] {
  const names = new Set<string>();
  const env = new Proxy<Record<string, string | undefined>>(
    {},
    {
      get(_target, name) {
        names.add(String(name));
        return undefined;
      },
    },
  );
  for (const parse of [parseConfig, parseMigration, parsePlace])
    try {
      parse(env);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
    }
  return [...names];
}

/** The variables that levy's containers are given, by name, with their values. */
const given = new Map(
  [...(compose.split(/^ {2}postgres:$/m)[0] ?? '').matchAll(/^ {4,6}([A-Z][A-Z_]+): *(.*)$/gm)].map(
    ([, name = '', value = '']) => [name, value] as const,
  ),
);

it('every variable that config reads is in docker-compose.yml, or is not with a reason', () => {
  // A secret in a file comes under another name; compose hands the secret itself.
  const names = namesRead().filter((name) => !name.endsWith('_FILE'));
  expect(names.length).toBeGreaterThan(25);
  const missing = names.filter((name) => !given.has(name) && !(name in ELSEWHERE));
  expect(missing).toEqual([]);
  const idle = Object.keys(ELSEWHERE).filter((name) => given.has(name) || !names.includes(name));
  expect(idle).toEqual([]);
  expect([...given.keys()].filter((name) => !names.includes(name))).toEqual([]);
});

it('.env.example has a line for every variable that docker-compose.yml asks for', () => {
  const asked = new Set([...compose.matchAll(/\$\{([A-Z_]+)/g)].map(([, name]) => name));
  const offered = [...read('.env.example').matchAll(/^([A-Z_]+)=/gm)].map(([, name]) => name);
  expect(offered.toSorted()).toEqual([...asked].toSorted());
});

it('an empty variable is one that is not set: the program has the defaults', () => {
  const passed = [...given].filter(([, value]) => /^\$\{\w+:-\}$/.test(value));
  expect(passed.map(([name]) => name)).toContain('NOTICE_DAYS');
  const empty = Object.fromEntries(namesRead().map((name) => [name, '']));
  expect(parseConfig(empty)).toEqual(parseConfig({}));
});
