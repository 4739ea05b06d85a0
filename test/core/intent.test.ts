import { describe, expect, it } from 'vitest';
import {
  reconcileIntent,
  keys,
  needsHistory,
  recordRefusal,
  type IntentReading,
} from '../../core/fee/intent.ts';
import type { Entry, EntryKind, NewEntry } from '../../core/fee/fee.ts';
import { fold } from '../../core/fee/fold.ts';
import { reading, refusal } from '../support/bank.ts';
import { AMOUNT, sample, story, testPolicy } from '../support/fees.ts';

const policy = testPolicy();
const AT = new Date('2026-01-30T15:00:00Z');

type Line = EntryKind | NewEntry;
const entriesOf = (...lines: Line[]): Entry[] =>
  story(lines.map((line) => (typeof line === 'string' ? sample(line) : line)));
const noticed: Line[] = ['assessed', 'approved', 'noticed'];
const open: Line[] = [...noticed, 'intent_opened', 'attempted'];
const kindsOf = (entries: NewEntry[]) => entries.map(({ kind }) => kind);

/** What a reading adds to a fee with these entries. */
const adds = (lines: Line[], read: IntentReading) =>
  reconcileIntent(fold(entriesOf(...lines)), read, AT, policy);

describe('a refused attempt', () => {
  const declined = (lines: Line[], code: string, changes = {}) =>
    recordRefusal(fold(entriesOf(...lines)), refusal(code, changes), AT, policy);
  /** `n` declines of the same card, each of its own charge, and the next attempt open. */
  const afterDeclines = (n: number): Line[] => [
    ...noticed,
    'intent_opened',
    ...Array.from({ length: n }, (_, at): Line[] => [
      sample('attempted', { attempt: at + 1 }),
      sample('declined', { attempt: at + 1, charge: `ch_${at + 1}` }),
    ]).flat(),
    sample('attempted', { attempt: n + 1 }),
  ];

  it.each([
    [0, '2026-02-02T15:00:00.000Z'],
    [1, '2026-02-04T15:00:00.000Z'],
    [2, '2026-02-06T15:00:00.000Z'],
  ])('after %s others is tried again on the next rung of the ladder', (before, retryAt) => {
    expect(declined(afterDeclines(before), 'insufficient_funds')).toEqual([
      expect.objectContaining({
        kind: 'declined',
        data: expect.objectContaining({ attempt: before + 1, verdict: 'retry', retryAt }),
      }),
    ]);
  });

  it('is the last when it is the fourth, and what is owed is written off', () => {
    const [last, end] = declined(afterDeclines(3), 'insufficient_funds');
    expect(last).toMatchObject({ kind: 'declined', data: { verdict: 'give_up', retryAt: null } });
    expect(end).toMatchObject({ kind: 'gave_up', data: { amountCents: AMOUNT } });
  });

  it('gives up when the ladder has no rung left, though attempts were', () => {
    const short = testPolicy({ retryDays: [3] });
    const [, end] = recordRefusal(
      fold(entriesOf(...afterDeclines(1))),
      refusal('do_not_honor'),
      AT,
      short,
    );
    expect(end?.kind).toBe('gave_up');
  });

  it('starts the ladder anew with another card', () => {
    const lines = [...afterDeclines(3).slice(0, -1), 'card_updated' as const];
    const [only, ...others] = declined(
      [...lines, sample('attempted', { attempt: 4, paymentMethod: 'pm_2' })],
      'insufficient_funds',
    );
    expect(only).toMatchObject({ data: { verdict: 'retry', retryAt: '2026-02-02T15:00:00.000Z' } });
    expect(others).toEqual([]);
  });

  it('by a technical fault is tried again within hours, but only the first time', () => {
    expect(declined(open, 'processing_error')[0]).toMatchObject({
      data: { retryAt: '2026-01-30T21:00:00.000Z' },
    });
    expect(declined(afterDeclines(1), 'processing_error')[0]).toMatchObject({
      data: { retryAt: '2026-02-04T15:00:00.000Z' },
    });
  });

  it('asks for another card at once when this one must not be tried again', () => {
    expect(declined(open, 'lost_card')).toEqual([
      expect.objectContaining({
        data: expect.objectContaining({ verdict: 'needs_card', retryAt: null }),
      }),
    ]);
  });

  it.each(['duplicate_transaction', 'a_code_nobody_knows', 'constructor', ''])(
    'with the code "%s" is left to a person',
    (code) => {
      const [first, second] = declined(open, code);
      expect(first).toMatchObject({ data: { verdict: 'manual_review', retryAt: null } });
      expect(second?.kind).toBe('held');
    },
  );

  it('with such a code ends with the ladder, however often a person lets it go on', () => {
    expect(declined(afterDeclines(2), 'duplicate_transaction')[1]?.kind).toBe('held');
    expect(declined(afterDeclines(3), 'duplicate_transaction')).toMatchObject([
      { kind: 'declined', data: { verdict: 'give_up', retryAt: null } },
      { kind: 'gave_up' },
    ]);
  });

  it('keeps the bank’s codes and nothing of what it said', () => {
    const [entry] = declined(open, 'do_not_honor', {
      adviceCode: 'try_again_later',
      networkAdviceCode: '02',
      sentToNetwork: false,
      charge: null,
    });
    expect(entry?.data).toEqual({
      attempt: 1,
      paymentMethod: 'pm_1',
      fingerprint: 'fp_1',
      charge: null,
      code: 'do_not_honor',
      adviceCode: 'try_again_later',
      networkAdviceCode: '02',
      sentToNetwork: false,
      verdict: 'retry',
      retryAt: '2026-02-02T15:00:00.000Z',
    });
  });

  it('without an open attempt is a bug and writes nothing', () => {
    expect(() => declined(noticed, 'do_not_honor')).toThrow('Bug!');
  });
});

