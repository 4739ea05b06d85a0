import type { Step } from '../../core/fee/fee.ts';

/** What the ledger waits for, at one moment. */
export interface PendingWork {
  /** When the next fee is due for each step, in ms; nothing for a step nobody waits for. */
  due: Partial<Record<Step, number>>;
  /** When the next fee is due that no pause holds back; null when none will be. */
  dueAt: number | null;
  /** Events that wait to be seen to. */
  events: number;
  /** Assessments whose people have no fees yet. */
  unenrolled: number;
  /** Acts on many fees that run. */
  bulkActs: number;
  /** Assessments that are paused. */
  paused: number;
  /** Grows with everything that is written. */
  progress: number;
}
