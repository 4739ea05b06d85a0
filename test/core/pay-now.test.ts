import { expect, describe, it } from 'vitest';
import type { EntryKind } from '../../core/fee/fee.ts';
import { next } from '../../core/fee/next.ts';
import { checkFee } from '../../core/reconcile/check-fee.ts';
import { sample, story, testPolicy } from '../support/fees.ts';

describe('a clinician who asks to pay now', () => {
  const from = (kinds: EntryKind[]) =>
    next(story(kinds.map((kind) => sample(kind))), testPolicy()).at;
  const promised = new Date('2026-01-30T15:00:00.000Z');

  it('is charged from then on, by the notice that stood then and by no other', () => {
    const before: EntryKind[] = ['assessed', 'approved', 'noticed'];
    expect(from(before)).toEqual(promised);
    expect(from([...before, 'pay_now_asked'])!.getTime()).toBeLessThan(promised.getTime());
    expect(from([...before, 'pay_now_asked', 'noticed'])).toEqual(promised);
  });

  it('is no breach, unless somebody else has asked', () => {
    const kinds: EntryKind[] = ['assessed', 'approved', 'noticed', 'pay_now_asked', 'attempted'];
    const breaches = (actor: string) => {
      const entries = story(kinds.map((kind) => sample(kind))).map((one) => {
        const moved = { debit: null, credit: null, amountCents: null };
        return { ...one, ...moved, actor: one.kind === 'pay_now_asked' ? actor : one.actor };
      });
      const stored = { feeId: 'f', policy: testPolicy(), seq: 5, state: 'charging' as const };
      const found = checkFee({ ...stored, step: null, at: null, intent: null, entries });
      return found.filter(({ check }) => check === 'announced').length;
    };
    expect(breaches('clinician')).toBe(0);
    expect(breaches('test')).toBe(1);
  });
});
