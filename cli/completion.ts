import { COMMON, type Command, type Option } from './command.ts';
import { COMMANDS, type CallOf } from './commands.ts';
import type { Io } from './io.ts';

/** `levy completion`: prints a shell's completion script, made from the commands' data. */
export function completion(
  { args: [shell] }: CallOf<'completion'>,
  { stdout }: Pick<Io, 'stdout'>,
): Promise<number> {
  const scripts: Record<string, (words: Words[]) => string> = { bash, zsh, fish };
  const script = scripts[shell ?? ''];
  if (!script) throw new Error(`Bug! no completion for ${shell}`);
  stdout.write(script(WORDS));
  return Promise.resolve(0);
}

/** What may follow the words of a command. */
interface Words {
  /** The command's words; empty for `levy` alone. */
  name: string;
  /** Commands beneath it, with what they do. */
  next: [string, string][];
  options: [string, Option][];
  /** The arguments to choose from. */
  choices: readonly string[];
  files: boolean;
}

/** What may follow `levy` when no command does. */
const ALONE: Record<string, Option> = {
  version: { type: 'boolean', says: 'prints the version' },
  help: COMMON.help,
};

const WORDS: Words[] = ['', ...Object.keys(COMMANDS)].map((name) => {
  const { options = {}, args = null } = commandOf(name);
  const prefix = name === '' ? '' : `${name} `;
  const next = Object.entries(COMMANDS)
    .filter(([other]) => other.startsWith(prefix) && !other.slice(prefix.length).includes(' '))
    .map(([other, { does }]): [string, string] => [other.slice(prefix.length), does]);
  return {
    ...{ name, next, choices: args?.choices ?? [], files: args?.files ?? false },
    options: Object.entries<Option>({ ...options, ...(name === '' ? ALONE : COMMON) }),
  };
});

function commandOf(name: string): Partial<Command> {
  return name === '' ? {} : COMMANDS[name as keyof typeof COMMANDS];
}

/** Letters that may stand in every shell within single quotes. */
const plain = (text: string) => text.replace(/['\\[\]:]/g, ' ');

function bash(all: Words[]): string {
  const cases = all.map(({ name, next, options, choices, files }) => {
    const flags = options.map(([option]) => `--${option}`);
    const words = [...next.map(([word]) => word), ...choices, ...flags].join(' ');
    return `    '${name}') words='${words}'; files=${files ? 1 : 0} ;;`;
  });
  return `# Completes levy in bash; load it with: source <(levy completion bash)
_levy() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]}
  local command='' words='' files=0 i word
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    [[ " ${all.map(({ name }) => name.replace(' ', '_')).join(' ')} " == \\
      *" \${command:+\${command}_}\${word} "* ]] || { [[ $command ]] || return; break; }
    command="\${command:+$command }$word"
  done
  case "$command $prev" in
${choicesIn(all)
  .map(
    ([at, list]) => `    '${at}') words='${list.join(' ')}'
      COMPREPLY=($(compgen -W "$words" -- "$cur")); return ;;`,
  )
  .join('\n')}
${valuesIn(all)
  .map((at) => `    '${at}') COMPREPLY=(); return ;;`)
  .join('\n')}
  esac
  case "$command" in
${cases.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
  if ((files)) && [[ $cur != -* ]]; then COMPREPLY=($(compgen -f -- "$cur")); fi
}
complete -o filenames -F _levy levy
`;
}

/** Each option whose value is one of a few, as `COMMAND --option`, with these few. */
function choicesIn(all: Words[]): [string, readonly string[]][] {
  return all.flatMap(({ name, options }) =>
    options.flatMap(([option, { choices }]): [string, readonly string[]][] =>
      choices ? [[`${name} --${option}`, choices]] : [],
    ),
  );
}

/** Each option whose value is for the person to know, as `COMMAND --option`. */
function valuesIn(all: Words[]): string[] {
  return all.flatMap(({ name, options }) =>
    options
      .filter(([, { type, choices }]) => type === 'string' && !choices)
      .map(([option]) => `${name} --${option}`),
  );
}

function zsh(all: Words[]): string {
  const cases = all.map(({ name, next, options, choices, files }) => {
    const words = [
      ...next.map(([word, does]) => `'${word}:${plain(does)}'`),
      ...choices.map((choice) => `'${choice}'`),
      ...options.map(([option, { says }]) => `'--${option}:${plain(says)}'`),
    ];
    return `    '${name}') words_=(${words.join(' ')}); files=${files ? 1 : 0} ;;`;
  });
  return `#compdef levy
# Completes levy in zsh; load it with: source <(levy completion zsh)
_levy() {
  local command='' files=0 word
  local -a words_ names=(${all
    .slice(1)
    .map(({ name }) => `'${name}'`)
    .join(' ')})
  for word in \${words[2,CURRENT-1]}; do
    (( \${names[(Ie)\${command:+$command }$word]} )) || break
    command="\${command:+$command }$word"
  done
  case "$command \${words[CURRENT-1]}" in
${choicesIn(all)
  .map(([at, list]) => `    '${at}') compadd ${list.join(' ')}; return ;;`)
  .join('\n')}
${valuesIn(all)
  .map((at) => `    '${at}') return ;;`)
  .join('\n')}
  esac
  case "$command" in
${cases.join('\n')}
  esac
  _describe 'levy' words_
  (( files )) && _files
}
compdef _levy levy
`;
}

function fish(all: Words[]): string {
  const lines = all.flatMap(({ name, next, options, choices, files }) => {
    const at = `complete -c levy -n '__levy_at "${name}"'`;
    return [
      ...next.map(([word, does]) => `${at} -a ${word} -d '${plain(does)}'`),
      ...choices.map((choice) => `${at} -a ${choice}`),
      ...options.map(
        ([option, { says, type, short, choices: values }]) =>
          `${at} -l ${option}${short ? ` -s ${short}` : ''} -d '${plain(says)}'` +
          (type === 'string' ? ' -x' : '') +
          (values ? ` -a '${values.join(' ')}'` : ''),
      ),
      ...(files ? [`${at} -F`] : []),
    ];
  });
  return `# Completes levy in fish; load it with: levy completion fish | source
function __levy_at
  set -l found ''
  for word in (commandline -opc)[2..]
    set -l longer (string trim "$found $word")
    contains -- $longer ${all
      .slice(1)
      .map(({ name }) => `'${name}'`)
      .join(' ')}; or break
    set found $longer
  end
  test "$found" = "$argv[1]"
end
complete -c levy -f
${lines.join('\n')}
`;
}
