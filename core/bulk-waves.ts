import type { BulkAction } from './fee/outlook.ts';

/** Where an act on many fees stands. */
export interface BulkStanding {
  act: BulkAction;
  members: number;
  /** The present wave: members after the first position, up to the second. */
  waveFrom: number;
  waveTo: number;
  /** What became of the wave; null for an act that does not wait: see `waitsForAnswers`. */
  wave: { tried: number; paid: number; open: number } | null;
}

/** What comes after a wave whose members are all decided. */
export type NextWave =
  | { then: 'wave'; fees: number }
  | { then: 'wait' }
  | { then: 'end' }
  /** Nothing until a person has looked; `why` is for that person. */
  | { then: 'pause'; why: string };

/** Fees of the first wave: as many as an assessment charges first, by its default policy. */
const FIRST = 5;
/** Each wave is so many times as large as the last one. */
const GROWTH = 10;
/** Fewer tries than this may all have met bad cards. */
const SAMPLE = 3;

/** The acts that make cards be charged: each of their waves waits for the banks' answers. */
const WAITS_FOR_ANSWERS: ReadonlySet<BulkAction> = new Set(['retry', 'release']);

/** Whether each wave of the act waits until the banks have answered the last one. */
export function waitsForAnswers(act: BulkAction): boolean {
  return WAITS_FOR_ANSWERS.has(act);
}

/**
 * Decides how an act goes on: a few fees first, and after their answers more of them. It is paused
 * when three or more fees of a wave were tried and none was paid, as the first charges of an
 * assessment are.
 */
export function nextWave(standing: BulkStanding): NextWave {
  const { act, members, waveFrom, waveTo, wave } = standing;
  const left = members - waveTo;
  if (!waitsForAnswers(act)) return left > 0 ? { then: 'wave', fees: left } : { then: 'end' };
  if (!wave) throw new Error('Bug! an act that waits for answers without what became of its wave');
  if (waveTo > 0 && left > 0) {
    if (wave.open > 0) return { then: 'wait' };
    if (wave.tried >= SAMPLE && wave.paid === 0)
      return {
        then: 'pause',
        why:
          `Of the last ${wave.tried} fees that were tried none was paid, and ${left} have not ` +
          'been tried. Look at what the banks say about them before it goes on.',
      };
  }
  if (left === 0) return { then: 'end' };
  return { then: 'wave', fees: Math.max(FIRST, (waveTo - waveFrom) * GROWTH) };
}
