import { describe, expect, it } from 'vitest';
import type { EntryKind, NewEntry } from '../../core/fee/fee.ts';
import { fold } from '../../core/fee/fold.ts';
import { decideMove, type Move, type MoveFacts } from '../../core/fee/move.ts';
import { next } from '../../core/fee/next.ts';
import { AMOUNT, EVIDENCE, sample, story, testPolicy } from '../support/fees.ts';

type Line = EntryKind | NewEntry;
const entriesOf = (lines: readonly Line[]) =>
  story(lines.map((line) => (typeof line === 'string' ? sample(line) : line)));

const FACTS: MoveFacts = {
  vendor: 'theranest',
  year: 2026,
  amountCents: AMOUNT,
  autoApprove: false,
  refundMoved: 'ask',
  firstUse: EVIDENCE,
};
/** First use of the samples is on 3 February. */
const BEFORE = '2026-02-02';
const ON_THE_DAY = '2026-02-03';
const AFTER = '2026-03-01';
const free = (on: string): Move => ({ to: { vendor: 'therapynotes', levies: false }, on });
const levying = (on: string): Move => ({ to: { vendor: 'simplepractice', levies: true }, on });
const back = (on: string): Move => ({ to: { vendor: 'theranest', levies: true }, on });
const unknown = (on: string): Move => ({ to: null, on });

function decided(lines: readonly Line[], move: Move, facts: Partial<MoveFacts> = {}): string {
  const { outcome, entries, doubtful } = decideMove(fold(entriesOf(lines)), move, {
    ...FACTS,
    ...facts,
  });
  const kinds = entries.map(({ kind }) => kind).join(' ');
  return [outcome, kinds, doubtful ? '?' : ''].filter(Boolean).join(': ');
}

const owed: Line[] = ['assessed', 'approved'];
const noticed: Line[] = [...owed, 'noticed'];
const prepared: Line[] = [...noticed, 'intent_opened'];
const charging: Line[] = [...prepared, 'attempted'];
const paid: Line[] = [...charging, 'paid'];

describe('a move to an EHR that does not levy', () => {
  it.each<[string, readonly Line[], string, string]>([
    ['owed, left before the use', owed, BEFORE, 'no_fee: withdrawn reopened: ?'],
    ['owed, left on the day of use', owed, ON_THE_DAY, 'waived: waived'],
    ['owed, left later', owed, AFTER, 'waived: waived'],
    ['noticed, left before', noticed, BEFORE, 'waived: waived: ?'],
    ['noticed', noticed, AFTER, 'waived: waived'],
    ['with an intent, which is canceled first', prepared, AFTER, 'waived: waive_asked'],
    ['a charge under way', charging, AFTER, 'waived: waive_asked'],
    ['an unknown outcome', [...charging, 'unknown'], AFTER, 'waived: waive_asked'],
    ['declined', [...charging, 'declined'], AFTER, 'waived: waive_asked'],
    ['given up', [...charging, 'declined', 'gave_up'], AFTER, 'waived: revived waive_asked'],
    ['held', [...noticed, 'held'], AFTER, 'waived: waived'],
    ['waived', [...noticed, 'waived'], AFTER, 'unchanged'],
    ['being waived', [...prepared, 'waive_asked'], AFTER, 'unchanged'],
    ['not looked at yet', [], AFTER, 'no_fee: reopened'],
    ['no use so far', ['usage_checked'], AFTER, 'no_fee: reopened'],
    ['exempt', ['exempted'], AFTER, 'unchanged'],
    ['paid', paid, AFTER, 'refund_to_decide: held'],
    ['paid and held', [...paid, 'held'], AFTER, 'unchanged'],
    ['paid and disputed', [...paid, 'disputed'], AFTER, 'unchanged'],
    ['a refund under way', [...paid, 'refund_asked'], AFTER, 'unchanged'],
    ['refunded', [...paid, 'refunded'], AFTER, 'unchanged'],
    ['paid for the year before', paid, '2027-01-01', 'unchanged'],
    ['owed for the year before', noticed, '2027-01-01', 'waived: waived'],
  ])('%s', (_title, lines, on, outcome) => {
    expect(decided(lines, free(on))).toBe(outcome);
  });

  it('gives a payment back by the policy, and keeps none that was never owed unseen', () => {
    expect(decided(paid, free(AFTER), { refundMoved: 'always' })).toBe('refunded: refund_asked');
    expect(decided(paid, free(AFTER), { refundMoved: 'never' })).toBe('unchanged');
    expect(decided(paid, free(BEFORE), { refundMoved: 'never' })).toBe('refund_to_decide: held: ?');
  });

  it('writes to nobody who was never written to, and tells the others', () => {
    const told = (lines: Line[], on: string) => {
      const { entries } = decideMove(fold(entriesOf(lines)), free(on), FACTS);
      return next(entriesOf([...lines, ...entries]), testPolicy()).step;
    };
    expect(told(owed, AFTER)).toBe(null);
    expect(told(noticed, AFTER)).toBe('email');
    expect(told(noticed, BEFORE)).toBe('email');
  });

  it('names the use that speaks against the day', () => {
    const { why } = decideMove(fold(entriesOf(owed)), free(BEFORE), FACTS);
    expect(why).toContain('a use on 2026-02-03, after the move');
  });
});

