import { decide, type Action, type RefusedAction } from './actions.ts';
import type { Entry, Step } from './fee.ts';
import { fold, type FeeState } from './fold.ts';
import { nextOf } from './next.ts';
import type { Policy } from '../policy.ts';

/** The acts that a person may do to many fees at once. */
export const BULK_ACTIONS = [
  'retry',
  'send_card_link',
  'hold',
  'release',
  'waive',
  'refund',
  'note',
] as const satisfies readonly Action['act'][];
export type BulkAction = (typeof BULK_ACTIONS)[number];

/**
 * What an act would lead to: why it is refused, or the step that follows it and the moment from
 * which that step is due. The step is null where nothing follows, and where it does not depend on
 * the fee: only a retry and a release let a fee go on to a step of its own.
 */
export type Outlook = { refused: RefusedAction } | { step: Step | null; at: string | null };

/** The action for its name; acts that need a reason get this one. */
export function actionOf(act: BulkAction, why: string): Action {
  return act === 'retry' || act === 'release' || act === 'send_card_link' ? { act } : { act, why };
}

/** What each act but a note would lead to for the fee with these entries; `fee` is their fold. */
export function outlookOf(
  entries: readonly Entry[],
  fee: FeeState,
  policy: Policy,
): Record<Foreseen, Outlook> {
  const foresee = (act: Foreseen): Outlook => {
    const decision = decide(fee, actionOf(act, ''));
    if ('refused' in decision) return { refused: decision.refused };
    if (act !== 'retry' && act !== 'release') return { step: null, at: null };
    const at = fee.lastAt ?? new Date(0);
    const added = decision.entries.map((one, index) => {
      return { ...one, seq: fee.seq + index + 1, at, actor: '' };
    });
    const { step, at: due } = nextOf(fold([...entries, ...added]), policy);
    return { step, at: due?.toISOString() ?? null };
  };
  return Object.fromEntries(FORESEEN.map((act) => [act, foresee(act)])) as Record<
    Foreseen,
    Outlook
  >;
}

/** A note is never refused, so nothing is to be foreseen. */
type Foreseen = Exclude<BulkAction, 'note'>;
const FORESEEN = BULK_ACTIONS.filter((act) => act !== 'note');
