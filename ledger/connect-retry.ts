import { setTimeout as sleep } from 'node:timers/promises';

/** SQLSTATE classes 08 connection, 53 resources (no connection left), 57 shut down or starting. */
const AWAY = /^(08|53|57)...$/;
const NETWORK = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EPIPE',
  'ETIMEDOUT',
]);
/** The driver's messages for a lost connection; these errors have no code. */
const GONE = new RegExp(
  '^(Connection terminated|Connection is closed|Client has encountered a connection error|' +
    'Client was closed|timeout exceeded when trying to connect)',
);

/** Whether this error, or its cause, means that a service is unavailable at the moment. */
export function isUnavailable(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = codeOf(error);
  return (
    AWAY.test(code) || NETWORK.has(code) || GONE.test(error.message) || isUnavailable(error.cause)
  );
}

/** The log for waiting. */
export interface WaitingLog {
  warn(fields: Record<string, unknown>, message: string): void;
}

const LONGEST_PAUSE_MS = 5_000;

/**
 * Runs work that needs the database, again from the start until the database was available
 * throughout, for as long as that takes. The work must be safe to repeat. Throws any other error.
 */
export async function retryUntilAvailable<Result>(
  work: () => Promise<Result>,
  log: WaitingLog,
): Promise<Result> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await work();
    } catch (error) {
      if (!isUnavailable(error)) throw error;
      const code = codeOf(error);
      log.warn({ code, tries }, 'the database does not answer yet; waiting for it');
      await sleep(Math.min(tries * 500, LONGEST_PAUSE_MS));
    }
  }
}

/** The code of an error, or of the first failed attempt to connect; else the word `error`. */
export function codeOf(error: unknown): string {
  const { code, errors } = error as { code?: unknown; errors?: { code?: unknown }[] };
  const found = code ?? errors?.[0]?.code;
  return typeof found === 'string' ? found : 'error';
}
