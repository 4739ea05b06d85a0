import { describe, expect, it } from 'vitest';
import { missedChanges, type ExternalFacts } from '../../core/fee/actions.ts';
import type { EntryKind, NewEntry } from '../../core/fee/fee.ts';
import { fold } from '../../core/fee/fold.ts';
import { sample, story } from '../support/fees.ts';

type Line = EntryKind | NewEntry;
const feeOf = (lines: Line[]) =>
  fold(story(lines.map((line) => (typeof line === 'string' ? sample(line) : line))));

/** The world as the notice knew it. */
const AS_BEFORE: ExternalFacts = {
  ...{ sameVendor: true, vendorLevies: true, used: true, invoicedCents: null },
  ...{ emailChanges: 0, customer: 'cus_1', cardChanges: 0, latestCard: null },
};
const found = (lines: Line[], changes: Partial<ExternalFacts> = {}) =>
  missedChanges(feeOf(lines), { ...AS_BEFORE, ...changes }).map(({ kind, data }) => [kind, data]);

const approved: Line[] = ['assessed', 'approved'];
const noticed: Line[] = [...approved, 'noticed', 'intent_opened'];
const changed = (customer: string | null) => [['customer_changed', { customer }]];

describe('an invoice that the fee has not heard of', () => {
  const carries = (amountCents: number) => [['invoiced', { amountCents }]];

  it.each<[string, Line[]]>([
    ['approved', approved],
    ['noticed', noticed],
    ['being tried', [...noticed, 'attempted']],
    ['declined', [...noticed, 'attempted', 'declined']],
    ['held', [...noticed, 'held']],
    ['given up', [...noticed, 'attempted', 'declined', 'gave_up']],
  ])('is news for a fee that is %s, once, and so is a credit', (_what, lines) => {
    expect(found(lines, { invoicedCents: 0 })).toEqual([]);
    expect(found(lines, { invoicedCents: 1950 })).toEqual(carries(1950));
    const heard = [...lines, sample('invoiced')];
    expect(found(heard, { invoicedCents: 1950 })).toEqual([]);
    expect(found(heard, { invoicedCents: 0 })).toEqual(carries(0));
    expect(found([...heard, 'withdrawn', 'assessed'], { invoicedCents: 1950 })).toEqual([]);
  });

  it.each<[string, Line[]]>([
    ['not owed', ['usage_checked']],
    ['paid', [...noticed, 'attempted', 'paid']],
    ['waived', [...noticed, 'waived']],
  ])('is no news for a fee that is %s', (_what, lines) => {
    expect(found(lines, { invoicedCents: 1950, used: lines.length > 1 })).toEqual([]);
  });
});

describe('a customer who changed and of whom the fee has not heard', () => {
  it.each<[string, Line[]]>([
    ['noticed', noticed],
    ['being tried', [...noticed, 'attempted']],
    ['declined', [...noticed, 'attempted', 'declined']],
    ['held', [...noticed, 'held']],
    ['given up', [...noticed, 'attempted', 'declined', 'gave_up']],
    ['with a notice that came back and an intent', [...noticed, 'notice_failed']],
  ])('is news for a fee that is %s, once', (_what, lines) => {
    expect(found(lines)).toEqual([]);
    expect(found(lines, { customer: 'cus_2' })).toEqual(changed('cus_2'));
    expect(found(lines, { customer: null })).toEqual(changed(null));
    const heard = [...lines, sample('customer_changed', { customer: 'cus_2' })];
    expect(found(heard, { customer: 'cus_2' })).toEqual([]);
    expect(found(heard)).toEqual(changed('cus_1'));
  });

  it.each<[string, Line[]]>([
    ['not announced yet', approved],
    ['unreachable, and without an intent', [...approved, 'notice_failed']],
    ['paid', [...noticed, 'attempted', 'paid']],
    ['waived', [...noticed, 'waived']],
    ['being waived', [...noticed, 'waive_asked']],
  ])('is none for a fee that is %s', (_what, lines) => {
    expect(found(lines, { customer: 'cus_2' })).toEqual([]);
  });

  it('is told before the card that came with it, which is another person’s perhaps', () => {
    const card = { cardChanges: 3, latestCard: 'pm_9' };
    const declined: Line[] = [...noticed, 'attempted', 'declined'];
    expect(found(declined, card)).toEqual([['card_updated', { paymentMethod: 'pm_9' }]]);
    expect(found(declined, { ...card, customer: 'cus_2' })).toEqual(changed('cus_2'));
  });

  it('counts for nothing where nothing is owed any more', () => {
    const gone = { customer: 'cus_2', used: false };
    expect(found(noticed, gone).map(([kind]) => kind)).toEqual(['reopened']);
    const moved = { customer: 'cus_2', sameVendor: false, vendorLevies: false };
    expect(found(noticed, moved).map(([kind]) => kind)).toEqual(['waive_asked']);
  });
});

describe('what was given up', () => {
  const gaveUp: Line[] = [...noticed, 'attempted', 'declined', 'gave_up'];

  it('stays so, whatever card or address has come since', () => {
    expect(found(gaveUp, { cardChanges: 3, latestCard: 'pm_9' })).toEqual([]);
    const bounced: Line[] = [...gaveUp, 'notice_failed'];
    expect(found(bounced, { emailChanges: 3 })).toEqual([]);
  });

  it('takes the card that came once a person has asked', () => {
    const asked: Line[] = [...gaveUp, 'revived', 'retry_asked'];
    expect(found(asked, { cardChanges: 3, latestCard: 'pm_9' })).toEqual([
      ['card_updated', { paymentMethod: 'pm_9' }],
    ]);
  });
});
