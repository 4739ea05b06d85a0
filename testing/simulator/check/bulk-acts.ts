import { resumeOf } from '../events/bulk-act.ts';
import { ENTRY_OF, type ExpectedBulkAct, type Stop } from '../expected-bulk-act.ts';
import type { Scenario } from '../scenario.ts';
import { grouped, personOf } from './facts.ts';
import { isUncertain } from './uncertain.ts';
import type { FeeRow, Violation } from './violation.ts';

/** One time an act on many fees was done to one of them. */
interface Deed {
  feeId: string;
  at: number;
}

/** Fees of the first wave of an act that waits for the banks' answers, as levy's docs have it. */
const FIRST_WAVE = 5;
/** So many tries without a payment stop the act. */
const BRAKE = 3;
const HAS_WAVES: ReadonlySet<string> = new Set(['retry', 'release']);

/**
 * What a person was shown and told of an act on many fees holds: by the fees' entries under the
 * name that only this act has, and by Stripe's own books.
 */
export function checkBulkActs(
  scenario: Scenario,
  fees: FeeRow[],
  audits: ReadonlyMap<string, number>,
): Violation[] {
  const here = scenario.expected.bulkActs.filter(({ isGone }) => !isGone);
  return here.flatMap((known) => {
    const { act, actor } = known;
    const deeds = deedsOf(known, fees);
    return [
      ...asShown(known, deeds, fees),
      ...asSteered(scenario, known, deeds),
      ...braked(scenario, known, deeds, fees),
      ...inTheAudit(known, audits),
    ].map((what) => ({
      ...{ invariant: '20 acts on many', feeId: null },
      what: `${act} by ${actor}: ${what}`,
    }));
  });
}

function deedsOf({ act, actor }: ExpectedBulkAct, fees: FeeRow[]): Deed[] {
  const kinds: readonly string[] = ENTRY_OF[act];
  return fees
    .flatMap(({ fee_id: feeId, entries }) =>
      (entries ?? [])
        .filter((one) => one.actor === actor && kinds.includes(one.kind))
        .map(({ at }) => ({ feeId, at: Date.parse(at) })),
    )
    .sort((a, b) => a.at - b.at);
}

/** Done to no fee that was not in the preview, to none twice, to all when it is told finished. */
function asShown(known: ExpectedBulkAct, deeds: Deed[], fees: FeeRow[]): string[] {
  const { shown, members, beginAskedAt, finishedAt, previewedAt, toldDone } = known;
  const found: string[] = [];
  if (members !== shown.length)
    found.push(`the preview named ${members} fees and showed ${shown.length}`);
  if (beginAskedAt === Infinity && deeds.length > 0)
    found.push(`done to ${deeds.length} fees, and nobody had begun it`);
  for (const [feeId, times] of grouped(deeds, (one) => one.feeId)) {
    if (!shown.includes(feeId)) found.push(`done to ${feeId}, which was not in the preview`);
    if (times.length > 1) found.push(`done to ${feeId} ${times.length} times`);
  }
  if (finishedAt === Infinity) return found;
  for (const feeId of shown) {
    const isDone = deeds.some((one) => one.feeId === feeId);
    if (isDone !== toldDone.includes(feeId))
      found.push(
        `finished, and of ${feeId} it was told ${isDone ? 'that it was not done' : 'done'}`,
      );
    if (isDone) continue;
    // Only what happened to the fee since it was shown may speak against the act; never a note.
    const since = fees.find((one) => one.fee_id === feeId)?.entries ?? [];
    const hasMoved = since.some(({ at }) => Date.parse(at) >= previewedAt);
    if (known.act === 'note' || !hasMoved) found.push(`finished, and never done to ${feeId}`);
  }
  return found;
}

/** Nothing after it was told to stop, until it was told to go on. */
function asSteered(scenario: Scenario, known: ExpectedBulkAct, deeds: Deed[]): string[] {
  const { stops, abortedAt } = known;
  // A question to go on that nobody answered may have been heard at any time.
  const pauses = isUncertain(scenario, resumeOf(known)) ? [] : stops;
  const spans: Stop[] = [...pauses, { from: abortedAt, until: Infinity }];
  return deeds.flatMap(({ feeId, at }) => {
    const span = spans.find(({ from, until }) => at > from && at < until);
    if (!span) return [];
    const [when, since] = [at, span.from].map((one) => new Date(one).toISOString());
    return [`done to ${feeId} at ${when}, stopped since ${since}`];
  });
}

/**
 * The first wave is of five fees. No wave follows one of which three or more were tried and nobody
 * paid, by Stripe's books, unless a person had let it go on.
 */
function braked(
  scenario: Scenario,
  known: ExpectedBulkAct,
  deeds: Deed[],
  fees: FeeRow[],
): string[] {
  const { act, shown, waves, resumes, isRestored } = known;
  if (!HAS_WAVES.has(act) || isRestored) return [];
  const second = waves.find(({ after }) => after > 0);
  const early = deeds.filter(({ at }) => at <= (second?.lookedAt ?? Infinity));
  const isResumed = (by: number) => resumes.some((askedAt) => askedAt <= by);
  const found: string[] = [];
  if (early.length > FIRST_WAVE && !isResumed(Infinity))
    found.push(`done to ${early.length} fees before an answer of a bank`);
  const { tries, charges, paidAt } = scenario.stripe.books;
  const isPaid = (feeId: string, by: number) =>
    [...charges.values()].some(({ id, metadata, customer }) => {
      const ref = personOf(scenario, { feeId: metadata.fee ?? '', customer });
      return ref === scenario.fees.get(feeId) && (paidAt.get(id) ?? Infinity) < by;
    });
  const isTried = ({ feeId, at }: Deed, by: number) => {
    const isBetween = (moment: number) => moment >= at && moment < by;
    const { entries } = fees.find((one) => one.fee_id === feeId) ?? {};
    // An attempt that was open before is not one that the act has led to.
    const hasBegun = entries?.some((one) => {
      return one.kind === 'attempted' && isBetween(Date.parse(one.at));
    });
    return hasBegun && tries.some((one) => one.feeId === feeId && isBetween(one.at));
  };
  for (const { after, lookedAt } of waves) {
    if (after === 0 || isResumed(lookedAt)) continue;
    const wave = new Set(shown.slice(after > FIRST_WAVE ? FIRST_WAVE : 0, after));
    const done = deeds.filter(({ feeId, at }) => wave.has(feeId) && at < lookedAt);
    const tried = done.filter((one) => isTried(one, lookedAt));
    if (tried.length >= BRAKE && !done.some(({ feeId }) => isPaid(feeId, lookedAt)))
      found.push(`went on after ${tried.length} fees were tried and none was paid`);
  }
  return found;
}

/** The audit names its beginning once, however often the button was pressed. */
function inTheAudit(
  { bulkId, begunAt }: ExpectedBulkAct,
  audits: ReadonlyMap<string, number>,
): string[] {
  const lines = audits.get(bulkId) ?? 0;
  if (lines > 1 || (begunAt < Infinity && lines === 0))
    return [`begun ${lines} times by the audit`];
  return [];
}

/** No act is left behind: it has ended, or nobody has begun it. */
export function checkBulkEnds(open: { bulkId: string; state: string }[]): Violation[] {
  return open.map(({ bulkId, state }) => ({
    ...{ invariant: '3 liveness', feeId: null },
    what: `the act on many fees ${bulkId} is ${state}`,
  }));
}
