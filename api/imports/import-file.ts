import type { Readable } from 'node:stream';
import type { FirstUse, ImportProblem, ImportResult } from '../../ledger/evidence.ts';
import type { Format } from '../../usage/finding.ts';
import type { ApiDeps } from '../deps.ts';
import { problem } from '../http/errors.ts';
import { isDay } from '../http/is-day.ts';
import { audited, followEvidence, type By } from '../routes/actions.ts';
import { readImport, type ImportInput } from './read.ts';
import { NOBODY } from './tally.ts';

/** Problems that the answer to an import lists. */
export const PROBLEMS_SHOWN = 1_000;

/** What came of an import. */
export interface Imported extends ImportResult {
  /** False: the same content was imported before. */
  created: boolean;
  unmatched: number;
  ambiguous: number;
  undated: number;
  refused: number;
  weak: number;
  clinicians: number;
  evidenceAdded: number;
  feesChanged: number;
  problems: ImportProblem[];
}

/**
 * Imports one file: reads it to its end, and writes the evidence in one transaction, so that a file
 * that breaks off leaves nothing. Throws what `readImport` throws, and `unknown_vendor`.
 */
export async function importFile(
  deps: ApiDeps,
  by: By,
  body: Readable,
  input: ImportInput,
): Promise<Imported> {
  const act = { action: 'import', object: 'file', detail: {} };
  return audited(deps, by, act, async () => {
    if (input.vendor && !(await knows(deps, input.vendor))) throw problem('unknown_vendor');
    const read = await readImport(deps.ledger, body, input, by.actor);
    const { created, import: kept } = await deps.ledger.evidence.record(read);
    // The same content may match more people now: a new clinician, or a corrected NPI.
    const added = created
      ? read.uses.length
      : await deps.ledger.evidence.recordAgain(kept.importId, { ...read, fileName: kept.fileName });
    const { findings, matched } = read;
    act.object = `import ${kept.importId}`;
    act.detail = { created, findings, matched, added };
    // Also when nothing is new: an earlier upload may have ended between the two writes.
    const feeIds = await deps.ledger.evidence.feesOf(surelyUsed(read.uses));
    const feesChanged = await followEvidence(deps, by, feeIds, true);
    const result = await resultOf(deps, { ...kept, findings, matched });
    return { ...result, created, evidenceAdded: added, feesChanged };
  });
}

/** The clinicians and years with sure evidence. Weak evidence waits for a person's decision. */
function surelyUsed(uses: FirstUse[]): { clinicianId: string; year: number }[] {
  const sure = uses.filter(({ certainty }) => certainty === 'sure');
  const pairs = sure.map(({ clinicianId, year }) => ({ clinicianId, year }));
  return [...new Map(pairs.map((pair) => [`${pair.clinicianId} ${pair.year}`, pair])).values()];
}

async function resultOf({ ledger }: ApiDeps, kept: ImportResult) {
  const { problems, weak, clinicians } = await ledger.evidence.summary(kept.importId);
  const listed: ImportProblem[] = await ledger.evidence.problems(kept.importId, PROBLEMS_SHOWN);
  const count = (is: (reason: string) => boolean) =>
    problems.reduce((sum, { reason, times }) => sum + (is(reason) ? times : 0), 0);
  const undated = (reason: string) => reason === 'no_date' || reason === 'bad_date';
  return {
    ...kept,
    unmatched: count((reason) => NOBODY.has(reason)),
    ambiguous: count((reason) => reason === 'ambiguous'),
    undated: count(undated),
    refused: count((one) => !NOBODY.has(one) && one !== 'ambiguous' && !undated(one)),
    weak,
    clinicians,
    problems: listed,
  };
}

/**
 * How a file is to be read, as a caller says it. Throws `invalid_request` for a wrong period.
 */
export function importInput(said: {
  fileName?: string;
  vendor?: string | null;
  from?: string | null;
  to?: string | null;
  kind?: Format | null;
}): ImportInput {
  const { fileName = 'upload', vendor = null, from = null, to = null, kind = null } = said;
  for (const [name, day] of Object.entries({ from, to }))
    if (day && !isDay(day))
      throw problem('invalid_request', { message: `${name} is not a day of the calendar.` });
  if (Boolean(from) !== Boolean(to) || (from && to && from > to))
    throw problem('invalid_request', {
      message: 'A period has a first and a last day, in this order.',
      help: 'Give from and to, like from=2026-01-01&to=2026-12-31.',
    });
  const base = fileName.split(/[/\\]/).at(-1) || 'upload';
  return { fileName: base, vendor, periodFrom: from, periodTo: to, kind };
}

async function knows({ ledger }: ApiDeps, wanted: string): Promise<boolean> {
  return (await ledger.rates.vendors()).some(({ vendor }) => vendor === wanted);
}
