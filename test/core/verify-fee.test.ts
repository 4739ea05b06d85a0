import { describe, expect, it } from 'vitest';
import type { NewEntry } from '../../core/fee.ts';
import { checkFee } from '../../core/verify-fee.ts';
import { sample, story, testPolicy } from '../support/fees.ts';

const stolen = sample('declined', { verdict: 'needs_card', retryAt: null, code: 'stolen_card' });
const tried = (attempt: number, paymentMethod: string): NewEntry =>
  sample('attempted', { attempt, paymentMethod });
const came = (paymentMethod: string): NewEntry => sample('card_updated', { paymentMethod });

/** What the check of refused cards says about a fee with these entries after its notice. */
function amiss(...entries: NewEntry[]): string[] {
  const before = [sample('assessed'), sample('approved'), sample('noticed'), sample('opened')];
  const stored = story([...before, ...entries]).map((one) => {
    return { ...one, debit: null, credit: null, amountCents: null };
  });
  const index = { seq: stored.length, state: 'noticed' as const, step: null, at: null };
  const fee = { feeId: 'f', policy: testPolicy(), intent: 'pi_1', entries: stored, ...index };
  return checkFee(fee).flatMap(({ check, detail }) => (check === 'refused_cards' ? [detail] : []));
}

describe('after a bank has said never again, the checker', () => {
  it('lets another card be tried, and the same one with new data', () => {
    expect(amiss(tried(1, 'pm_1'), stolen, came('pm_2'), tried(2, 'pm_2'))).toEqual([]);
    expect(amiss(tried(1, 'pm_1'), stolen, came('pm_1'), tried(2, 'pm_1'))).toEqual([]);
  });

  it('names an attempt for which no other card came', () => {
    const wrong = ['attempt 2 came after stolen_card of the same card'];
    expect(amiss(tried(1, 'pm_1'), stolen, tried(2, 'pm_1'))).toEqual(wrong);
  });

  it('names an attempt that went back to the refused card after another had come', () => {
    const wrong = ['attempt 3 came after stolen_card of the same card'];
    const declined = sample('declined', { attempt: 2 });
    expect(
      amiss(tried(1, 'pm_1'), stolen, came('pm_2'), tried(2, 'pm_2'), declined, tried(3, 'pm_1')),
    ).toEqual(wrong);
  });
});
