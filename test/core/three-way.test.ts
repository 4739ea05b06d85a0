import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FEE_STATUSES } from '../../core/fee/fee.ts';
import {
  DECISIONS,
  keptCents,
  matchTotals,
  OUTCOME_NAMES,
  outcomeOf,
  outcomeWords,
  standingOf,
  type MatchFacts,
  type MatchGroup,
  type MatchOutcome,
} from '../../core/reconcile/three-way.ts';

const NOTHING: MatchFacts = {
  ...{ invoicedCents: 0, charges: 0, credits: 0, unknown: false, otherVendor: false, state: null },
  ...{ feeCents: 0, waivedCents: 0, writtenOffCents: 0, paidCents: 0, refundedCents: 0 },
  ...{ disputedCents: 0, booksDiffer: false },
};
const FEE = 1950;
const invoiced = { invoicedCents: FEE, charges: 1 };
const owed = { feeCents: FEE };
const paid = { ...owed, paidCents: FEE };

describe('the outcome of three books', () => {
  it.each<[string, Partial<MatchFacts>, MatchOutcome]>([
    ['nothing anywhere', {}, 'nothing'],
    ['all three the same', { ...invoiced, ...paid }, 'paid'],
    ['invoiced and owed', { ...invoiced, ...owed }, 'unpaid'],
    ['invoiced, and no use known', invoiced, 'no_evidence'],
    ['invoiced, and with another vendor', { ...invoiced, otherVendor: true }, 'other_vendor'],
    ['another vendor by now, but owed here', { ...invoiced, ...paid, otherVendor: true }, 'paid'],
    ['owed, and not invoiced', owed, 'not_invoiced'],
    ['paid, and not invoiced', paid, 'paid_not_invoiced'],
    ['paid, and credited', { ...paid, charges: 1, credits: 1 }, 'paid_not_invoiced'],
    ['charged and credited, nothing owed', { charges: 1, credits: 1 }, 'nothing'],
    ['too little', { ...invoiced, ...paid, invoicedCents: 1949 }, 'wrong_amount'],
    ['too much on one line', { ...invoiced, ...paid, invoicedCents: 2000 }, 'wrong_amount'],
    ['two lines', { ...paid, invoicedCents: 2 * FEE, charges: 2 }, 'invoiced_twice'],
    ['two lines, one credited', { ...paid, ...invoiced, charges: 2, credits: 1 }, 'paid'],
    ['two lines that are the fee', { ...paid, ...invoiced, charges: 2 }, 'paid'],
    ['more credit than charge', { ...owed, invoicedCents: -FEE, credits: 1 }, 'wrong_amount'],
    ['credit for nobody owing', { invoicedCents: -FEE, credits: 1 }, 'no_evidence'],
    ['paid back', { ...invoiced, ...paid, refundedCents: FEE }, 'refunded'],
    ['paid back in part', { ...invoiced, ...paid, refundedCents: 50 }, 'refunded'],
    ['paid back, and not invoiced', { ...paid, refundedCents: FEE }, 'nothing'],
    ['disputed', { ...invoiced, ...paid, disputedCents: FEE }, 'disputed'],
    ['waived', { ...invoiced, ...owed, waivedCents: FEE }, 'not_passed_on'],
    ['waived, and not invoiced', { ...owed, waivedCents: FEE }, 'nothing'],
    ['given up', { ...invoiced, ...owed, writtenOffCents: FEE }, 'not_passed_on'],
    ['nobody known', { ...invoiced, unknown: true }, 'unknown_person'],
    ['Stripe says otherwise', { ...invoiced, ...paid, booksDiffer: true }, 'books_differ'],
  ])('%s', (_what, facts, outcome) => {
    expect(outcomeOf({ ...NOTHING, ...facts })).toBe(outcome);
  });

  it('offers a decision exactly where something differs', () => {
    for (const outcome of OUTCOME_NAMES) {
      const { agrees, decisions } = outcomeWords(outcome);
      if (agrees) expect(decisions).toEqual([]);
      // What Stripe says is settled by a finding, never by a word here.
      else if (outcome !== 'books_differ') expect(decisions.length).toBeGreaterThan(0);
      expect(standingOf(outcome, null)).toBe(agrees ? 'agrees' : 'open');
    }
    expect(standingOf('no_evidence', 'bear')).toBe('decided');
    expect(standingOf('no_evidence', 'dispute')).toBe('waiting');
    expect(standingOf('paid', 'dispute')).toBe('agrees');
  });
});

const cents = fc.oneof(fc.constantFrom(0, FEE, 2 * FEE), fc.integer({ min: 0, max: 5_000 }));
const anyFacts: fc.Arbitrary<MatchFacts> = fc.record({
  invoicedCents: fc.oneof(cents, fc.integer({ min: -5_000, max: 5_000 })),
  charges: fc.nat(3),
  credits: fc.nat(3),
  unknown: fc.boolean(),
  otherVendor: fc.boolean(),
  state: fc.constantFrom(null, ...FEE_STATUSES),
  feeCents: cents,
  waivedCents: cents,
  writtenOffCents: cents,
  paidCents: cents,
  refundedCents: cents,
  disputedCents: cents,
  booksDiffer: fc.boolean(),
});
const anyGroups: fc.Arbitrary<MatchGroup[]> = fc.array(
  fc.record({
    facts: anyFacts,
    decision: fc.constantFrom(null, ...DECISIONS),
    items: fc.integer({ min: 1, max: 100_000 }),
  }),
  { maxLength: 30 },
);
const sum = (numbers: number[]) => numbers.reduce((all, one) => all + one, 0);

describe('the sums of a match', () => {
  it('are exactly those of the invoices, the fees and the payments, whatever the outcomes', () => {
    fc.assert(
      fc.property(anyGroups, (groups) => {
        const totals = matchTotals(groups);
        const whole = (of: (facts: MatchFacts) => number) =>
          sum(groups.map(({ facts, items }) => items * of(facts)));
        const { outcomes } = totals;
        const invoicedCents = whole((facts) => facts.invoicedCents);
        const feeCents = whole((facts) => facts.feeCents);
        const kept = whole(keptCents);
        expect(totals).toMatchObject({ invoicedCents, feeCents, keptCents: kept });
        expect(sum(outcomes.map((one) => one.invoicedCents))).toBe(invoicedCents);
        expect(sum(outcomes.map((one) => one.feeCents))).toBe(feeCents);
        expect(sum(outcomes.map((one) => one.keptCents))).toBe(kept);
        expect(sum(outcomes.map((one) => one.items))).toBe(sum(groups.map((one) => one.items)));
      }),
    );
  });

  it('are reconciled exactly when every item agrees or is decided for good', () => {
    fc.assert(
      fc.property(anyGroups, (groups) => {
        const isDone = groups.every(({ facts, decision }) =>
          ['agrees', 'decided'].includes(standingOf(outcomeOf(facts), decision)),
        );
        expect(matchTotals(groups).reconciled).toBe(isDone);
      }),
    );
  });

  it('never call two books the same that differ', () => {
    fc.assert(
      fc.property(anyFacts, (facts) => {
        const outcome = outcomeOf(facts);
        if (outcome === 'paid') {
          expect(facts.invoicedCents).toBe(facts.feeCents);
          expect(keptCents(facts)).toBe(facts.feeCents);
        }
        if (outcome === 'unpaid') {
          expect(facts.invoicedCents).toBe(facts.feeCents);
          expect(keptCents(facts)).toBe(0);
        }
        if (outcome === 'nothing') {
          expect(facts.invoicedCents).toBe(0);
          expect(keptCents(facts)).toBeLessThanOrEqual(0);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});
