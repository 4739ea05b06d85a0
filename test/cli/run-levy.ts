import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { run } from '../../cli/run.ts';

/** Calls levy with these arguments, in this process; `programs` as for `run`. */
export async function runLevy(
  argv: string[],
  options: {
    stdin?: string | Buffer;
    env?: Record<string, string>;
    tty?: boolean;
    programs?: Parameters<typeof run>[2];
    stopped?: Promise<void>;
  } = {},
): Promise<{ status: number; out: string; err: string }> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const [out, err] = [text(stdout), text(stderr)];
  const status = await run(
    argv,
    {
      ...{ stdin: Readable.from([Buffer.from(options.stdin ?? '')]), stdout },
      stderr: Object.assign(stderr, { isTTY: options.tty ?? false }),
      ...{ env: options.env ?? {}, stopped: options.stopped ?? new Promise(() => undefined) },
    },
    options.programs,
  );
  stdout.end();
  stderr.end();
  return { status, out: await out, err: await err };
}
