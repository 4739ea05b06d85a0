import type { IntentReading } from './intent.ts';
import type { FeeState } from './fold.ts';

/** What Stripe already has for a person and a year, before anything is created or sent. */
export type Existing =
  /** Nothing that could be paid. `canceled`: how many there were, for the next creation's key. */
  | { found: 'nothing'; canceled: number }
  /** The one intent to go on with: paid, or still to be paid. */
  | { found: 'intent'; reading: IntentReading }
  /** It was canceled for a reason unknown here: a person decides before anything is sent. */
  | { found: 'canceled'; reading: IntentReading }
  /** Another charge could be a second one or of a wrong amount: a person decides. */
  | { found: 'conflict'; why: string };

/** Cancellations by which levy makes room for another intent of the same fee. */
const MAKES_ROOM: ReadonlySet<string | null> = new Set(['duplicate', 'abandoned']);

/** Whether another ledger has canceled the intent to make another of the same fee. */
export function isReplaced({ status, canceledFor }: IntentReading): boolean {
  return status === 'canceled' && MAKES_ROOM.has(canceledFor);
}

/**
 * Chooses among levy's intents of one customer and year, whether made by this ledger, a lost one or
 * another installation. A person pays once a year, so a paid intent settles the fee.
 * @param intents  every intent of levy's for this customer and year
 * @param context  the fee's amount in cents, and the intents of other fees, by this ledger's
 *   entries or by the intent's metadata: the roster may have named the customer for another
 *   clinician
 */
export function existingIntent(
  fee: Pick<FeeState, 'closedIntents'>,
  intents: readonly IntentReading[],
  context: { amountCents: number; ofOtherFees: ReadonlySet<string> },
): Existing {
  const { amountCents, ofOtherFees } = context;
  const others = intents.filter(({ intent }) => ofOtherFees.has(intent));
  const open = others.find(({ status }) => status !== 'canceled');
  if (open)
    return { found: 'conflict', why: `another fee of the year has this customer's ${open.intent}` };
  const ours = intents.filter(({ intent }) => !ofOtherFees.has(intent));
  const paid = ours.findLast(({ status }) => status === 'succeeded');
  if (paid) return { found: 'intent', reading: paid };
  const live = ours.find(({ status }) => status !== 'canceled');
  if (live && live.amountCents !== amountCents)
    return { found: 'conflict', why: `Stripe has ${live.intent} of another amount for this year` };
  if (live) return { found: 'intent', reading: live };
  const canceled = ours.find(
    ({ intent, canceledFor }) => !fee.closedIntents.has(intent) && !MAKES_ROOM.has(canceledFor),
  );
  if (canceled) return { found: 'canceled', reading: canceled };
  return { found: 'nothing', canceled: ours.length };
}
