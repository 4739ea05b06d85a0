import { createRestore, type Restored } from '../workers/maintenance/restore.ts';
import type { CallOf } from './commands.ts';
import { SILENT, type Io } from './io.ts';
import { reasonFor, withLedger, type Books } from './with-ledger.ts';

/** `levy restore`: gives the exit code. */
export async function restore(
  { options }: CallOf<'restore'>,
  io: Pick<Io, 'stdout' | 'stderr'>,
  place: Books,
): Promise<number> {
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
