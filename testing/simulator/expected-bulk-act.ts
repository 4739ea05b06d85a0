import type { BulkAction } from '../../core/fee/outlook.ts';

/** A stretch of time, in ms of virtual time. */
export interface Stop {
  from: number;
  until: number;
}

/** A wave of an act that a worker began, and the moment at which it looked at the wave before. */
export interface Wave {
  /** The position of the last member of the wave before; 0: it is the first. */
  after: number;
  lookedAt: number;
}

/** An act on many fees, as the person knows it who previewed it. */
export interface ExpectedBulkAct {
  bulkId: string;
  act: BulkAction;
  /** The name under which it was previewed and begun; every act has another. */
  actor: string;
  /** Fees that the preview said it would act on, in the order in which the page showed them. */
  shown: string[];
  /** The number that the preview named. */
  members: number;
  previewedAt: number;
  /** When it was first asked to begin; Infinity: never. */
  beginAskedAt: number;
  /** When somebody was told that it had begun. */
  begunAt: number;
  /** When it was told so that the act had ended for good, or was seen to have. */
  abortedAt: number;
  finishedAt: number;
  /** The fees to which it was done, as the page showed when it had finished. */
  toldDone: string[];
  /** How often it stood still without a person having paused it. */
  braked: number;
  /** From the answer to a pause until the question to go on. */
  stops: Stop[];
  /** When a person asked to let it go on. */
  resumes: number[];
  /** The waves that workers began in the ledger at hand. */
  waves: Wave[];
  /** An older ledger has taken the place of the one in which it was previewed. */
  isRestored: boolean;
  /** That ledger does not know it. */
  isGone: boolean;
}

/** The entry by which each act is seen in a fee's entries: once for each time it was done. */
export const ENTRY_OF = {
  retry: ['retry_asked'],
  send_card_link: ['card_link_asked'],
  hold: ['held'],
  release: ['released'],
  waive: ['waived', 'waive_asked'],
  refund: ['refund_asked'],
  note: ['noted'],
} as const satisfies Record<BulkAction, readonly string[]>;
