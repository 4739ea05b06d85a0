/** What a command speaks to: handed in, so that a test can be the terminal. */
export interface Io {
  stdin: NodeJS.ReadableStream;
  stdout: NodeJS.WritableStream & { isTTY?: boolean };
  stderr: NodeJS.WritableStream & { isTTY?: boolean };
  env: Record<string, string | undefined>;
  /** Resolves when the command is told to stop. */
  stopped: Promise<void>;
}
