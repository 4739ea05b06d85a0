import { describe, expect, it } from 'vitest';
import type { EntryKind, NewEntry } from '../../core/fee/fee.ts';
import { fold } from '../../core/fee/fold.ts';
import { emailOwed, next } from '../../core/fee/next.ts';
import { AMOUNT, sample, story, testPolicy } from '../support/fees.ts';

type Line = EntryKind | NewEntry;
const entriesOf = (lines: Line[]) =>
  story(lines.map((line) => (typeof line === 'string' ? sample(line) : line)));
const feeOf = (...lines: Line[]) => fold(entriesOf(lines));
const nextOf = (...lines: Line[]) => next(entriesOf(lines), testPolicy());

const owed: Line[] = ['assessed', 'approved'];
const noticed: Line[] = [...owed, 'noticed'];
const tried: Line[] = [...noticed, 'intent_opened', 'attempted'];
const paid: Line[] = [...tried, 'paid'];
const part = (refund: string, amountCents = 500) => sample('refunded', { refund, amountCents });
const opened = (refund: string) => sample('refund_opened', { refund, amountCents: 500 });
const told = (email: 'receipt' | 'card_needed' | 'refunded', about: number) =>
  sample('email_sent', { email, about });

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

describe('a fee that was withdrawn', () => {
  const refused = sample('declined', { verdict: 'needs_card', retryAt: null });
  const again: Line[] = [...tried, refused, 'intent_closed', 'withdrawn', 'assessed'];

  it('goes on counting its attempts, as the database lets a number be used once', () => {
    expect(feeOf(...again)).toMatchObject({ attempts: 1, intent: null, declined: null });
  });

  it('never tries a refused card again', () => {
    const fee = feeOf(...again);
    expect([...fee.refusedCards]).toEqual(['pm_1']);
    expect(fee.declinesByCard).toEqual(new Map([['pm_1', 1]]));
  });
});

describe('declines that another ledger met', () => {
  const met = (attempt: number, paymentMethod: string | null, changes = {}) =>
    sample('declined', {
      ...{ attempt, paymentMethod, charge: `ch_${attempt}`, adopted: true },
      ...changes,
    });
  const opened: Line[] = [...noticed, 'intent_opened'];

  it('are counted card by card, and numbered with our own', () => {
    expect(feeOf(...opened, met(1, 'pm_1'), met(2, 'pm_1'))).toMatchObject({
      ...{ attempts: 2, declinesByCard: new Map([['pm_1', 2]]), triedCard: 'pm_1' },
    });
    expect(feeOf(...opened, met(1, 'pm_1'), met(2, 'pm_1'), met(3, 'pm_2'))).toMatchObject({
      ...{ attempts: 3, triedCard: 'pm_2' },
      declinesByCard: new Map([
        ['pm_1', 2],
        ['pm_2', 1],
      ]),
    });
  });

  it('are the beginning of the ladder that our own go on with', () => {
    const own: Line[] = [sample('attempted', { attempt: 2 }), sample('declined', { attempt: 2 })];
    expect(feeOf(...opened, met(1, 'pm_1'), ...own)).toMatchObject({
      declinesByCard: new Map([['pm_1', 2]]),
    });
  });

  it('refuse the card they name and no other', () => {
    const final = { verdict: 'needs_card', retryAt: null } as const;
    const fee = feeOf(...opened, met(1, 'pm_1', final), met(2, 'pm_2'));
    expect([...fee.refusedCards]).toEqual(['pm_1']);
    expect([...fee.knownCharges]).toEqual(['ch_1', 'ch_2']);
  });

  it('are forgotten when the card is renewed, and kept when it is merely on file again', () => {
    const declined: Line[] = [...opened, met(1, 'pm_1'), met(2, 'pm_2')];
    const onFile = feeOf(...declined, sample('card_updated', { paymentMethod: 'pm_1' }));
    expect(onFile.declinesByCard.get('pm_1')).toBe(1);
    const renewed = sample('card_updated', { paymentMethod: 'pm_1', renewed: true });
    expect(feeOf(...declined, renewed).declinesByCard).toEqual(new Map([['pm_2', 1]]));
  });

  it('whose card Stripe does not name leave the card of before the one that was tried', () => {
    expect(feeOf(...opened, met(1, 'pm_1'), met(2, null)).triedCard).toBe('pm_1');
  });
});

describe('the intent of a fee', () => {
  const prepared: Line[] = [...noticed, sample('intent_opened', { notice: 1 })];

  it('is the last one that was opened, with whose it is and which notice it tells of', () => {
    expect(feeOf(...prepared)).toMatchObject({
      ...{ intent: 'pi_1', intentCustomer: 'cus_1', recordedNotice: 1 },
    });
    const recorded = sample('notice_recorded', { notice: 2 });
    expect(feeOf(...prepared, recorded).recordedNotice).toBe(2);
  });

  it('is none after it was closed, and the closed one is remembered', () => {
    const fee = feeOf(...prepared, 'unknown', 'intent_closed');
    expect(fee).toMatchObject({
      ...{ intent: null, intentCustomer: null, recordedNotice: null, unknown: null },
    });
    expect([...fee.closedIntents]).toEqual(['pi_1']);
    const other = sample('intent_opened', { intent: 'pi_2', customer: 'cus_2' });
    expect(feeOf(...prepared, 'intent_closed', other)).toMatchObject({ intent: 'pi_2' });
    const later: Line[] = [...prepared, 'intent_closed', 'withdrawn', 'assessed'];
    expect([...feeOf(...later).closedIntents]).toEqual(['pi_1']);
  });
});

