import type { Readable } from 'node:stream';
import type { FirstUse, ImportProblem, ImportResult } from '../../ledger/evidence.ts';
import { isDay } from '../http/is-day.ts';
import { problem } from '../http/errors.ts';
import { audited, followEvidence, type ActionDeps, type By } from '../routes/actions.ts';
import { readImport, type ImportInput } from './read.ts';
import { NOBODY } from './tally.ts';

/** Problems of an import that are listed. */
export const PROBLEMS_SHOWN = 1_000;

/** An import, with what came of its records, counted. */
interface Counted extends ImportResult {
  /** Uses of people who are not on the roster. */
  unmatched: number;
  /** Uses that fit several people. */
  ambiguous: number;
  undated: number;
  /** Rows and records that could not be read. */
  refused: number;
  /** Pieces of evidence that wait for a person. */
  weak: number;
  /** Clinicians with evidence in this file. */
  clinicians: number;
  problems: ImportProblem[];
}

export interface ImportOutcome extends Counted {
  /** False: the same content was imported before. */
  created: boolean;
  /** Pieces of evidence that were not there before. */
  evidenceAdded: number;
  feesChanged: number;
}

/**
 * Imports a file: reads it to its end, keeps the evidence of use, and has the fees it is about
 * looked at again. Throws what `readImport` throws, and `unknown_vendor`.
 */
export async function importFile(
  deps: ActionDeps,
  by: By,
  body: Readable,
  input: ImportInput,
): Promise<ImportOutcome> {
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

async function resultOf({ ledger }: ActionDeps, kept: ImportResult): Promise<Counted> {
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

/** What a person says about a file, or nothing of it. */
export interface SaidOfFile extends Pick<ImportInput, 'fileName' | 'vendor' | 'kind'> {
  /** The period the export was made for, YYYY-MM-DD. */
  from: string | null;
  to: string | null;
}

/** How a file is to be read. Throws `invalid_request` for a period that is none. */
export function importInput({ fileName, vendor, from, to, kind }: SaidOfFile): ImportInput {
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

async function knows({ ledger }: ActionDeps, wanted: string): Promise<boolean> {
  return (await ledger.rates.vendors()).some(({ vendor }) => vendor === wanted);
}