describe('a reading of the intent', () => {
  const paid = { status: 'succeeded', charge: 'ch_9' } as const;
  const taken: Line[] = [...open, sample('paid', { charge: 'ch_9' })];
  const table: [what: string, before: Line[], read: IntentReading, kinds: EntryKind[]][] = [
    ['that shows nothing adds nothing', open, reading(), []],
    ['that is processing adds nothing', open, reading({ status: 'processing' }), []],
    ['with the money is paid', open, reading(paid), ['paid']],
    ['with money from elsewhere is paid', noticed, reading(paid), ['paid']],
    [
      'with money after a waiver is paid, and given back',
      [...open, 'lapsed', 'waived'],
      reading(paid),
      ['paid', 'refund_asked'],
    ],
    [
      'with money after giving up takes the fee up again first',
      [...open, 'declined', 'gave_up'],
      reading(paid),
      ['revived', 'paid'],
    ],
    [
      'with a new failed charge is declined',
      open,
      reading({ charge: 'ch_1', refusal: refusal('do_not_honor') }),
      ['declined'],
    ],
    [
      'with the failed charge of before is not this attempt’s',
      [...noticed, 'intent_opened', sample('attempted', { chargeBefore: 'ch_1' })],
      reading({ charge: 'ch_1', refusal: refusal('do_not_honor') }),
      [],
    ],
    ['canceled ends the open attempt', open, reading({ status: 'canceled' }), ['lapsed']],
    ['canceled without an attempt adds nothing', noticed, reading({ status: 'canceled' }), []],
  ];
  it.each(table)('%s', (_what, before, read, kinds) => {
    expect(kindsOf(adds(before, read))).toEqual(kinds);
  });

  describe('paid after a refusal, while an attempt has no answer', () => {
    const which = { paymentMethod: 'pm_1', fingerprint: 'fp_1', at: AT };
    const refusedBefore = [{ ...refusal('do_not_honor', { charge: 'ch_8' }), ...which }];
    const attempted = sample('attempted', { paymentMethod: 'pm_1' });
    const found = (lines: Line[], changes = {}) =>
      adds(
        [...noticed, 'intent_opened', ...lines],
        reading({ ...paid, refusedBefore, ...changes }),
      );

    it('takes the refusal for the attempt’s own, and the payment for somebody else’s', () => {
      const [declined, money] = found([attempted]);
      expect(declined).toMatchObject({ kind: 'declined', data: { attempt: 1, charge: 'ch_8' } });
      expect(money).toMatchObject({ kind: 'paid', data: { attempt: null, charge: 'ch_9' } });
    });

    it('does not give up nor ask for a person any more, whatever the refusal was', () => {
      const unheardOf = { ...refusedBefore[0], code: 'never_heard_of' };
      expect(kindsOf(found([attempted], { refusedBefore: [unheardOf] }))).toEqual([
        'declined',
        'paid',
      ]);
    });

    it('does not take a refusal of an earlier attempt for its own', () => {
      const later = sample('attempted', { paymentMethod: 'pm_1', chargeBefore: 'ch_8' });
      expect(found([later])).toMatchObject([{ kind: 'paid', data: { attempt: 1 } }]);
    });

    it('does not take a refusal of another card for its own, but for another ledger’s', () => {
      expect(found([sample('attempted', { paymentMethod: 'pm_2' })])).toMatchObject([
        { kind: 'declined', data: { attempt: 2, paymentMethod: 'pm_1', adopted: true } },
        { kind: 'paid', data: { attempt: 1 } },
      ]);
    });
  });

  describe('refused or canceled, while an attempt of another card has no answer', () => {
    const attempted = sample('attempted', { paymentMethod: 'pm_2' });
    const before = [...noticed, 'intent_opened' as const, attempted];
    const met = (charge: string, paymentMethod: string) => ({
      ...refusal('do_not_honor', { charge }),
      ...{ paymentMethod, fingerprint: 'fp', at: AT },
    });
    const others = met('ch_8', 'pm_1');
    const last = { charge: 'ch_8', refusal: others, refusedCard: 'pm_1' };

    it('takes nothing for its own that another ledger’s card came to', () => {
      const read = reading({ ...last, refusedBefore: [others] });
      expect(adds(before, read)).toEqual([]);
    });

    it('finds its own refusal among all of the intent’s', () => {
      const read = reading({ ...last, refusedBefore: [met('ch_7', 'pm_2'), others] });
      expect(adds(before, read)).toMatchObject([
        { kind: 'declined', data: { attempt: 1, charge: 'ch_7', paymentMethod: 'pm_2' } },
      ]);
    });

    it('was refused before the intent was canceled, and is not taken for one that never was', () => {
      const canceled = { status: 'canceled', charge: 'ch_7' } as const;
      expect(
        adds(before, reading({ ...canceled, refusedBefore: [met('ch_7', 'pm_2')] })),
      ).toMatchObject([{ kind: 'declined', data: { attempt: 1, charge: 'ch_7' } }]);
      expect(adds(before, reading({ ...canceled, refusedBefore: [others] }))).toMatchObject([
        { kind: 'lapsed', data: { attempt: 1 } },
      ]);
    });

    it('needs all of the intent’s refusals to tell them apart', () => {
      const fee = fold(entriesOf(...before));
      const own = { charge: 'ch_7', refusal: refusal('do_not_honor'), refusedCard: 'pm_2' };
      expect(needsHistory(fee, reading(last))).toBe(true);
      expect(needsHistory(fee, reading({ status: 'canceled', charge: 'ch_8' }))).toBe(true);
      expect(needsHistory(fee, reading(own))).toBe(false);
    });
  });

  const refunds = (...list: [string, number, 'pending' | 'succeeded' | 'failed'][]) =>
    reading({
      ...paid,
      refunds: list.map(([refund, amountCents, status]) => ({ refund, amountCents, status })),
    });
  const afterwards: [what: string, before: Line[], read: IntentReading, kinds: EntryKind[]][] = [
    ['of a refund made in the dashboard', [], refunds(['re_1', 500, 'succeeded']), ['refunded']],
    ['of a refund under way', [], refunds(['re_1', 500, 'pending']), ['refund_opened']],
    ['of a known refund under way', ['refund_opened'], refunds(['re_1', 500, 'pending']), []],
    ['of the end of it', ['refund_opened'], refunds(['re_1', 500, 'succeeded']), ['refunded']],
    [
      'of its failure',
      ['refund_opened'],
      refunds(['re_1', 500, 'failed']),
      ['refund_failed', 'held'],
    ],
    [
      'of two refunds at once',
      [],
      refunds(['re_2', 500, 'pending'], ['re_1', 500, 'succeeded']),
      ['refund_opened', 'refunded'],
    ],
  ];
  it.each(afterwards)('after payment, %s', (_what, before, read, kinds) => {
    expect(kindsOf(adds([...taken, ...before], read))).toEqual(kinds);
  });

  it('takes back what a failed refund had given, and only if it had', () => {
    const failed = refunds(['re_1', 500, 'failed']);
    const cents = (before: Line[]) => adds([...taken, ...before], failed)[0]?.data;
    expect(cents([sample('refunded', { amountCents: 500 })])).toMatchObject({ amountCents: 500 });
    expect(cents(['refund_opened'])).toMatchObject({ amountCents: 0 });
  });

  it('names a dispute even when it was over before anybody looked', () => {
    const dispute = { dispute: 'dp_1', amountCents: AMOUNT, status: 'lost', why: 'x' } as const;
    expect(kindsOf(adds(taken, reading({ ...paid, dispute })))).toEqual([
      'disputed',
      'dispute_closed',
    ]);
  });
});

