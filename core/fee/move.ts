import type { RefundMoved } from '../policy.ts';
import { applyExternalChange, MOVED, waive } from './actions.ts';
import { detect } from './detect.ts';
import { entry, type Evidence, type NewEntry } from './fee.ts';
import type { FeeState } from './fold.ts';

/** A clinician's move to another EHR. */
export interface Move {
  /** The EHR moved to; null when nobody knows it by its id, so that it may levy or not. */
  to: { vendor: string; levies: boolean } | null;
  /** The first calendar day on which only the new EHR was used, YYYY-MM-DD. */
  on: string;
}

/** The facts about one fee on which a move depends. */
export interface MoveFacts {
  /** The EHR of the fee's assessment, and the year. */
  vendor: string;
  year: number;
  amountCents: number;
  autoApprove: boolean;
  refundMoved: RefundMoved;
  /** The first use in the year that counts; null when there is none. */
  firstUse: Evidence | null;
}

/** What a move does to a fee, by name. */
export const MOVE_OUTCOMES = [
  'unchanged',
  'no_fee',
  'waived',
  'stays_owed',
  'refunded',
  'refund_to_decide',
  'held',
  'looked_at',
] as const;
export type MoveOutcome = (typeof MOVE_OUTCOMES)[number];

/** The decision about one fee: what happens, why in a sentence, and the entries that follow. */
export interface MoveDecision {
  outcome: MoveOutcome;
  why: string;
  /** Records show a use after the move: the day or the records are wrong, and a person looks. */
  doubtful: boolean;
  entries: NewEntry[];
}

/** The reasons in the entries, which the clinician's story shows too. */
const BEFORE_USE = 'moved to another EHR before the first use of a code in the year';
const REFUND_TO_DECIDE = 'moved to another EHR after the payment: a person decides about a refund';
const REFUND_NEVER_OWED =
  'charged, and moved to another EHR before the first use: a person decides';
const UNKNOWN_EHR = 'moved to an EHR that is not known here: a person finds out whether it levies';
const USE_BEFORE_COMING = 'came in the course of the year, and the records of use begin before';

/**
 * What a move does to a fee. The day of first use itself still counts as use of the earlier EHR: a
 * fee is dropped only if the clinician had left before that day. Entries are empty where nothing is
 * to be written, so that the same move a second time does nothing.
 */
export function decideMove(fee: FeeState, move: Move, facts: MoveFacts): MoveDecision {
  const { to, on } = move;
  if (to === null) return toUnknown(fee, move, facts);
  return facts.vendor === to.vendor ? came(fee, { to, on }, facts) : left(fee, { to, on }, facts);
}

/** A move to an EHR that is known here. */
type KnownMove = Move & { to: NonNullable<Move['to']> };

/** A fee of an EHR that the clinician has left. */
function left(fee: FeeState, move: KnownMove, facts: MoveFacts): MoveDecision {
  const neverOwed = leftBeforeUse(move, facts);
  const doubtful = neverOwed && facts.firstUse !== null;
  const say = (outcome: MoveOutcome, why: string, entries: NewEntry[] = []): MoveDecision => {
    const doubt = doubtful ? doubtAbout(facts) : '';
    return { outcome, why: `${why}${doubt}`, doubtful, entries };
  };
  if (fee.otherPayment) return afterOtherPayment(fee, say);
  if (fee.waived ?? fee.waiveAsked) return say('unchanged', 'The fee is settled already.');
  if (fee.paid) return afterCharge(fee, move, facts, neverOwed, say);
  if (!fee.assessed) return notAssessed(fee, move, facts, neverOwed, say);
  if (neverOwed) return dropped(fee, say);
  if (move.to.levies)
    return say('stays_owed', 'A code was used before the move, so the fee stays owed.');
  const decision = waive(fee, MOVED);
  return 'refused' in decision
    ? say('unchanged', `Nothing can be waived: ${decision.why}.`)
    : say('waived', `Waived: the new EHR does not levy the fee.${underWay(fee)}`, decision.entries);
}

type Say = (outcome: MoveOutcome, why: string, entries?: NewEntry[]) => MoveDecision;

/** Whether the clinician left before the first use in a year that the move concerns. */
function leftBeforeUse({ on }: Move, { year, firstUse }: MoveFacts): boolean {
  if (Number(on.slice(0, 4)) > year) return false;
  return firstUse === null || on < firstUse.firstUsedOn;
}

function doubtAbout({ firstUse }: MoveFacts): string {
  const first = firstUse?.firstUsedOn ?? '';
  return ` The records show a use on ${first}, after the move: check the day and the records.`;
}

/** Owed by the records, and not by the day of the move: a fee that was told of is waived. */
function dropped(fee: FeeState, say: Say): MoveDecision {
  if (!fee.noticed && !fee.intent && fee.emailsHandled.size === 0 && !fee.gaveUp) {
    const amountCents = fee.assessed?.amountCents ?? 0;
    return say('no_fee', 'Left before the first use in the year: no fee.', [
      entry('withdrawn', { amountCents, why: BEFORE_USE }),
      entry('reopened', { why: 'roster' }),
    ]);
  }
  const decision = waive(fee, BEFORE_USE);
  if ('refused' in decision) return say('unchanged', `Nothing can be waived: ${decision.why}.`);
  const why = `Left before the first use in the year: waived.${underWay(fee)}`;
  return say('waived', why, decision.entries);
}

