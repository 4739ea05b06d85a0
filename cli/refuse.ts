import { COMMANDS, type CommandName } from './commands.ts';
import { usageOf } from './help.ts';
import type { Io } from './io.ts';

/** Says what is wrong with the arguments of a command, and how to call it; gives 2. */
export function refuse(name: CommandName, wrong: string, { stderr }: Pick<Io, 'stderr'>): 2 {
  stderr.write(`${wrong}\n\n${usageOf(name, COMMANDS[name])}\n`);
  stderr.write(`levy ${name} --help says more.\n`);
  return 2;
}
