import { describe, expect, it } from 'vitest';
import type { Kind, NewEntry } from '../../core/fee.ts';
import { fold } from '../../core/fold.ts';
import { letterOwed, next } from '../../core/next.ts';
import { AMOUNT, sample, story, testPolicy } from '../support/fees.ts';

type Line = Kind | NewEntry;
const entriesOf = (lines: Line[]) =>
  story(lines.map((line) => (typeof line === 'string' ? sample(line) : line)));
const feeOf = (...lines: Line[]) => fold(entriesOf(lines));
const nextOf = (...lines: Line[]) => next(entriesOf(lines), testPolicy());

const owed: Line[] = ['assessed', 'approved'];
const noticed: Line[] = [...owed, 'noticed'];
const tried: Line[] = [...noticed, 'opened', 'attempted'];
const paid: Line[] = [...tried, 'paid'];
const part = (refund: string, amountCents = 500) => sample('refunded', { refund, amountCents });
const opened = (refund: string) => sample('refund_opened', { refund, amountCents: 500 });
const told = (letter: 'receipt' | 'card_needed' | 'refunded', about: number) =>
  sample('told', { letter, about });

describe('a notice that bounced', () => {
  it('announced nothing: a new address gets a notice of its own before anything is charged', () => {
    const mended: Line[] = [...noticed, 'notice_failed', 'retry_asked'];
    expect(nextOf(...mended)).toMatchObject({ state: 'approved', step: 'notice' });
    expect(nextOf(...mended, 'noticed')).toMatchObject({ state: 'noticed', step: 'charge' });
  });

  it('after a first decline stops the tries until another notice stands', () => {
    const bounced: Line[] = [...tried, 'declined', 'notice_failed'];
    expect(nextOf(...bounced)).toMatchObject({ state: 'notice_failed', step: null });
    expect(nextOf(...bounced, 'retry_asked').step).toBe('notice');
    expect(nextOf(...bounced, 'retry_asked', 'noticed').step).toBe('charge');
  });
});

describe('an attempt on its way when its notice bounces', () => {
  it('is only asked about, also when another notice is about to go out', () => {
    expect(nextOf(...tried, 'notice_failed').step).toBe('settle');
    expect(nextOf(...tried, 'notice_failed', 'retry_asked').step).toBe('settle');
    expect(nextOf(...tried, 'unknown', 'notice_failed').step).toBe('settle');
    expect(nextOf(...tried, 'notice_failed', 'retry_asked', 'lapsed').step).toBe('notice');
  });
});

describe('the number of a notice', () => {
  it('counts those before it, also of a fee that was none for a time', () => {
    const { notices } = feeOf(...noticed, 'withdrawn', ...noticed, 'notice_failed');
    expect(notices).toBe(2);
  });
});

describe('what a mail server asked for one mail', () => {
  const waits: Line[] = ['deferred', 'deferred', 'deferred'];

  it('is not held against the next address', () => {
    const fee = feeOf(...owed, ...waits, 'notice_failed', 'retry_asked');
    expect(fee).toMatchObject({ deferrals: 0, deferred: null });
  });

  it.each<Kind>(['noticed', 'card_missing', 'card_updated', 'waived'])(
    'is over with %s',
    (kind) => {
      expect(feeOf(...owed, ...waits, kind)).toMatchObject({ deferrals: 0, deferred: null });
    },
  );

  it('neither delays the notice of a card that came, nor the receipt', () => {
    const letter = sample('deferred', { step: 'letter', until: '2030-01-01T00:00:00.000Z' });
    const came = nextOf(...owed, 'card_missing', letter, 'card_updated');
    expect(came).toMatchObject({ step: 'notice' });
    expect(came.at?.getUTCFullYear()).toBe(2026);
    const hard = sample('declined', { verdict: 'needs_card', retryAt: null });
    const receipt = nextOf(...tried, hard, letter, 'card_updated', 'attempted', 'paid');
    expect(receipt).toMatchObject({ step: 'letter' });
    expect(receipt.at?.getUTCFullYear()).toBe(2026);
  });
});

