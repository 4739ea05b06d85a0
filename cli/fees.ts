import { createInterface } from 'node:readline/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { effectWords, REFUSED_WORDS, resultWords } from '../api/console/desk/words.ts';
import type { BulkAction } from '../core/fee/outlook.ts';
import type { RefusedAction } from '../core/fee/actions.ts';
import type { Step } from '../core/fee/fee.ts';
import { dollars } from '../core/fee/money.ts';
import { apiAddress, type ApiAddress } from './api-address.ts';
import type { CallOf } from './commands.ts';
import type { Io } from './io.ts';
import { refuse } from './refuse.ts';
import { Refused } from './upload.ts';

/** What the API says about an act on many fees. */
interface BulkAct {
  bulkId: string;
  act: BulkAction;
  state: 'previewed' | 'running' | 'paused' | 'aborted' | 'finished';
  members: number;
  preview: {
    refused: RefusedAction | null;
    step: Step | null;
    on: string | null;
    fees: number;
    cents: number;
  }[];
  pausedWhy: string | null;
  progress: { result: string; fees: number }[];
}

/** Wait between two looks at an act that runs, in ms. */
const LOOK_MS = 500;

/** `levy fees ACT --where ...`: previews an act on every fee that matches, asks, and does it. */
export async function actOnFees(call: CallOf<'fees'>, io: Io): Promise<number> {
  const { options, args } = call;
  const address = apiAddress(options, io.env);
  if (typeof address === 'string') return refuse('fees', address, io);
  if (!options.where) return refuse('fees', 'Say which fees: --where state=needs_card.', io);
  const act = (args[0] ?? '').replaceAll('-', '_');
  const previewed = await ask(address, '', {
    ...{ act, where: options.where },
    ...(options.why && { why: options.why }),
  });
  const say = (line: string) => void (options.json ? io.stderr : io.stdout).write(`${line}\n`);
  for (const line of previewLines(previewed)) say(line);
  if (previewed.members === 0) return ended(previewed, call, io, 1);
  if (!options.yes && !(await isConfirmed(previewed.members, io))) {
    say('Nothing was done.');
    return ended(previewed, call, io, 1);
  }
  let running = await ask(address, `/${previewed.bulkId}/start`);
  while (!options['no-wait'] && running.state === 'running') {
    await sleep(LOOK_MS);
    running = await ask(address, `/${running.bulkId}`, null);
    progress(running, io);
  }
  for (const { result, fees } of running.progress)
    say(`${fees} ${resultWords(running.act, result)}`);
  if (running.state === 'paused') say(`Paused: ${running.pausedWhy ?? ''}`);
  if (options['no-wait']) say('It runs; the desk of failed cards in the console shows how far.');
  const isFine = running.state === 'finished' || Boolean(options['no-wait']);
  return ended(running, call, io, isFine ? 0 : 1);
}

/** The preview, group by group: "6 have their card charged again now, $117.00". */
function previewLines({ act, members, preview }: BulkAct): string[] {
  const total = preview.reduce((sum, { fees }) => sum + fees, 0);
  return [
    `${total} fees match; it would be done to ${members}:`,
    ...preview.map(({ refused, step, on, fees, cents }) =>
      refused
        ? `  ${fees} are left out: ${REFUSED_WORDS[refused]}`
        : `  ${fees} ${effectWords(act, step, on)}, ${dollars(cents)}`,
    ),
  ];
}

/** Asks at a terminal; without one, only --yes confirms. */
async function isConfirmed(members: number, { stdin, stdout }: Io): Promise<boolean> {
  if (!stdout.isTTY) return false;
  const terminal = createInterface({ input: stdin, output: stdout });
  const answer = await terminal.question(`Do it to ${members} fees? [y/N] `);
  terminal.close();
  return /^y(es)?$/i.test(answer.trim());
}

function progress({ members, progress: counts }: BulkAct, { stderr }: Io): void {
  if (!stderr.isTTY) return;
  const open = counts.find(({ result }) => result === 'open')?.fees ?? 0;
  stderr.write(`\r${members - open} of ${members} fees${open === 0 ? '\n' : ''}`);
}

function ended(act: BulkAct, { options }: CallOf<'fees'>, { stdout }: Io, status: number): number {
  if (options.json) stdout.write(`${JSON.stringify(act)}\n`);
  return status;
}

/** Asks the API: a POST, or a GET for a body of null. Throws `Refused` with the API's words. */
async function ask(
  { base, token }: ApiAddress,
  path: string,
  body?: object | null,
): Promise<BulkAct> {
  const response = await fetch(new URL(`/v1/bulk-acts${path}`, base), {
    method: body === null ? 'GET' : 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      ...(body && { 'content-type': 'application/json' }),
    },
    ...(body && { body: JSON.stringify(body) }),
  });
  const answer = (await response.json()) as BulkAct & {
    error?: { code: string; message: string; help: string };
  };
  if (!answer.error) return answer;
  const { code, message, help } = answer.error;
  throw new Refused(code, `${message} ${help}`);
}
