import { UserError } from '../app/user-error.ts';
import { ConfigError } from '../config/environment.ts';
import type { Io } from './io.ts';

/** Longest message that is shown; some quote the end of a log. */
const MESSAGE_LIMIT = 1_000;

/**
 * Tells a person why a command failed, in one line for an unexpected error, and with its frames if
 * `verbose`. Gives the exit code. Shows no address with a password, no key and no token.
 */
export function reportError(
  error: unknown,
  { stderr, env }: Pick<Io, 'stderr' | 'env'>,
  verbose: boolean,
): 1 | 2 {
  const expected = error instanceof ConfigError || error instanceof UserError;
  const all = verbose || Boolean(env.LEVY_DEBUG);
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  const line = message.replace(/\s+/g, ' ').trim().slice(0, MESSAGE_LIMIT);
  const told = expected ? message : `levy failed. ${name}: ${line}`;
  const hint = expected || all ? '' : ' (--verbose shows where)';
  stderr.write(`${redact(told, env)}${hint}\n`);
  if (all) stderr.write(`${redact(framesOf(error), env)}\n`);
  return error instanceof ConfigError ? 2 : error instanceof UserError ? error.status : 1;
}

/** The frames of an error and of its causes, without their messages. */
function framesOf(error: unknown): string {
  if (!(error instanceof Error)) return 'It was no error of the program, and has no frames.';
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  const cause = error.cause === undefined ? [] : [`caused by:`, framesOf(error.cause)];
  return [error.name, ...frames, ...cause].join('\n');
}

/** Variables whose value opens something. */
const SECRET_NAME = /(URL|SECRETS?|KEY|TOKEN|PASSWORD)$/;
const SECRETS = [
  // An address with a password, whatever follows it.
  /\b[a-z][a-z0-9+]*:\/\/[^\s/@]*@[^\s"']*/gi,
  /\blevy_[roa]_[\w-]{12,}/g,
  /\b(sk|rk)_(test|live)_\w+|\bwhsec_[\w-]+/g,
];

function redact(text: string, env: Io['env']): string {
  const values = Object.entries(env)
    .filter(([name, value]) => SECRET_NAME.test(name) && (value ?? '').trim().length >= 8)
    .filter(([name]) => !['LEVY_URL', 'PUBLIC_URL'].includes(name))
    .map(([, value]) => value?.trim() ?? '');
  const plain = values.reduce((rest, value) => rest.replaceAll(value, '***'), text);
  return SECRETS.reduce((rest, secret) => rest.replace(secret, '***'), plain);
}
