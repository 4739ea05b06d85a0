import { readFile } from 'node:fs/promises';
import { didYouMean, parseCall, type Command } from './command.ts';
import { COMMANDS, type CallOf, type CommandName } from './commands.ts';
import { helpOf, overviewOf } from './help.ts';
import type { Io } from './io.ts';
import { refuse } from './refuse.ts';
import { reportError } from './report-error.ts';

/** What a command does once its arguments are read: gives the exit code. */
type Program<Name extends CommandName> = (call: CallOf<Name>, io: Io) => Promise<number>;
type Programs = { [Name in CommandName]: () => Promise<Program<Name>> };

/** Each command is loaded only when it is called: detecting needs no database. */
const PROGRAMS: Programs = {
  start: async () => (await import('./start.ts')).start,
  demo: async () => (await import('./demo.ts')).demo,
  migrate: async () => (await import('./migrate.ts')).migrateOnce,
  import: async () => (await import('./import.ts')).importFiles,
  detect: async () => (await import('./detect.ts')).detect,
  fees: async () => (await import('./fees.ts')).actOnFees,
  verify: async () => {
    const [{ verify }, { withPlace }] = await Promise.all([
      import('./verify.ts'),
      import('../app/running.ts'),
    ]);
    return (call, io) => withPlace(io, (place) => verify(call, io, place));
  },
  restore: async () => {
    const [{ restore }, { withPlace }] = await Promise.all([
      import('./restore.ts'),
      import('../app/running.ts'),
    ]);
    return (call, io) => withPlace(io, (place) => restore(call, io, place));
  },
  keys: async () => (await import('./keys.ts')).listKeys,
  'keys new': async () => (await import('./keys.ts')).newKey,
  'keys revoke': async () => (await import('./keys.ts')).revokeKey,
  completion: async () => (await import('./completion.ts')).completion,
  version: () => Promise.resolve(version),
};

/**
 * Runs the command that the arguments name and gives its exit code. Help and wrong use start
 * nothing.
 *
 * @param programs  takes the place of what a command does: for tests
 */
export async function run(
  argv: string[],
  io: Io,
  programs: Partial<Programs> = {},
): Promise<number> {
  const [first = '--help', ...others] = argv;
  if (first === '--version') return version({ options: {}, args: [] }, io);
  if (['help', '--help', '-h'].includes(first)) {
    if (others.length > 0) return run([...others, '--help'], io);
    io.stdout.write(overviewOf(COMMANDS));
    return 0;
  }
  const name = nameOf(argv);
  if (!name) {
    const near = didYouMean(first, [...Object.keys(COMMANDS), '--help', '--version']);
    io.stderr.write(`Unknown command ${first}.${near}\n\n${overviewOf(COMMANDS)}`);
    return 2;
  }
  const command: Command = COMMANDS[name];
  const parsed = parseCall(command, argv.slice(name.split(' ').length));
  if ('help' in parsed) {
    io.stdout.write(helpOf(name, command));
    return 0;
  }
  if ('wrong' in parsed) return refuse(name, parsed.wrong, io);
  try {
    const load = programs[name] ?? PROGRAMS[name];
    const program = await load();
    return await program(parsed.call, io);
  } catch (error) {
    const { verbose } = parsed.call.options as { verbose?: boolean };
    return reportError(error, io, verbose ?? false);
  }
}

/** The command that the arguments begin with; the longest name wins. */
function nameOf(argv: string[]): CommandName | null {
  for (const words of [2, 1]) {
    const name = argv.slice(0, words).join(' ');
    if (Object.hasOwn(COMMANDS, name)) return name as CommandName;
  }
  return null;
}

async function version(_call: CallOf<'version'>, { stdout }: Pick<Io, 'stdout'>): Promise<number> {
  // One folder up from the source, two from what was compiled.
  const files = ['../package.json', '../../package.json'].map((at) => new URL(at, import.meta.url));
  for (const file of files) {
    const text = await readFile(file, 'utf8').catch(() => null);
    if (text === null) continue;
    stdout.write(`${(JSON.parse(text) as { version: string }).version}\n`);
    return 0;
  }
  throw new Error('package.json is missing.');
}
