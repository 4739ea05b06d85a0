import { execFile, execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { COMMANDS } from '../../cli/commands.ts';
import { runLevy } from './run-levy.ts';

const has = (shell: string): boolean => {
  try {
    execFileSync(shell, ['-c', 'exit 0'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
};

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'levy-completion-'));
  await writeFile(join(folder, 'spring.837'), '');
  for (const shell of ['bash', 'zsh', 'fish'])
    await writeFile(join(folder, shell), (await runLevy(['completion', shell])).out);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** What bash offers after this line, by the function that `complete` names for levy. */
async function offered(line: string): Promise<string[]> {
  const words = line.split(' ');
  const script = `
    source ./bash
    [[ $(complete -p levy) =~ -F\\ ([^ ]+) ]] || exit 1
    COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}
    "\${BASH_REMATCH[1]}"
    printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout } = await promisify(execFile)('bash', ['-c', script], { cwd: folder });
  return stdout.split('\n').filter((word) => word !== '');
}

describe.runIf(has('bash'))('in bash', () => {
  it('levy offers every command, once', async () => {
    const first = Object.keys(COMMANDS).filter((name) => !name.includes(' '));
    expect(await offered('levy ')).toEqual([...first, '--version', '--help']);
  });

  it.each<[string, string[]]>([
    ['levy st', ['start']],
    ['levy verify --', ['--assessment', '--json', '--verbose', '--help']],
    ['levy keys ', ['new', 'revoke', '--json', '--verbose', '--help']],
    ['levy keys new --n', ['--name']],
    ['levy keys new --json --sc', ['--scope']],
    ['levy keys new --scope ', ['read', 'operate', 'approve']],
    ['levy keys new --name ', []],
    ['levy keys revoke --y', ['--yes']],
    ['levy detect --kind x', ['x12', 'xlsx']],
    ['levy detect spr', ['spring.837']],
    ['levy detect spring.837 --li', ['--lines']],
    ['levy completion ', ['bash', 'zsh', 'fish', '--verbose', '--help']],
    ['levy nonsense ', []],
  ])('%s', async (line, words) => {
    expect(await offered(line)).toEqual(words);
  });
});

it.each(['bash', 'zsh', 'fish'].filter(has))('the script is one for %s', async (shell) => {
  await promisify(execFile)(shell, ['-n', join(folder, shell)]);
});

it.each(['bash', 'zsh', 'fish'])(
  'the script for %s knows every command and option',
  async (shell) => {
    const { out } = await runLevy(['completion', shell]);
    for (const { options } of Object.values(COMMANDS))
      for (const option of Object.keys(options))
        expect(out).toContain(shell === 'fish' ? `-l ${option}` : `--${option}`);
  },
);
