import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FEE_STATUSES, type EntryKind, type NewEntry } from '../../core/fee/fee.ts';
import { movement } from '../../core/fee/money.ts';
import { next } from '../../core/fee/next.ts';
import { KINDS, sample, story, testPolicy } from '../support/fees.ts';

const policy = testPolicy();

/** A fee's entries by kind; a tuple overrides the sample's data. */
type Line = EntryKind | NewEntry;
const lines = (...kinds: Line[]) =>
  story(kinds.map((kind) => (typeof kind === 'string' ? sample(kind) : kind)));

const noticed: Line[] = ['assessed', 'approved', 'noticed'];
const charging: Line[] = [...noticed, 'intent_opened', 'attempted'];
const prepared: Line[] = [...noticed, sample('intent_opened', { notice: 1 })];
const struck = sample('notice_recorded', { notice: null });
const backTo = (customer: string) => sample('customer_changed', { customer });
const hard = sample('declined', { verdict: 'needs_card', retryAt: null, code: 'lost_card' });

const table: [title: string, entries: Line[], state: string, step: string | null][] = [
  ['a new fee is looked at', [], 'detecting', 'detect'],
  ['no use rests', ['usage_checked'], 'no_use', null],
  ['use found later is looked at again', ['usage_checked', 'reopened'], 'detecting', 'detect'],
  ['an EHR that does not levy rests', ['exempted'], 'exempt', null],
  ['owed waits for approval', ['assessed'], 'ready', null],
  ['a withdrawn use leaves nothing owed', ['assessed', 'withdrawn'], 'no_use', null],
  ['approved is noticed', ['assessed', 'approved'], 'approved', 'notice'],
  ['a greylisted notice is sent later', ['assessed', 'approved', 'deferred'], 'approved', 'notice'],
  ['a refused address ends it', ['assessed', 'approved', 'notice_failed'], 'notice_failed', null],
  [
    'a new address tries the notice again',
    ['assessed', 'approved', 'notice_failed', 'retry_asked'],
    'approved',
    'notice',
  ],
  [
    'a bounce after the notice blocks the charge',
    [...noticed, 'notice_failed'],
    'notice_failed',
    null,
  ],
  ['no card asks for one', ['assessed', 'approved', 'card_missing'], 'needs_card', 'email'],
  [
    'a card that came is announced first',
    ['assessed', 'approved', 'card_missing', 'card_updated'],
    'approved',
    'notice',
  ],
  ['noticed waits for its day', noticed, 'noticed', 'charge'],
  ['an open attempt is resumed by the charge', charging, 'charging', 'charge'],
  ['an unknown outcome is asked about', [...charging, 'unknown'], 'unknown', 'charge'],
  ['a hold leaves an open attempt to be read only', [...charging, 'held'], 'charging', 'settle'],
  ['a soft decline is tried again', [...charging, 'declined'], 'retrying', 'charge'],
  ['a hard decline asks for another card', [...charging, hard], 'needs_card', 'email'],
  ['another card is charged', [...charging, hard, 'card_updated'], 'retrying', 'charge'],
  ['a lapsed attempt is followed by another', [...charging, 'lapsed'], 'noticed', 'charge'],
  ['giving up is told', [...charging, 'declined', 'gave_up'], 'gave_up', 'email'],
  [
    'a revived fee is tried again',
    [...charging, 'declined', 'gave_up', 'revived', 'retry_asked'],
    'retrying',
    'charge',
  ],
  [
    'a clinician who asks to pay now is charged at once',
    [...noticed, 'pay_now_asked'],
    'noticed',
    'charge',
  ],
  ['a clinician who objects is left in peace', [...noticed, 'objected', 'held'], 'held', null],
  [
    'an objection that is not accepted is answered first',
    [...noticed, 'objected', 'held', 'objection_answered', 'released'],
    'noticed',
    'email',
  ],
  ['held rests', [...noticed, 'held'], 'held', null],
  ['released goes on', [...noticed, 'held', 'released'], 'noticed', 'charge'],
  [
    'a waiver is settled at Stripe first',
    [...noticed, 'intent_opened', 'waive_asked'],
    'held',
    'settle',
  ],
  ['waived after the notice is told', [...noticed, 'waived'], 'waived', 'email'],
  ['waived before the notice is not written to', ['assessed', 'waived'], 'waived', null],
  ['paid gets a receipt', [...charging, 'paid'], 'paid', 'email'],
  ['paid after a waiver is recorded as paid', [...noticed, 'waived', 'paid'], 'paid', 'email'],
  ['waived but paid is given back', [...charging, 'waive_asked', 'paid'], 'paid', 'settle'],
  [
    'waived but paid is given back under a hold, too',
    [...charging, 'waive_asked', 'held', 'paid'],
    'paid',
    'settle',
  ],
  [
    'paid otherwise stops the card at Stripe first',
    [...charging, 'paid_otherwise_asked'],
    'charging',
    'settle',
  ],
  ['paid otherwise gets a receipt', [...noticed, 'paid_otherwise'], 'paid_otherwise', 'email'],
  ['paid otherwise is never charged', ['assessed', 'paid_otherwise'], 'paid_otherwise', 'email'],
  [
    'paid otherwise and by card gives the card back',
    [...charging, 'paid_otherwise_asked', 'paid'],
    'paid',
    'settle',
  ],
  [
    'the other payment stands once the card was given back',
    [...charging, 'paid_otherwise_asked', 'paid', 'refunded'],
    'paid',
    'settle',
  ],
  [
    'both are told: the refund first',
    [...charging, 'paid_otherwise_asked', 'paid', 'refunded', 'paid_otherwise'],
    'paid_otherwise',
    'email',
  ],
  ['a refund is followed', [...charging, 'paid', 'refund_asked'], 'paid', 'settle'],
  ['refunded is told', [...charging, 'paid', 'refund_asked', 'refunded'], 'refunded', 'email'],
  ['a dispute rests', [...charging, 'paid', 'disputed'], 'disputed', null],
  ['a dispute won is paid', [...charging, 'paid', 'disputed', 'dispute_closed'], 'paid', 'email'],
  [
    'a changed customer’s intent is canceled before anything else',
    [...prepared, 'customer_changed'],
    'approved',
    'settle',
  ],
  [
    'then a new notice goes out',
    [...prepared, 'customer_changed', 'intent_closed'],
    'approved',
    'notice',
  ],
  [
    'a changed customer without an intent gets a new notice',
    [...noticed, 'customer_changed'],
    'approved',
    'notice',
  ],
  [
    'a customer who comes back keeps the intent, and gets a new notice',
    [...prepared, 'customer_changed', backTo('cus_1')],
    'approved',
    'notice',
  ],
  [
    'the new notice allows a charge',
    [
      ...prepared,
      'customer_changed',
      'intent_closed',
      sample('noticed', { customer: 'cus_2' }),
      'intent_opened',
    ],
    'noticed',
    'charge',
  ],
  [
    'what the other customer’s card came to says nothing any more',
    [...charging, hard, 'customer_changed', 'intent_closed', 'noticed'],
    'noticed',
    'charge',
  ],
  [
    'no card of the other customer asks for none of this one',
    [...prepared, 'card_missing', 'customer_changed', 'intent_closed'],
    'approved',
    'notice',
  ],
  [
    'an attempt of the other customer is only asked about',
    [...charging, 'customer_changed'],
    'charging',
    'settle',
  ],
  ['a hold leaves the intent as it is', [...prepared, 'customer_changed', 'held'], 'held', null],
  [
    'given up stays so, whoever the customer is',
    [...charging, 'declined', 'gave_up', 'customer_changed'],
    'gave_up',
    'email',
  ],
  [
    'a notice that came back is struck from the intent first',
    [...prepared, 'notice_failed'],
    'notice_failed',
    'settle',
  ],
  ['then it rests', [...prepared, 'notice_failed', struck], 'notice_failed', null],
  [
    'one the intent does not tell of is not struck',
    [...noticed, 'intent_opened', 'notice_failed'],
    'notice_failed',
    null,
  ],
  [
    'the next notice takes its place there',
    [...prepared, 'notice_failed', 'retry_asked'],
    'approved',
    'notice',
  ],
  ['held after payment rests', [...charging, 'paid', 'held'], 'held', null],
];
const carrying = (amountCents: number) => sample('invoiced', { amountCents });
/** Where only what the practice was charged is passed on. */
const byInvoice: typeof table = [
  ['what is owed is approved without an invoice', ['assessed'], 'ready', null],
  ['and announced', ['assessed', 'approved'], 'approved', 'notice'],
  ['and then waits', noticed, 'noticed', null],
  ['until an invoice carries the fee', [...noticed, carrying(1950)], 'noticed', 'charge'],
  [
    'also one from before the notice',
    [...noticed.slice(0, 2), 'invoiced', 'noticed'],
    'noticed',
    'charge',
  ],
  ['more on the invoice is no more to pay', [...noticed, carrying(3900)], 'noticed', 'charge'],
  ['less than the fee is for a person', [...noticed, carrying(1949)], 'held', null],
  ['a credit takes it back', [...noticed, carrying(1950), carrying(0)], 'noticed', null],
  ['more credit than charges is nothing either', [...noticed, carrying(-1950)], 'noticed', null],
  [
    'a declined fee that was credited is not tried again',
    [...noticed, 'invoiced', 'intent_opened', 'attempted', 'declined', carrying(0)],
    'retrying',
    null,
  ],
  [
    'an attempt that was credited is only asked about',
    [...noticed, 'invoiced', 'intent_opened', 'attempted', carrying(0)],
    'charging',
    'settle',
  ],
  [
    'paid stays paid',
    [...noticed, 'invoiced', 'intent_opened', 'attempted', 'paid', carrying(0)],
    'paid',
    'email',
  ],
  [
    'what was withdrawn and owed again is invoiced still',
    ['assessed', 'invoiced', 'withdrawn', ...noticed],
    'noticed',
    'charge',
  ],
  ['waived needs no invoice', ['assessed', 'waived'], 'waived', null],
];

