import { reportError } from './report-error.ts';
import { run } from './run.ts';

const { stdin, stdout, stderr, env, argv } = process;
const stopped = new Promise<void>((resolve) => {
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => resolve());
});
// A reader that goes away, like head, is no error.
stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});
const verbose = argv.includes('--verbose');
// An error of a part that nobody waits for ends the program, as Node would, but says it in a line.
for (const event of ['uncaughtException', 'unhandledRejection'])
  process.on(event, (error: unknown) => process.exit(reportError(error, process, verbose)));

process.exitCode = await run(argv.slice(2), { stdin, stdout, stderr, env, stopped });
