import { parseArgs } from 'node:util';
import type { CheckResult, Report } from '../core/reconcile/checks.ts';
import { createReconcile } from '../workers/maintenance/reconcile.ts';
import { SILENT, type Io } from './io.ts';
import { reasonFor, withLedger, type Books } from './with-ledger.ts';

export interface VerifyPlace extends Books {
  /** See `createVerify`. */
  patienceMs?: number;
}

const USAGE = `Usage: levy verify [--assessment ID] [--json]

Proves from the ledger and from Stripe's own books what must always hold, or names the fees that
break it. It only reads. Status: 0 when everything holds, 1 on a breach, 2 when it could not check.

  --assessment  only this assessment; without it, all of them
  --json        the report as one JSON object
`;

/** Breaches printed per check for people; the JSON has up to a thousand. */
const PRINTED = 20;
/** `levy verify`: gives the exit status; see USAGE. */
export async function verify(
  argv: string[],
  io: Pick<Io, 'stdout' | 'stderr'>,
  place: VerifyPlace,
): Promise<number> {
  const options = parse(argv);
  if (typeof options === 'string') {
    io.stderr.write(`${options}\n\n${USAGE}`);
    return 2;
  }
  if (options.help) {
    io.stdout.write(USAGE);
    return 0;
  }
  try {
    const report = await check(options.assessment ?? null, place);
    io.stdout.write(options.json ? `${JSON.stringify(report)}\n` : told(report));
    return report.ok ? 0 : 1;
  } catch (error) {
    const why = reasonFor(error);
    if (options.json) io.stdout.write(`${JSON.stringify({ ok: false, couldNotCheck: why })}\n`);
    io.stderr.write(`Could not check, so nothing is proven. ${why}\n`);
    return 2;
  }
}

async function check(assessment: string | null, place: VerifyPlace): Promise<Report> {
  const { patienceMs } = place;
  return withLedger(place, 'verify', (parts) =>
    createReconcile({ ...parts, log: SILENT, patienceMs }).once(assessment),
  );
}

interface Options {
  assessment?: string;
  json?: boolean;
  help?: boolean;
}

function parse(argv: string[]): Options | string {
  try {
    const { values } = parseArgs({
      args: argv,
      options: {
        assessment: { type: 'string' },
        json: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    });
    const id = values.assessment;
    if (id !== undefined && !/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id))
      return '--assessment must be the id of an assessment, as the console shows it.';
    return values;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function told({ checkedAt, fees, checks, ok }: Report): string {
  const broken = checks.filter(({ breaches }) => breaches.length > 0);
  const count = broken.reduce((sum, { breaches, more }) => sum + breaches.length + more, 0);
  const end = ok
    ? 'Everything holds.'
    : `${count} ${count === 1 ? 'breach' : 'breaches'}, in ${broken.length} of ` +
      `${checks.length} checks.`;
  return [
    `${fees} ${fees === 1 ? 'fee' : 'fees'} checked as of ${checkedAt.toISOString()}`,
    '',
    ...checks.flatMap(lines),
    '',
    end,
    '',
  ].join('\n');
}

function lines({ name, sentence, breaches, more }: CheckResult): string[] {
  const printed = breaches.slice(0, PRINTED);
  const left = breaches.length + more - printed.length;
  return [
    `${breaches.length === 0 ? 'holds ' : 'BROKEN'}  ${name.padEnd(16)}  ${sentence}`,
    ...printed.map(({ feeId, detail }) => `          ${feeId ? `fee ${feeId}: ` : ''}${detail}`),
    ...(left > 0 ? [`          and ${left} more`] : []),
  ];
}
