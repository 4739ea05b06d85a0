import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { reconcileIntent, type IntentReading } from '../../core/fee/intent.ts';
import type { NewEntry } from '../../core/fee/fee.ts';
import { fold } from '../../core/fee/fold.ts';
import { nextOf } from '../../core/fee/next.ts';
import { createBank, HAPPENINGS } from '../support/bank.ts';
import { sample, story, testPolicy } from '../support/fees.ts';

const policy = testPolicy();
const AT = new Date('2026-01-30T15:00:00Z');
const OPENED = (['assessed', 'approved', 'noticed', 'intent_opened'] as const).map((kind) =>
  sample(kind),
);

describe('readings, late and doubled and in any order', () => {
  /** Each step: something happens at Stripe, then some readings of any age are applied. */
  const anyHistory = fc.array(
    fc.record({
      happens: fc.constantFrom(...HAPPENINGS),
      applied: fc.array(fc.nat({ max: 30 }), { maxLength: 3 }),
    }),
    { maxLength: 25 },
  );

  function lives(history: { happens: (typeof HAPPENINGS)[number]; applied: number[] }[]) {
    const bank = createBank();
    const seen = [bank.read()];
    let entries = story(OPENED);
    const write = (more: NewEntry[]) => {
      entries = [
        ...entries,
        ...more.map((one, n) => ({ ...one, seq: entries.length + n + 1, at: AT, actor: 'test' })),
      ];
    };
    const apply = (read: IntentReading) => write(reconcileIntent(fold(entries), read, AT, policy));
    for (const { happens, applied } of history) {
      const fee = fold(entries);
      const confirms = happens.startsWith('confirm');
      // Nothing is confirmed but by an attempt that the ledger allowed and knows of.
      if (confirms && !fee.openAttempt) {
        if (nextOf(fee, policy).step !== 'charge' || bank.read().status !== 'waiting') continue;
        apply(bank.read());
        const { charge } = bank.read();
        write([sample('attempted', { attempt: fee.attempts + 1, chargeBefore: charge })]);
      }
      bank.happens(happens);
      seen.push(bank.read());
      for (const age of applied) apply(seen[Math.max(0, seen.length - 1 - age)] as IntentReading);
      // A confirmation is answered before the next attempt is made.
      if (confirms) apply(bank.read());
    }
    apply(bank.read());
    return { bank, seen, entries, apply, current: () => entries };
  }

  it('leave the ledger with each payment, decline, refund and dispute once', () => {
    fc.assert(
      fc.property(anyHistory, (history) => {
        const { entries, bank } = lives(history);
        const ids = entries.flatMap((one) => {
          if (one.kind === 'declined' || one.kind === 'paid') return [one.data.charge];
          if (one.kind === 'refunded') return [one.data.refund];
          return one.kind === 'disputed' ? [one.data.dispute] : [];
        });
        expect(new Set(ids).size).toBe(ids.length);
        const attempts = entries.flatMap((one) =>
          one.kind === 'declined' ? [one.data.attempt] : [],
        );
        expect(new Set(attempts).size).toBe(attempts.length);
        const fee = fold(entries);
        expect(fee.paid !== null).toBe(bank.read().status === 'succeeded');
        const given = bank.read().refunds.filter(({ status }) => status === 'succeeded');
        expect(fee.refundedCents).toBe(given.reduce((sum, one) => sum + one.amountCents, 0));
        expect(fee.refundOpened !== null).toBe(
          bank.read().refunds.some(({ status }) => status === 'pending'),
        );
      }),
      { numRuns: 1_000 },
    );
  });

  it('add nothing more when they are all applied once more', () => {
    fc.assert(
      fc.property(
        anyHistory,
        fc.array(fc.nat({ max: 30 }), { maxLength: 40 }),
        (history, again) => {
          const { seen, apply, current } = lives(history);
          const before = current().length;
          // An attempt that is open may still be answered; nothing else may be said twice.
          if (fold(current()).openAttempt) return;
          for (const n of again) apply(seen[n % seen.length] as IntentReading);
          expect(current().slice(before)).toEqual([]);
        },
      ),
      { numRuns: 1_000 },
    );
  });
});
