import { parseArgs } from 'node:util';
import { createRestore, type Restored } from '../workers/maintenance/restore.ts';
import { SILENT, type Io } from './io.ts';
import { reasonFor, withLedger, type Books } from './with-ledger.ts';

const USAGE = `Usage: levy restore [--json]

Brings a ledger up to what Stripe has, after it was restored from a backup, lost and set up anew,
or moved: payments, declines, refunds and disputes that it does not know are written into it.
Nothing is charged and nobody is written to. A worker does the same at its start when it finds the
ledger behind.
Status: 0 when ledger and Stripe agree, 1 when something is left for a person, 2 when it could not
ask.

  --json  what it came to as one JSON object
`;

/** `levy restore`: gives the exit status; see USAGE. */
export async function restore(
  argv: string[],
  io: Pick<Io, 'stdout' | 'stderr'>,
  place: Books,
): Promise<number> {
  let options: { json?: boolean; help?: boolean };
  try {
    const known = { json: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } } as const;
    options = parseArgs({ args: argv, options: known }).values;
  } catch (error) {
    io.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
    return 2;
  }
  if (options.help) {
    io.stdout.write(USAGE);
    return 0;
  }
  try {
    const restored = await withLedger(place, 'restore', (parts) =>
      createRestore({ ...parts, log: SILENT }).once(),
    );
    io.stdout.write(options.json ? `${JSON.stringify(restored)}\n` : report(restored));
    return restored.left.length + restored.orphanObjects > 0 ? 1 : 0;
  } catch (error) {
    io.stderr.write(`Could not compare the ledger with Stripe. ${reasonFor(error)}\n`);
    return 2;
  }
}

function report({ behind, changed, left, orphanObjects }: Restored): string {
  const lines = [
    behind === 0
      ? 'The ledger has everything that Stripe has for its fees.'
      : `${behind} fees were behind Stripe; ${changed} were brought up to date.`,
  ];
  if (left.length > 0)
    lines.push(`${left.length} were busy; run it once more: ${left.slice(0, 10).join(', ')}`);
  if (orphanObjects > 0)
    lines.push(
      `${orphanObjects} intents and charges of levy’s at Stripe belong to no fee of this ledger. ` +
        'Upload the roster and the exports, open the year, and run this once more before ' +
        'you approve.',
    );
  return `${lines.join('\n')}\n`;
}
