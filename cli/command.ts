import { parseArgs } from 'node:util';

/** An option of a command: parsing, help, docs and completion all come from this. */
export interface Option {
  type: 'boolean' | 'string';
  /** What stands for the value in the help. */
  value?: string;
  /** What the option does, without a full stop. */
  says: string;
  short?: string;
  /** May be given more than once, or with commas; its value is a list. */
  multiple?: true;
  choices?: readonly string[];
  /** What a value must look like; `words` completes the sentence "must be ...". */
  form?: { is: RegExp; words: string };
}

/** A command of levy as data. */
export interface Command {
  /** What it does, in a line. */
  does: string;
  /** What a person should know before it is called; a paragraph each. */
  about: readonly string[];
  /** The arguments that are no options; null: none are taken. */
  args: Arguments | null;
  options: Readonly<Record<string, Option>>;
  examples: readonly string[];
  /** What each exit code means; those that say the same for all commands may be left out. */
  statuses?: Partial<Record<0 | 1 | 2, string>>;
}

interface Arguments {
  usage: string;
  least: number;
  most: number;
  /** What to do when there are too few. */
  missing: string;
  choices?: readonly string[];
  /** The arguments are files, for completion. */
  files?: true;
}

/** The exit codes of every command. */
export const STATUSES = {
  0: 'done',
  1: 'found something wrong, or failed',
  2: 'wrong use, or a configuration that cannot be used: nothing was done',
} as const;

/** The options that every command knows. */
export const COMMON = {
  verbose: { type: 'boolean', says: 'shows where an unexpected error arose, like LEVY_DEBUG=1' },
  help: { type: 'boolean', short: 'h', says: 'shows this help, and does nothing' },
} as const satisfies Record<string, Option>;

type ValueOf<One extends Option> = One extends { type: 'boolean' }
  ? boolean
  : One extends { choices: readonly (infer Choice)[] }
    ? One extends { multiple: true }
      ? Choice[]
      : Choice
    : One extends { multiple: true }
      ? string[]
      : string;

/** The values of a command's options; those that were not given are missing. */
export type OptionsOf<One extends Command> = {
  -readonly [Name in keyof One['options']]?: ValueOf<One['options'][Name]>;
};

/** What a command is called with. */
export interface Call<One extends Command> {
  options: OptionsOf<One>;
  args: string[];
}

type Parsed = { help: true } | { wrong: string } | { call: Call<Command> };

/** Reads the arguments of a command; `wrong` says what cannot be used, and what to use instead. */
export function parseCall(command: Command, argv: string[]): Parsed {
  const known: Record<string, Option> = { ...command.options, ...COMMON };
  const config = Object.entries(known).map(([name, { type, short, multiple }]) => [
    name,
    { type, multiple: multiple ?? false, ...(short && { short }) },
  ]);
  const { tokens } = parseArgs({
    args: argv,
    options: Object.fromEntries(config) as Record<string, { type: 'boolean' | 'string' }>,
    ...{ strict: false, allowPositionals: true, tokens: true },
  });
  // Asked for help, a command explains even what it would refuse.
  if (tokens.some((token) => token.kind === 'option' && token.name === 'help'))
    return { help: true };
  const options: Record<string, unknown> = {};
  const args: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'positional') args.push(token.value);
    if (token.kind !== 'option') continue;
    const option = Object.hasOwn(known, token.name) ? known[token.name] : undefined;
    const wrong = option
      ? take(option, token, options)
      : `Unknown option ${token.rawName}.${didYouMean(token.rawName, flagsOf(known))}`;
    if (wrong) return { wrong };
  }
  const wrong = wrongArguments(command.args, args);
  return wrong ? { wrong } : { call: { options: options as OptionsOf<Command>, args } };
}

interface OptionToken {
  name: string;
  rawName: string;
  value?: string | undefined;
  inlineValue?: boolean | undefined;
}

/** Puts an option's value into `options`; gives what is wrong with it, if anything. */
function take(
  option: Option,
  { name, rawName, value, inlineValue }: OptionToken,
  options: Record<string, unknown>,
): string | null {
  if (option.type === 'boolean') {
    if (value !== undefined) return `${rawName} takes no value.`;
    options[name] = true;
    return null;
  }
  // An option after an option is no value: somebody forgot the value.
  if (value === undefined || value === '' || (!inlineValue && /^-./.test(value)))
    return `${rawName} needs a value: ${rawName} ${option.value}.`;
  const values = option.multiple ? value.split(',').map((one) => one.trim()) : [value];
  for (const one of values) {
    if (option.choices && !option.choices.includes(one))
      return `${rawName} must be one of ${option.choices.join(', ')}.`;
    if (option.form && !option.form.is.test(one)) return `${rawName} must be ${option.form.words}.`;
  }
  const before = (options[name] ?? []) as string[];
  options[name] = option.multiple ? [...new Set([...before, ...values])] : value;
  return null;
}

function wrongArguments(wanted: Arguments | null, args: string[]): string | null {
  const { least, most, missing, choices } = wanted ?? { least: 0, most: 0, missing: '' };
  if (args.length < least) return missing;
  const extra = args[most];
  if (extra !== undefined) return `One argument too many: ${JSON.stringify(extra)}.`;
  const odd = choices && args.find((one) => !choices.includes(one));
  if (odd === undefined) return null;
  return `${JSON.stringify(odd)} is not one of ${choices?.join(', ')}.`;
}

function flagsOf(options: Record<string, Option>): string[] {
  return Object.keys(options).map((name) => `--${name}`);
}

/** ` Did you mean X?`, with the nearest of the known words; empty when none is near. */
export function didYouMean(word: string, known: readonly string[]): string {
  const near = known
    .map((one) => ({ one, far: distance(word, one) }))
    .sort((a, b) => a.far - b.far)[0];
  if (!near || near.far > Math.max(2, Math.floor(near.one.length / 2))) return '';
  return ` Did you mean ${near.one}?`;
}

/** The fewest letters to insert, delete, replace or swap with their neighbour (Damerau). */
function distance(a: string, b: string): number {
  const rows = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  const at = (i: number, j: number): number => rows[i]?.[j] ?? 0;
  for (let i = 1; i <= a.length; i += 1) {
    rows[i] = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const change = a[i - 1] === b[j - 1] ? 0 : 1;
      const steps = [at(i - 1, j) + 1, at(i, j - 1) + 1, at(i - 1, j - 1) + change];
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        steps.push(at(i - 2, j - 2) + 1);
      rows[i]?.push(Math.min(...steps));
    }
  }
  return at(a.length, b.length);
}
