import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { reconcileIntent, recordRefusal } from '../../core/fee/intent.ts';
import { decide, applyExternalChange, waive } from '../../core/fee/actions.ts';
import type { EntryKind, NewEntry } from '../../core/fee/fee.ts';
import { fold, type FeeState } from '../../core/fee/fold.ts';
import { dollars, movement } from '../../core/fee/money.ts';
import { reading, refusal } from '../support/bank.ts';
import { AMOUNT, KINDS, sample, story, testPolicy } from '../support/fees.ts';

type Line = EntryKind | NewEntry;
const entriesOf = (lines: Line[]) =>
  story(lines.map((line) => (typeof line === 'string' ? sample(line) : line)));

/** Every account's balance after these entries; accounts that balance out are left away. */
function balances(lines: Line[]): Record<string, number> {
  const sums = new Map<string, number>();
  for (const one of entriesOf(lines)) {
    const moved = movement(one);
    if (!moved) continue;
    const add = (account: string, cents: number) =>
      sums.set(account, (sums.get(account) ?? 0) + cents);
    add(moved.debit, moved.amountCents);
    add(moved.credit, -moved.amountCents);
  }
  return Object.fromEntries([...sums].filter(([, cents]) => cents !== 0));
}

const AT = new Date('2026-01-30T15:00:00Z');
const tried: Line[] = ['assessed', 'approved', 'noticed', 'intent_opened', 'attempted'];
const OWED = { passed_on: -AMOUNT, receivable: AMOUNT };
const TAKEN = { passed_on: -AMOUNT, stripe: AMOUNT };
const entered = (decision: { entries: NewEntry[] } | { refused: string }) => {
  if ('refused' in decision) throw new Error(decision.refused);
  return decision.entries;
};

const ACCOUNTS: [what: string, lines: Line[], sums: Record<string, number>][] = [
  ['nothing is owed before it is assessed', ['usage_checked', 'reopened'], {}],
  ['a fee is owed to us and by us', ['assessed'], OWED],
  ['evidence withdrawn leaves nothing', ['assessed', 'approved', 'withdrawn'], {}],
  ['a notice and an attempt move nothing', tried, OWED],
  ['a decline moves nothing', [...tried, 'declined'], OWED],
  ['a payment goes to Stripe', [...tried, 'paid'], TAKEN],
  [
    'a waiver is ours to bear',
    [...tried, 'lapsed', 'waived'],
    { passed_on: -AMOUNT, waived: AMOUNT },
  ],
  [
    'giving up writes off',
    [...tried, 'declined', 'gave_up'],
    { passed_on: -AMOUNT, written_off: AMOUNT },
  ],
  ['taking up again owes again', [...tried, 'declined', 'gave_up', 'revived'], OWED],
  [
    'a refund leaves Stripe',
    [...tried, 'paid', 'refunded'],
    { passed_on: -AMOUNT, refunds: AMOUNT },
  ],
  ['a refund under way has not left', [...tried, 'paid', 'refund_opened'], TAKEN],
  [
    'a refund that failed comes back',
    [...tried, 'paid', 'refunded', sample('refund_failed', { amountCents: AMOUNT })],
    TAKEN,
  ],
  ['one that had never left does not', [...tried, 'paid', 'refund_opened', 'refund_failed'], TAKEN],
  [
    'a dispute takes it away',
    [...tried, 'paid', 'disputed'],
    { passed_on: -AMOUNT, disputes: AMOUNT },
  ],
  ['a dispute won gives it back', [...tried, 'paid', 'disputed', 'dispute_closed'], TAKEN],
  [
    'a dispute lost does not',
    [...tried, 'paid', 'disputed', sample('dispute_closed', { won: false })],
    { passed_on: -AMOUNT, disputes: AMOUNT },
  ],
];

describe('the accounts', () => {
  it.each(ACCOUNTS)('%s', (_what, lines, sums) => {
    expect(balances(lines)).toEqual(sums);
  });

  const gaveUp: Line[] = [...tried, 'declined', 'gave_up'];
  const then = (lines: Line[], more: (fee: FeeState) => NewEntry[]): Line[] => [
    ...lines,
    ...more(fold(entriesOf(lines))),
  ];
  const paidElsewhere = (fee: FeeState) =>
    reconcileIntent(fee, reading({ status: 'succeeded', charge: 'ch_9' }), AT, testPolicy());

  it.each<[what: string, lines: Line[], sums: Record<string, number>]>([
    ['paid after giving up', then(gaveUp, paidElsewhere), TAKEN],
    [
      'waived after giving up',
      [...then(gaveUp, (fee) => entered(waive(fee, 'kindness'))), 'waived'],
      { passed_on: -AMOUNT, waived: AMOUNT },
    ],
    [
      'taken up after giving up, by a person',
      then(gaveUp, (fee) => entered(decide(fee, { act: 'retry' }))),
      OWED,
    ],
    [
      'taken up after giving up, with a card given for it',
      then(gaveUp, (fee) =>
        applyExternalChange(fee, { change: 'card', paymentMethod: 'pm_2', asked: true }),
      ),
      OWED,
    ],
    [
      'left given up, though a card came from elsewhere',
      then(gaveUp, (fee) => applyExternalChange(fee, { change: 'card', paymentMethod: 'pm_2' })),
      { passed_on: -AMOUNT, written_off: AMOUNT },
    ],
    [
      'given up twice',
      then([...then(gaveUp, (fee) => entered(decide(fee, { act: 'retry' }))), 'attempted'], (fee) =>
        recordRefusal(fee, refusal('do_not_honor'), AT, testPolicy({ attemptsMax: 1 })),
      ),
      { passed_on: -AMOUNT, written_off: AMOUNT },
    ],
  ])('are right for a fee %s', (_what, lines, sums) => {
    expect(balances(lines)).toEqual(sums);
  });

  it('sum to zero after any entries at all', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...KINDS)), (kinds) => {
        const sum = Object.values(balances(kinds)).reduce((total, cents) => total + cents, 0);
        expect(sum).toBe(0);
      }),
    );
  });
});

describe('cents as people read them', () => {
  it.each([
    [0, '$0.00'],
    [5, '$0.05'],
    [1950, '$19.50'],
    [100_000_000, '$1,000,000.00'],
    [-1950, '-$19.50'],
    [-5, '-$0.05'],
  ])('%s is %s', (cents, text) => {
    expect(dollars(cents)).toBe(text);
  });

  it('lose nothing', () => {
    fc.assert(
      fc.property(fc.integer({ min: -1_000_000_000, max: 1_000_000_000 }), (cents) => {
        expect(Math.round(Number(dollars(cents).replace(/[$,]/g, '')) * 100)).toBe(cents);
      }),
    );
  });
});
