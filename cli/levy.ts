import { ConfigError } from '../config/config.ts';
import type { Io } from './io.ts';

/** A command: takes its arguments, gives its exit status. */
type Command = (argv: string[], io: Io) => Promise<number>;

/** Each command is loaded only when it is called: detecting needs no database. */
const COMMANDS: Record<string, { does: string; load: () => Promise<Command> }> = {
  start: {
    does: 'run everything in one process, with its data in .levy/',
    load: async () => (await import('./start.ts')).start,
  },
  demo: {
    does: 'run a sample year on sample people; --json, --keep',
    load: async () => (await import('./demo.ts')).demo,
  },
  migrate: {
    does: 'bring the database up to date as its owner, with roles and grants',
    load: async () => (await import('./migrate.ts')).migrateOnce,
  },
  import: {
    does: 'send usage records to a running levy: import FILE...',
    load: async () => (await import('./import.ts')).importFiles,
  },
  verify: {
    does: 'prove the books, or name the fees that break them; --json',
    load: async () => {
      const [{ verify }, { withPlace }] = await Promise.all([
        import('./verify.ts'),
        import('../app/running.ts'),
      ]);
      return (argv, io) => withPlace(io, (place) => verify(argv, io, place));
    },
  },
  restore: {
    does: 'bring a ledger that was restored or lost up to what Stripe has; --json',
    load: async () => {
      const [{ restore }, { withPlace }] = await Promise.all([
        import('./restore.ts'),
        import('../app/running.ts'),
      ]);
      return (argv, io) => withPlace(io, (place) => restore(argv, io, place));
    },
  },
  detect: {
    does: 'show the uses of codes in files: detect FILE... [--json]',
    load: async () => (await import('./detect.ts')).detect,
  },
};

async function main(): Promise<number> {
  const [name = 'help', ...argv] = process.argv.slice(2);
  const command = COMMANDS[name];
  if (!command) {
    const known = Object.entries(COMMANDS).map(([one, { does }]) => `  ${one.padEnd(8)} ${does}`);
    process.stderr.write(`Usage: levy COMMAND\n\n${known.join('\n')}\n`);
    return name === 'help' || name === '--help' ? 0 : 2;
  }
  const { stdin, stdout, stderr, env } = process;
  const stopped = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => resolve());
  });
  const run = await command.load();
  return run(argv, { stdin, stdout, stderr, env, stopped });
}

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 2;
}
