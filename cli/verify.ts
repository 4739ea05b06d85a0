import type { CheckResult, Report } from '../core/reconcile/checks.ts';
import { createReconcile } from '../workers/maintenance/reconcile.ts';
import type { CallOf } from './commands.ts';
import { SILENT, type Io } from './io.ts';
import { reasonFor, withLedger, type Books } from './with-ledger.ts';

export interface VerifyPlace extends Books {
  /** See `createVerify`. */
  patienceMs?: number;
}

/** Breaches printed per check for people; the JSON has up to a thousand. */
const PRINTED = 20;

/** `levy verify`: gives the exit code. */
export async function verify(
  { options }: CallOf<'verify'>,
  io: Pick<Io, 'stdout' | 'stderr'>,
  place: VerifyPlace,
): Promise<number> {
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