describe('next, where only what the practice was charged is passed on', () => {
  it.each(byInvoice)('%s', (_title, entries, state, step) => {
    const asked = next(lines(...entries), testPolicy({ passOn: 'invoice' }));
    expect(asked).toMatchObject({ state, step });
  });

  it('asks no invoice where evidence is enough', () => {
    expect(next(lines(...noticed, carrying(0)), policy)).toMatchObject({ step: 'charge' });
  });

  it('never charges without the whole fee on the invoices, whatever has happened', () => {
    const any = fc.array(fc.constantFrom(...KINDS, carrying(0), carrying(1949)), { maxLength: 12 });
    fc.assert(
      fc.property(any, (some) => {
        const kinds = some.filter((kind) => kind !== 'invoiced');
        const asked = next(
          lines('assessed', 'approved', 'noticed', ...kinds),
          testPolicy({ passOn: 'invoice' }),
        );
        expect(asked.step).not.toBe('charge');
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('next, rule by rule', () => {
  it.each(table)('%s', (_title, entries, state, step) => {
    expect(next(lines(...entries), policy)).toMatchObject({ state, step });
  });

  it('never writes again once told', () => {
    const told = sample('email_sent', { email: 'receipt', about: 6 });
    expect(next(lines(...charging, 'paid', told), policy)).toMatchObject({
      state: 'paid',
      step: null,
    });
  });

  it('never charges before the day the notice named, whoever asks', () => {
    const entries = lines(...charging, 'declined', 'retry_asked');
    const at = next(entries, policy).at;
    expect(at?.toISOString()).toBe('2026-01-30T15:00:00.000Z');
  });

  it('waits as long as the decline said', () => {
    expect(next(lines(...charging, 'declined'), policy).at?.toISOString()).toBe(
      '2026-02-02T15:00:00.000Z',
    );
  });

  it('waits before it tries again to cancel the other customer’s intent', () => {
    const unknown = sample('unknown', { about: 'cancel', look: 0 });
    const entries = lines(...prepared, 'customer_changed', unknown);
    const waits = (next(entries, policy).at?.getTime() ?? 0) - entries.at(-1)!.at.getTime();
    expect(waits).toBe(60_000);
    expect(next(entries.slice(0, -1), policy).at).toEqual(entries.at(-2)!.at);
  });

  it('widens the looks at an unknown outcome and goes on for ever', () => {
    const wait = (look: number) => {
      const entries = lines(...charging, sample('unknown', { look }));
      const at = next(entries, policy).at?.getTime() ?? 0;
      return at - (entries.at(-1)?.at.getTime() ?? 0);
    };
    expect([0, 1, 2, 7].map(wait)).toEqual([60_000, 3_600_000, 86_400_000, 86_400_000]);
  });
});

/** Any order of facts at all: the ledger must be able to hold what the world does. */
const anyStory = fc.array(
  fc.constantFrom(...KINDS).filter((kind) => kind !== 'withdrawn'),
  {
    maxLength: 14,
  },
);

describe('next, for any entries', () => {
  const after = (kinds: EntryKind[]) => lines('assessed', 'approved', 'noticed', ...kinds);

  it('always has a state, and a time exactly when there is a step', () => {
    fc.assert(
      fc.property(anyStory, (kinds) => {
        const what = next(after(kinds), policy);
        expect(FEE_STATUSES).toContain(what.state);
        expect(what.at === null).toBe(what.step === null);
        expect(what.why).not.toBe('');
      }),
    );
  });

  it('never asks for a charge once money was taken, and never without a standing notice', () => {
    fc.assert(
      fc.property(anyStory, (kinds) => {
        const what = next(after(kinds), policy);
        if (what.step !== 'charge') return;
        const since = kinds.lastIndexOf('attempted');
        const open = since >= 0 && !kinds.slice(since).some((kind) => CLOSES.has(kind));
        if (!open) expect(kinds).not.toContain('paid');
        if (open) return;
        if (kinds.includes('notice_failed'))
          expect(kinds.slice(kinds.lastIndexOf('notice_failed')).some(REARMS)).toBe(true);
        // Nor once the customer was another, before a notice to that one.
        if (kinds.includes('customer_changed'))
          expect(kinds.slice(kinds.lastIndexOf('customer_changed'))).toContain('noticed');
      }),
    );
  });

  it('never writes to somebody who owes nothing', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.constantFrom<EntryKind>('usage_checked', 'exempted', 'reopened', 'held', 'released'),
        ),
        (kinds) => {
          expect(['detect', null]).toContain(next(lines(...kinds), policy).step);
        },
      ),
    );
  });

  it('moves only whole amounts between two different accounts', () => {
    fc.assert(
      fc.property(fc.constantFrom(...KINDS), (kind) => {
        const moved = movement(sample(kind));
        if (!moved) return;
        expect(moved.amountCents).toBeGreaterThan(0);
        expect(moved.debit).not.toBe(moved.credit);
      }),
    );
  });
});

const CLOSES = new Set<EntryKind>(['declined', 'lapsed', 'paid']);
const REARMS = (kind: EntryKind) => kind === 'retry_asked' || kind === 'noticed';
