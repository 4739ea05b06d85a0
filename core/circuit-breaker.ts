import { DAY_MS, type Policy } from './policy.ts';

/** The state of charging of one assessment, counted since it was opened or last resumed. */
export interface ChargeRecord {
  policy: Policy;
  /** The database's clock. */
  now: Date;
  /** When the assessment was opened or last resumed. */
  since: Date;
  resumed: boolean;
  /** The moment for which the last finished check verified the assessment. */
  checkedAt: Date | null;
  /** When the first few charges were found in order; null before. */
  clearedAt: Date | null;
  /** The canary fees: attempted, without an answer, paid, and when the last answer came. */
  canary: { tried: number; open: number; paid: number; answeredAt: Date | null };
  /**
   * Whether a payment was taken over from Stripe since: then the account can take money, and the
   * assessment is not paused when none of the canary fees is paid.
   */
  adopted: boolean;
  /** Attempts with an unknown outcome now, and how many of the latest attempts were counted. */
  unknown: { now: number; attempts: number };
  /** The latest answered first tries, and how many of them were declined. */
  lately: { tried: number; declined: number };
}

/**
 * What may be charged now:
 * - all     whatever is due
 * - canary  the first few, and no others
 * - wait    nothing new until the first few are answered and have been left alone for a while
 * - check   nothing new until a check of the whole assessment has finished
 * - pause   nothing until a person has looked; `why` is for that person
 */
export type ChargePermission =
  { charge: 'all' | 'canary' | 'wait' | 'check' } | { charge: 'pause'; why: string };

/** Decides how cautiously charging goes on. The first rule that applies decides. */
export function chargePermission(standing: ChargeRecord): ChargePermission {
  const why = tooManyUnknown(standing) ?? tooManyDeclined(standing) ?? noneOfTheFirst(standing);
  return why ? { charge: 'pause', why } : start(standing);
}

/**
 * In order: a check against Stripe's books, the canary fees, a wait, another check, then the rest.
 * The check before the first charge finds charges that another ledger made.
 */
function start(standing: ChargeRecord): ChargePermission {
  const { policy, now, since, resumed, checkedAt, clearedAt, canary } = standing;
  if (clearedAt) return { charge: 'all' };
  const isFirst = !resumed && canary.tried === 0;
  const lately = new Date(now.getTime() - FRESH_MS);
  if (!isAfter(checkedAt, isFirst && lately > since ? lately : since)) return { charge: 'check' };
  if (policy.canaryFees === 0) return { charge: 'all' };
  if (canary.tried < policy.canaryFees) return { charge: 'canary' };
  if (canary.open > 0 || !canary.answeredAt) return { charge: 'wait' };
  const waitMs = (policy.canaryWaitMs * policy.dayMs) / DAY_MS;
  const quiet = new Date(canary.answeredAt.getTime() + waitMs);
  if (now < quiet) return { charge: 'wait' };
  return { charge: isAfter(checkedAt, quiet) ? 'all' : 'check' };
}

/** Greatest age of the check before the first charge, in ms; a check runs every hour. */
const FRESH_MS = DAY_MS;

function tooManyUnknown({ policy, unknown: { now, attempts } }: ChargeRecord): string | null {
  const allowed = Math.max(policy.unknownMax, Math.floor(policy.unknownShareMax * attempts));
  if (now <= allowed) return null;
  return (
    `The outcome of ${now} attempts is not known, more than the ${allowed} allowed ` +
    'at the same time. Stripe is asked about each of them until it answers. Resume when it does; ' +
    'none of them is charged again before.'
  );
}

function tooManyDeclined({ policy, lately }: ChargeRecord): string | null {
  const { tried, declined } = lately;
  if (tried < policy.declineSample || declined <= policy.declineShareMax * tried) return null;
  return (
    `${declined} of the last ${tried} first tries were declined, more than the ` +
    `${Math.round(policy.declineShareMax * 100)} % allowed. So many cards do not fail at once: ` +
    'look at the Stripe account and its rules before resuming.'
  );
}

/** One or two declines may be bad cards. Of three or more fees at least one should be paid. */
function noneOfTheFirst({ policy, clearedAt, adopted, canary }: ChargeRecord): string | null {
  if (clearedAt || adopted || policy.canaryFees < 3 || canary.tried < policy.canaryFees)
    return null;
  if (canary.open > 0 || canary.paid > 0) return null;
  return (
    `None of the first ${canary.tried} charges was paid. Look at what Stripe says about them ` +
    'before resuming; the others have not been tried.'
  );
}

function isAfter(moment: Date | null, other: Date): boolean {
  return moment !== null && moment >= other;
}

/** The fees that a resume continues with, and the fees that are settled. */
export interface Resumption {
  paid: number;
  paidCents: number;
  /** Waived, refunded, disputed, given up or held: nothing is charged. */
  settled: number;
  /** Attempts without an answer: Stripe is read, nothing is sent. */
  asked: number;
  /** Fees still to be noticed, or to be charged now or later. */
  toCharge: number;
}

/** Describes what a resume will do, for the person who asks for it. */
export function describeResumption({
  paid,
  paidCents,
  settled,
  asked,
  toCharge,
}: Resumption): string {
  const dollars = (paidCents / 100).toFixed(2);
  return (
    `${paid} fees are paid ($${dollars}) and ${settled} are settled otherwise: they are skipped, ` +
    'and a check by Stripe’s own books comes before anything is charged. ' +
    `${asked} attempts are without an answer: Stripe is read, nothing is sent again. ` +
    `${toCharge} fees are still to be charged, a few of them first.`
  );
}
