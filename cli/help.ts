import { COMMON, STATUSES, type Command, type Option } from './command.ts';

const COLUMNS = 90;

/** The line that shows how to call a command, cut to the width of a terminal. */
export function usageOf(name: string, { args, options }: Command): string {
  const parts = Object.entries(options).map(([option, about]) => `[${flagOf(option, about)}]`);
  const words = [...(args ? [args.usage] : []), ...parts];
  const start = `Usage: levy ${name}`;
  return wrap(words, start, ' '.repeat(Math.min(start.length + 1, 24)));
}

/** The whole help of a command. */
export function helpOf(name: string, command: Command): string {
  const options = Object.entries<Option>({ ...command.options, ...COMMON });
  const flags = options.map(([option, about]): [string, string] => [
    `${about.short ? `-${about.short}, ` : ''}${flagOf(option, about)}`,
    `${about.says}${about.choices ? `: ${about.choices.join(', ')}` : ''}`,
  ]);
  const statuses = Object.entries({ ...STATUSES, ...command.statuses });
  return [
    usageOf(name, command),
    `\n${command.about.map((paragraph) => wrap(paragraph.split(' '), '', '')).join('\n\n')}`,
    `\nOptions:\n${table(flags)}`,
    `\nExamples:\n${command.examples.map((example) => `  ${example}`).join('\n')}`,
    `\nExit codes:\n${table(statuses)}`,
    '',
  ].join('\n');
}

/** Every command with what it does. */
export function overviewOf(commands: Record<string, Command>): string {
  const rows = Object.entries(commands).map(([name, { does }]): [string, string] => [name, does]);
  return [
    'Usage: levy COMMAND [OPTIONS]',
    `\nCommands:\n${table(rows)}`,
    `\nExit codes:\n${table(Object.entries(STATUSES))}`,
    '\nlevy COMMAND --help says more about a command, levy --version which levy this is.',
    '',
  ].join('\n');
}

/** An option as it is typed, with what stands for its value. */
export function flagOf(name: string, { value, multiple }: Option): string {
  return `--${name}${value ? ` ${value}` : ''}${multiple ? ' ...' : ''}`;
}

/** Two columns; the second is wrapped within itself. */
function table(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows
    .map(([left, right]) =>
      wrap(right.split(' '), `  ${left.padEnd(width)} `, ' '.repeat(width + 4)),
    )
    .join('\n');
}

function wrap(words: readonly string[], start: string, indent: string): string {
  const lines = [start];
  for (const word of words) {
    const line = lines.at(-1) ?? '';
    const longer = `${line}${line === '' || line === indent ? '' : ' '}${word}`;
    if (longer.length <= COLUMNS || line === start) lines[lines.length - 1] = longer;
    else lines.push(`${indent}${word}`);
  }
  return lines.join('\n');
}
