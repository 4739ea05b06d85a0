/** One thing wrong with the environment: which variable, what is wrong, what to do. */
export interface ConfigProblem {
  variable: string;
  problem: string;
  remedy: string;
}

/** Everything that is wrong with the environment, at once. Secrets are never repeated. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: ConfigProblem[];

  constructor(problems: ConfigProblem[]) {
    const lines = problems.map((one) => `  ${one.variable} ${one.problem}. ${one.remedy}.`);
    super(`The configuration cannot be used:\n${lines.join('\n')}`);
    this.problems = problems;
  }
}

export type Environment = Record<string, string | undefined>;

/** What a variable must look like: the words for it complete the sentence "is not ...". */
export interface Form {
  is: (value: string) => boolean;
  words: string;
  remedy: string;
}

/**
 * Reads variables one by one and collects what is wrong with them. A variable that is empty is
 * not set. Where something is wrong the fallback is given, so that reading goes on to the end.
 */
export function createReader(env: Environment, readFile: (path: string) => string) {
  const problems: ConfigProblem[] = [];

  function complain(variable: string, problem: string, remedy: string): void {
    problems.push({ variable, problem, remedy });
  }

  function text(name: string, form?: Form): string | null {
    const value = env[name]?.trim();
    if (!value) return null;
    if (!form || form.is(value)) return value;
    complain(name, `(${JSON.stringify(value.slice(0, 80))}) is not ${form.words}`, form.remedy);
    return null;
  }

  /** A secret: from `NAME`, or from the file that `NAME_FILE` names. */
  function secret(name: string, form?: Form): string | null {
    const value = given(name);
    if (!value) return null;
    if (!form || form.is(value)) return value;
    complain(name, `is not ${form.words}`, form.remedy);
    return null;
  }

  function given(name: string): string | null {
    const direct = env[name]?.trim();
    const path = env[`${name}_FILE`]?.trim();
    if (!path) return direct || null;
    if (direct) {
      complain(`${name}_FILE`, `and ${name} are both set`, 'Set one of them');
      return null;
    }
    try {
      const content = readFile(path).trim();
      if (content) return content;
      complain(`${name}_FILE`, 'names an empty file', 'Put the secret into it');
    } catch {
      complain(`${name}_FILE`, 'names a file that cannot be read', 'Check its path and its rights');
    }
    return null;
  }

  function integer(name: string, fallback: number, least: number, most: number): number {
    const value = text(name, {
      is: (given) => /^\d{1,12}$/.test(given) && Number(given) >= least && Number(given) <= most,
      words: `a whole number from ${least} to ${most}`,
      remedy: `Leave it out for ${fallback}`,
    });
    return value === null ? fallback : Number(value);
  }

  function choice<Value extends string>(name: string, values: readonly Value[]): Value | null {
    return text(name, {
      is: (given) => (values as readonly string[]).includes(given),
      words: `one of ${values.join(', ')}`,
      remedy: 'Choose one of them, or leave it out',
    }) as Value | null;
  }

  function flag(name: string): boolean {
    return choice(name, ['true', 'false']) === 'true';
  }

  function list(name: string, form: Form): string[] {
    const values = (env[name] ?? '').split(',').map((one) => one.trim());
    return values.filter((value) => {
      if (value === '') return false;
      if (form.is(value)) return true;
      complain(name, `holds ${JSON.stringify(value.slice(0, 80))}, not ${form.words}`, form.remedy);
      return false;
    });
  }

  return { text, secret, integer, choice, flag, list, complain, problems };
}

export type Reader = ReturnType<typeof createReader>;

/** An address with one of these schemes; with `origin`, nothing may follow the host and port. */
export function url(schemes: string[], example: string, origin = false): Form {
  return {
    is: (value) => {
      if (!URL.canParse(value)) return false;
      const { protocol, pathname, search, hash, username } = new URL(value);
      if (!schemes.includes(protocol.slice(0, -1))) return false;
      return !origin || (['', '/'].includes(pathname) && !search && !hash && !username);
    },
    words: `an address of the form ${example}`,
    remedy: `Write it like ${example}`,
  };
}
