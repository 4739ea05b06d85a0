import type { Readable, Writable } from 'node:stream';

/** The log of a command that prints its own messages: it logs nothing. */
export const SILENT = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** The streams and environment of a command, passed in so that a test can replace them. */
export interface Io {
  stdin: Readable;
  stdout: Writable & { isTTY?: boolean };
  stderr: Writable & { isTTY?: boolean };
  env: Record<string, string | undefined>;
  /** Resolves when the command is told to stop. */
  stopped: Promise<void>;
}