describe('a move to an EHR that levies too', () => {
  it.each<[string, readonly Line[], string, string]>([
    ['used before: owed as before', noticed, AFTER, 'stays_owed'],
    ['paid, used before', paid, AFTER, 'unchanged'],
    ['paid, left before the use', paid, BEFORE, 'refund_to_decide: held: ?'],
    ['left before the use', owed, BEFORE, 'no_fee: withdrawn reopened: ?'],
    ['used, and not looked at yet', [], AFTER, 'stays_owed: assessed'],
    ['left before the use, not looked at yet', [], BEFORE, 'no_fee: reopened: ?'],
  ])('%s', (_title, lines, on, outcome) => {
    expect(decided(lines, levying(on))).toBe(outcome);
  });

  it('has its own fee looked at, and holds it where the use was in the earlier EHR', () => {
    expect(decided(['exempted'], back(BEFORE))).toBe('looked_at: reopened');
    expect(decided(['exempted'], back(AFTER), { firstUse: null })).toBe('looked_at: reopened');
    expect(decided(['exempted'], back(AFTER))).toBe('held: held: ?');
    expect(decided(noticed, back(AFTER))).toBe('unchanged');
  });
});

describe('a move to an EHR that is not known here', () => {
  it.each<[string, readonly Line[], string, string]>([
    ['owed', owed, AFTER, 'held: held'],
    ['left before the use', noticed, BEFORE, 'held: held'],
    ['a charge under way: read, and sent no more', charging, AFTER, 'held: held'],
    ['paid', paid, AFTER, 'held: held'],
    ['not looked at', [], AFTER, 'held: held'],
    ['held already', [...noticed, 'held'], AFTER, 'unchanged'],
    ['waived', [...noticed, 'waived'], AFTER, 'unchanged'],
    ['exempt', ['exempted'], AFTER, 'unchanged'],
    ['a year that was over', noticed, '2027-01-01', 'unchanged'],
  ])('%s', (_title, lines, on, outcome) => {
    expect(decided(lines, unknown(on))).toBe(outcome);
  });
});

describe('the same move a second time', () => {
  const SITUATIONS: Line[][] = [[], owed, noticed, prepared, charging, paid, ['usage_checked']];
  it.each([free(BEFORE), free(AFTER), levying(BEFORE), levying(AFTER), unknown(AFTER)])(
    'does nothing: %j',
    (move) => {
      for (const lines of SITUATIONS) {
        const { entries } = decideMove(fold(entriesOf(lines)), move, FACTS);
        const again = decideMove(fold(entriesOf([...lines, ...entries])), move, FACTS);
        expect(again.entries, JSON.stringify(lines)).toEqual([]);
      }
    },
  );
});
