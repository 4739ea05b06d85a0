import { daysLater } from '../calendar.ts';
import type { Policy } from '../policy.ts';
import { remedy, type DeclineSignals } from './declines.ts';
import type { EntryData } from './fee.ts';

/**
 * Whether a refused card is tried again, and when: after 1, 2, 3 declines of the card it waits for
 * the policy's `retryDays` in turn, counted in calendar days of the policy's time zone.
 * @param declines  how often the card was declined, this refusal included
 * @param at  when it was refused
 */
export function decideRetry(
  refusal: DeclineSignals,
  declines: number,
  at: Date,
  policy: Policy,
): Pick<EntryData['declined'], 'verdict' | 'retryAt'> {
  const what = remedy(refusal);
  if (what === 'card') return { verdict: 'needs_card', retryAt: null };
  const isLast = declines >= policy.attemptsMax;
  // After `attemptsMax` declines the fee is given up, even if a person released it in between.
  if (what === 'look' && !isLast) return { verdict: 'manual_review', retryAt: null };
  const days = policy.retryDays[declines - 1];
  if (isLast || days === undefined) return { verdict: 'give_up', retryAt: null };
  const soon = what === 'soon' && declines === 1;
  const retryAt = soon ? new Date(at.getTime() + policy.retrySoonMs) : daysLater(at, days, policy);
  return { verdict: 'retry', retryAt: retryAt.toISOString() };
}
