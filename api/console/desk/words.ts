import type { BulkAction } from '../../../core/fee/outlook.ts';
import type { RefusedAction } from '../../../core/fee/actions.ts';
import type { Step } from '../../../core/fee/fee.ts';
import type { BulkState } from '../../../ledger/bulk-acts.ts';
import { day } from '../times.ts';

/** An act on many fees, in the words of its choice, its button and its list. */
export const BULK_WORDS: Record<BulkAction, { label: string; does: string }> = {
  retry: { label: 'Try again', does: 'tried again' },
  send_card_link: { label: 'Send the card link', does: 'sent the link for another card' },
  hold: { label: 'Hold', does: 'held' },
  release: { label: 'Release', does: 'released' },
  waive: { label: 'Waive', does: 'waived' },
  refund: { label: 'Refund', does: 'refunded' },
  note: { label: 'Add a note', does: 'given the note' },
};

export const BULK_STATE_WORDS: Record<BulkState, string> = {
  previewed: 'Not started',
  running: 'Running',
  paused: 'Paused',
  aborted: 'Aborted',
  finished: 'Finished',
};

/** What the act does to a group of fees: "6 fees are charged again now". */
export function effectWords(act: BulkAction, step: Step | null, on: string | null): string {
  switch (act) {
    case 'retry':
    case 'release':
      return `${stepWords(act, step)} ${on ? `from ${day(on)} on: not allowed before` : 'now'}`;
    case 'send_card_link':
      return 'get an e-mail with the link to give another card now';
    case 'hold':
      return 'are held: nothing is sent or charged until they are released';
    case 'waive':
      return 'are let go for good; what Stripe has charged in the meantime is paid back';
    case 'refund':
      return 'get the whole payment back';
    case 'note':
      return 'get the note into their story; nothing else changes';
  }
}

function stepWords(act: 'retry' | 'release', step: Step | null): string {
  switch (step) {
    case 'charge':
      return act === 'retry' ? 'have their card charged again' : 'go on, and are charged';
    case 'notice':
      return act === 'retry' ? 'get their notice again' : 'go on, and get their notice';
    case 'email':
      return 'go on, and get an e-mail';
    case 'settle':
      return 'go on, and Stripe is asked';
    case 'detect':
      return 'go on, and their records are looked at';
    case null:
      return 'stay where they were before';
  }
}

/** Why fees are left out, or were not done: "12 fees are left out: they are settled". */
export const REFUSED_WORDS: Record<RefusedAction, string> = {
  already_settled: 'they are paid, waived or refunded',
  not_assessed: 'nothing is owed',
  already_held: 'they are held; release them first',
  not_held: 'they are not held',
  not_retryable: 'nothing has failed that could be tried again, or another card is needed first',
  not_noticed: 'no notice of theirs stands',
  not_paid: 'nothing was paid',
  no_card_needed: 'no other card is wanted',
  no_objection: 'no objection waits for an answer',
  under_way: 'the same is under way already',
};

/** The result of a member in words: what was done, or why it was not. */
export function resultWords(act: BulkAction, result: string): string {
  if (result === 'done') return BULK_WORDS[act].does;
  if (result === 'open') return 'still to come';
  const why = (REFUSED_WORDS as Record<string, string | undefined>)[result];
  return `not done: ${why ?? 'refused'}`;
}
