import type { Readable, Writable } from 'node:stream';

/** The log of a command that speaks for itself. */
export const SILENT = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** What a command speaks to: handed in, so that a test can be the terminal. */
export interface Io {
  stdin: Readable;
  stdout: Writable & { isTTY?: boolean };
  stderr: Writable & { isTTY?: boolean };
  env: Record<string, string | undefined>;
  /** Resolves when the command is told to stop. */
  stopped: Promise<void>;
}