function underWay({ openAttempt }: FeeState): string {
  return openAttempt ? ' A charge is under way; if it goes through, it is paid back.' : '';
}

/** Nothing is owed so far: detection looks again, or the use before the move is recorded. */
function notAssessed(
  fee: FeeState,
  move: KnownMove,
  facts: MoveFacts,
  neverOwed: boolean,
  say: Say,
): MoveDecision {
  if (fee.exempted) return say('unchanged', 'Nothing is owed here.');
  const { firstUse, amountCents, autoApprove } = facts;
  if (!neverOwed && move.to.levies && firstUse) {
    const found = { sameVendor: true, vendorLevies: true, firstUse, amountCents, autoApprove };
    return say(
      'stays_owed',
      'A code was used before the move, so the fee is owed.',
      detect(fee, found),
    );
  }
  const again = applyExternalChange(fee, { change: 'vendor', levied: false });
  return say(again.length > 0 ? 'no_fee' : 'unchanged', 'Nothing is owed here.', again);
}

/** Money that did not come by card can only be given back by a person. */
function afterOtherPayment(fee: FeeState, say: Say): MoveDecision {
  if (fee.held)
    return say('unchanged', 'Paid, and a person is looking at it already: decide there.');
  return say('refund_to_decide', 'Paid without the card: held until a person decides.', [
    entry('held', { why: REFUND_TO_DECIDE }),
  ]);
}

/** The card was charged already: given back by the policy. */
function afterCharge(
  fee: FeeState,
  move: KnownMove,
  facts: MoveFacts,
  neverOwed: boolean,
  say: Say,
): MoveDecision {
  if (fee.refundedCents >= fee.paidCents || fee.refundAsked || fee.refundOpened)
    return say('unchanged', 'The payment is given back already.');
  if (Number(move.on.slice(0, 4)) > facts.year)
    return say('unchanged', 'Paid for a year that was over before the move.');
  if (!neverOwed && move.to.levies)
    return say('unchanged', 'A code was used before the move: the payment stays.');
  if (fee.held || fee.disputed)
    return say('unchanged', 'Paid, and a person is looking at it already: decide there.');
  if (facts.refundMoved === 'always')
    return say('refunded', 'Charged already: the payment is given back.', [
      entry('refund_asked', { why: neverOwed ? BEFORE_USE : MOVED }),
    ]);
  // Money for a fee that was never owed is not kept without anybody looking.
  if (facts.refundMoved === 'never' && !neverOwed)
    return say('unchanged', 'Charged already: payments are not given back after a move.');
  const why = neverOwed ? REFUND_NEVER_OWED : REFUND_TO_DECIDE;
  return say('refund_to_decide', 'Charged already: held until a person decides about a refund.', [
    entry('held', { why }),
  ]);
}

/** A fee of the EHR the clinician has moved to: looked at by its own assessment. */
function came(fee: FeeState, move: KnownMove, { firstUse }: MoveFacts): MoveDecision {
  const doubtful = fee.exempted !== null && firstUse !== null && firstUse.firstUsedOn < move.on;
  const say = (outcome: MoveOutcome, why: string, entries: NewEntry[] = []): MoveDecision => ({
    outcome,
    why,
    doubtful,
    entries,
  });
  if (!fee.exempted || fee.held || fee.reopened)
    return say('unchanged', 'This is the fee of the new EHR; nothing changes.');
  if (doubtful)
    return say(
      'held',
      `Held: the records of use begin on ${firstUse?.firstUsedOn}, in the earlier EHR. ` +
        'Release it once the new EHR charges for them.',
      [entry('held', { why: USE_BEFORE_COMING })],
    );
  const again = applyExternalChange(fee, { change: 'vendor', levied: true });
  return say('looked_at', 'The new EHR levies the fee: the records are looked at.', again);
}

/** Nobody knows whether the new EHR levies: nothing goes on before a person has found out. */
function toUnknown(fee: FeeState, { on }: Move, { year }: MoveFacts): MoveDecision {
  const say = (outcome: MoveOutcome, why: string, entries: NewEntry[] = []): MoveDecision => ({
    outcome,
    why,
    doubtful: false,
    entries,
  });
  if (Number(on.slice(0, 4)) > year) return say('unchanged', 'The year was over before the move.');
  if (fee.waived ?? fee.waiveAsked) return say('unchanged', 'The fee is settled already.');
  if (fee.exempted) return say('unchanged', 'Nothing is owed here.');
  if (fee.paid && fee.refundedCents >= fee.paidCents)
    return say('unchanged', 'The payment is given back already.');
  if (fee.held) return say('unchanged', 'A person is looking at it already.');
  return say('held', 'Held until a person knows which EHR it is, and whether it levies the fee.', [
    entry('held', { why: UNKNOWN_EHR }),
  ]);
}
