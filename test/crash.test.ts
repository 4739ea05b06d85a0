import { describe, expect, it } from 'vitest';
import type { NewEntry } from '../core/fee/fee.ts';
import { next } from '../core/fee/next.ts';
import type { FeeRecord } from '../ledger/fees.ts';
import { createLedger, type Ledger } from '../ledger/ledger.ts';
import { live, oneFee } from './support/one-fee.ts';

class Killed extends Error {}

/** A worker that dies at its n-th write: before it is written, or right after. */
function mortal(ledger: Ledger, dies: { at: number; when: 'before' | 'after' } | null): Ledger {
  let writes = 0;
  const append = async (feeRecord: FeeRecord, entries: NewEntry[], actor: string, at?: Date) => {
    writes += 1;
    const last = writes === dies?.at;
    if (last && dies?.when === 'before') throw new Killed();
    const after = await ledger.fees.append(feeRecord, entries, actor, at);
    if (last) throw new Killed();
    return after;
  };
  return { ...ledger, fees: { ...ledger.fees, append } };
}

/** How each card's fee ends, and how often a life without accidents writes to the ledger. */
const LIVES = [
  { card: 'pm_card_visa', ends: 'paid', writes: 6 },
  { card: 'pm_card_levy_insufficientFunds_once', ends: 'paid', writes: 8 },
  { card: 'pm_card_chargeDeclinedLostCard', ends: 'needs_card', writes: 6 },
] as const;

describe.each(LIVES)('a worker killed at any write, with $card', ({ card, ends, writes }) => {
  it('needs as many writes as this test believes', async () => {
    const { testApp, ledger, feeId } = await oneFee(card);
    let count = 0;
    const append: Ledger['fees']['append'] = async (...args) => {
      count += 1;
      return ledger.fees.append(...args);
    };
    await live(testApp, { ...ledger, fees: { ...ledger.fees, append } }, feeId);
    expect(count).toBe(writes);
  });

  const deaths = Array.from({ length: writes }, (_, n) => n + 1).flatMap((at) =>
    (['before', 'after'] as const).map((when) => ({ at, when })),
  );
  it.each(deaths)('$when write $at comes to the same end', async (death) => {
    const { testApp, ledger, feeId } = await oneFee(card);
    await expect(live(testApp, mortal(ledger, death), feeId)).rejects.toThrow(Killed);
    const end = await live(
      testApp,
      createLedger(testApp.db.appPool, () => 0),
      feeId,
    );
    expect(next(end.entries, end.assessment.policy).state).toBe(ends);

    const books = testApp.sandbox.books('fee');
    expect(books.doubleCharges).toEqual([]);
    expect(books.succeeded).toHaveLength(ends === 'paid' ? 1 : 0);
    const taken = end.entries.filter(({ kind }) => kind === 'paid');
    expect(taken).toHaveLength(books.succeeded.length);
    // A mail may be repeated when its acceptance was not written down, but as the same mail.
    const ids = testApp.mailbox.messages().map(({ messageId }) => messageId);
    expect(new Set(ids).size).toBe(2);
  });
});