describe('refunds', () => {
  it('given in part by somebody else leave the whole that was asked for to be given', () => {
    expect(nextOf(...paid, 'refund_asked', part('re_1'))).toMatchObject({ step: 'settle' });
    expect(nextOf(...paid, 'refund_asked', part('re_1'), part('re_2', AMOUNT - 500))).toMatchObject(
      {
        state: 'refunded',
        step: 'letter',
      },
    );
  });

  it('given in part do not end a waiver of what was paid', () => {
    const waived: Line[] = [...tried, 'waive_asked', 'paid'];
    expect(nextOf(...waived, part('re_1'))).toMatchObject({ state: 'paid', step: 'settle' });
    expect(nextOf(...waived, part('re_1', AMOUNT)).state).toBe('refunded');
  });

  it('under way are followed one and all, whichever ends first', () => {
    const both: Line[] = [...paid, opened('re_1'), opened('re_2')];
    for (const [first, second] of [
      ['re_1', 're_2'],
      ['re_2', 're_1'],
    ] as const) {
      expect(feeOf(...both, part(first)).refundOpened?.refund).toBe(second);
      expect(nextOf(...both, part(first)).step).toBe('settle');
      expect(feeOf(...both, part(first), part(second)).refundOpened).toBeNull();
    }
  });

  it('that failed are not told of as given', () => {
    const failed = sample('refund_failed', { refund: 're_1', amountCents: AMOUNT });
    const lines: Line[] = [...paid, 'refunded', failed, 'held', 'released'];
    expect(letterOwed(feeOf(...lines))).toEqual({ letter: 'receipt', about: 6 });
  });

  it('that failed leave nothing asked for, so that a person decides', () => {
    const fee = feeOf(...paid, 'refund_asked', 'refund_opened', 'refund_failed', 'held');
    expect(fee).toMatchObject({ refundAsked: null, refundOpened: null, refundedCents: 0 });
    expect(nextOf(...paid, 'refund_asked', 'refund_failed', 'held')).toMatchObject({
      state: 'held',
      step: null,
    });
  });

  it('are told of also when the fee is held, as the money has gone back', () => {
    expect(nextOf(...paid, 'held', 'refund_asked', 'refunded')).toMatchObject({
      state: 'refunded',
      step: 'letter',
    });
  });
});

describe('letters', () => {
  it('tell of a waiver to everybody who had heard of the fee, and to nobody else', () => {
    expect(letterOwed(feeOf(...noticed, 'waived'))).toMatchObject({ letter: 'waived' });
    const asked: Line[] = [...owed, 'card_missing', told('card_needed', 3), 'waived'];
    expect(letterOwed(feeOf(...asked))).toMatchObject({ letter: 'waived' });
    expect(letterOwed(feeOf(...owed, 'card_missing', 'waived'))).toBeNull();
    expect(letterOwed(feeOf(...owed, 'waived'))).toBeNull();
  });

  it('are sent once for each occasion, and again for another', () => {
    const hard = sample('declined', { verdict: 'needs_card', retryAt: null });
    const first: Line[] = [...tried, hard];
    expect(letterOwed(feeOf(...first))).toEqual({ letter: 'card_needed', about: 6 });
    const second: Line[] = [...first, told('card_needed', 6)];
    expect(letterOwed(feeOf(...second))).toBeNull();
    const third: Line[] = [...second, 'card_updated', 'attempted', hard];
    expect(letterOwed(feeOf(...third))).toEqual({ letter: 'card_needed', about: 10 });
  });

  it('wait while a person holds the fee', () => {
    expect(letterOwed(feeOf(...paid, 'held'))).toBeNull();
    expect(letterOwed(feeOf(...paid, 'held', 'released'))).toMatchObject({ letter: 'receipt' });
  });
});