describe('the idempotency keys', () => {
  const attemptKey = (
    intent: string,
    attempt: number,
    paymentMethod: string,
    chargeBefore: string | null = null,
  ) => keys.attempt({ intent, attempt, paymentMethod, chargeBefore });

  it('are the same for the same thing, and never those of another', () => {
    const all = [
      keys.intent('cus_1', 2026, 0),
      keys.intent('cus_1', 2026, 1),
      keys.intent('cus_1', 2027, 0),
      keys.intent('cus_2', 2026, 0),
      attemptKey('pi_1', 1, 'pm_1'),
      attemptKey('pi_1', 2, 'pm_1'),
      attemptKey('pi_1', 1, 'pm_2'),
      attemptKey('pi_2', 1, 'pm_1'),
      attemptKey('pi_1', 1, 'pm_1', 'ch_1'),
      keys.notice('pi_1', 4),
      keys.notice('pi_1', 5),
      keys.notice('pi_2', 4),
      keys.cancel('pi_1', 'abandoned'),
      keys.cancel('pi_1', 'duplicate'),
      keys.cancel('pi_2', 'duplicate'),
      keys.refund('f1', 7),
      keys.refund('f1', 8),
    ];
    expect(new Set(all).size).toBe(all.length);
    expect(attemptKey('pi_1', 1, 'pm_1')).toBe(all[4]);
  });

  it('name the person and the year of an intent, and nothing of the ledger that makes it', () => {
    expect(keys.intent('cus_1', 2026, 0)).toBe('levy-intent-2026-cus_1');
    expect(keys.intent('cus_1', 2026, 2)).toBe('levy-intent-2026-cus_1-2');
  });
});