describe('a changed customer', () => {
  const changed: Line[] = [...tried, 'declined', 'card_missing', 'customer_changed'];

  it('ends what was announced and what came of it', () => {
    expect(feeOf(...changed)).toMatchObject({
      ...{ noticed: null, declined: null, cardMissing: null },
      customerChanged: { customer: 'cus_2' },
    });
  });

  it('keeps how often each card was declined, as the customer may come back', () => {
    expect(feeOf(...changed).declinesByCard).toEqual(new Map([['pm_1', 1]]));
  });

  it('keeps what is at Stripe, and which cards must never be tried again', () => {
    const refused = sample('declined', { verdict: 'needs_card', retryAt: null });
    const fee = feeOf(...tried, refused, 'customer_changed');
    expect(fee).toMatchObject({ intent: 'pi_1', attempts: 1, notices: 1 });
    expect([...fee.refusedCards]).toEqual(['pm_1']);
    expect([...fee.knownCharges]).toEqual(['ch_1']);
  });

  it('is over with the notice to the new one', () => {
    const anew = sample('noticed', { customer: 'cus_2' });
    expect(feeOf(...changed, anew)).toMatchObject({
      ...{ customerChanged: null, notices: 2, noticed: { customer: 'cus_2' } },
    });
  });
});

describe('what a mail server asked for one mail', () => {
  const waits: Line[] = ['deferred', 'deferred', 'deferred'];

  it('is not held against the next address', () => {
    const fee = feeOf(...owed, ...waits, 'notice_failed', 'retry_asked');
    expect(fee).toMatchObject({ deferrals: 0, deferred: null });
  });

  it.each<EntryKind>(['noticed', 'card_missing', 'card_updated', 'waived'])(
    'is over with %s',
    (kind) => {
      expect(feeOf(...owed, ...waits, kind)).toMatchObject({ deferrals: 0, deferred: null });
    },
  );

  it('neither delays the notice of a card that came, nor the receipt', () => {
    const email = sample('deferred', { step: 'email', until: '2030-01-01T00:00:00.000Z' });
    const came = nextOf(...owed, 'card_missing', email, 'card_updated');
    expect(came).toMatchObject({ step: 'notice' });
    expect(came.at?.getUTCFullYear()).toBe(2026);
    const hard = sample('declined', { verdict: 'needs_card', retryAt: null });
    const receipt = nextOf(...tried, hard, email, 'card_updated', 'attempted', 'paid');
    expect(receipt).toMatchObject({ step: 'email' });
    expect(receipt.at?.getUTCFullYear()).toBe(2026);
  });
});

describe('refunds', () => {
  it('given in part by somebody else leave the whole that was asked for to be given', () => {
    expect(nextOf(...paid, 'refund_asked', part('re_1'))).toMatchObject({ step: 'settle' });
    expect(nextOf(...paid, 'refund_asked', part('re_1'), part('re_2', AMOUNT - 500))).toMatchObject(
      {
        state: 'refunded',
        step: 'email',
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
    expect(emailOwed(feeOf(...lines))).toEqual({ email: 'receipt', about: 6 });
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
      step: 'email',
    });
  });
});

describe('e-mails', () => {
  it('tell of a waiver to everybody who had heard of the fee, and to nobody else', () => {
    expect(emailOwed(feeOf(...noticed, 'waived'))).toMatchObject({ email: 'waived' });
    const asked: Line[] = [...owed, 'card_missing', told('card_needed', 3), 'waived'];
    expect(emailOwed(feeOf(...asked))).toMatchObject({ email: 'waived' });
    expect(emailOwed(feeOf(...owed, 'card_missing', 'waived'))).toBeNull();
    expect(emailOwed(feeOf(...owed, 'waived'))).toBeNull();
  });

  it('are sent once for each occasion, and again for another', () => {
    const hard = sample('declined', { verdict: 'needs_card', retryAt: null });
    const first: Line[] = [...tried, hard];
    expect(emailOwed(feeOf(...first))).toEqual({ email: 'card_needed', about: 6 });
    const second: Line[] = [...first, told('card_needed', 6)];
    expect(emailOwed(feeOf(...second))).toBeNull();
    const third: Line[] = [...second, 'card_updated', 'attempted', hard];
    expect(emailOwed(feeOf(...third))).toEqual({ email: 'card_needed', about: 10 });
  });

  it('wait while a person holds the fee', () => {
    expect(emailOwed(feeOf(...paid, 'held'))).toBeNull();
    expect(emailOwed(feeOf(...paid, 'held', 'released'))).toMatchObject({ email: 'receipt' });
  });
});
