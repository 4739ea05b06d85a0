import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { STATES, type Kind, type NewEntry } from '../../core/fee.ts';
import { movement } from '../../core/money.ts';
import { next } from '../../core/next.ts';
import { KINDS, sample, story, testPolicy } from '../support/fees.ts';

const policy = testPolicy();

/** A fee's entries by kind; a tuple overrides the sample's data. */
type Line = Kind | NewEntry;
const lines = (...kinds: Line[]) =>
  story(kinds.map((kind) => (typeof kind === 'string' ? sample(kind) : kind)));

const noticed: Line[] = ['assessed', 'approved', 'noticed'];
const charging: Line[] = [...noticed, 'opened', 'attempted'];
const hard = sample('declined', { verdict: 'needs_card', retryAt: null, code: 'lost_card' });

const table: [title: string, entries: Line[], state: string, step: string | null][] = [
  ['a new fee is looked at', [], 'detecting', 'detect'],
  ['no use rests', ['looked'], 'no_use', null],
  ['use found later is looked at again', ['looked', 'reopened'], 'detecting', 'detect'],
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
  ['no card asks for one', ['assessed', 'approved', 'card_missing'], 'needs_card', 'letter'],
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
  ['a hard decline asks for another card', [...charging, hard], 'needs_card', 'letter'],
  ['another card is charged', [...charging, hard, 'card_updated'], 'retrying', 'charge'],
  ['a lapsed attempt is followed by another', [...charging, 'lapsed'], 'noticed', 'charge'],
  ['giving up is told', [...charging, 'declined', 'gave_up'], 'gave_up', 'letter'],
  [
    'a revived fee is tried again',
    [...charging, 'declined', 'gave_up', 'revived', 'retry_asked'],
    'retrying',
    'charge',
  ],
  ['held rests', [...noticed, 'held'], 'held', null],
  ['released goes on', [...noticed, 'held', 'released'], 'noticed', 'charge'],
  ['a waiver is settled at Stripe first', [...noticed, 'opened', 'waive_asked'], 'held', 'settle'],
  ['waived after the notice is told', [...noticed, 'waived'], 'waived', 'letter'],
  ['waived before the notice is not written to', ['assessed', 'waived'], 'waived', null],
  ['paid gets a receipt', [...charging, 'paid'], 'paid', 'letter'],
  ['paid after a waiver is recorded as paid', [...noticed, 'waived', 'paid'], 'paid', 'letter'],
  ['waived but paid is given back', [...charging, 'waive_asked', 'paid'], 'paid', 'settle'],
  [
    'waived but paid is given back under a hold, too',
    [...charging, 'waive_asked', 'held', 'paid'],
    'paid',
    'settle',
  ],
  ['a refund is followed', [...charging, 'paid', 'refund_asked'], 'paid', 'settle'],
  ['refunded is told', [...charging, 'paid', 'refund_asked', 'refunded'], 'refunded', 'letter'],
  ['a dispute rests', [...charging, 'paid', 'disputed'], 'disputed', null],
  ['a dispute won is paid', [...charging, 'paid', 'disputed', 'dispute_closed'], 'paid', 'letter'],
  ['held after payment rests', [...charging, 'paid', 'held'], 'held', null],
];
describe('next, rule by rule', () => {
  it.each(table)('%s', (_title, entries, state, step) => {
    expect(next(lines(...entries), policy)).toMatchObject({ state, step });
  });

  it('never writes again once told', () => {
    const told = sample('told', { letter: 'receipt', about: 6 });
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
  const after = (kinds: Kind[]) => lines('assessed', 'approved', 'noticed', ...kinds);

  it('always has a state, and a time exactly when there is a step', () => {
    fc.assert(
      fc.property(anyStory, (kinds) => {
        const what = next(after(kinds), policy);
        expect(STATES).toContain(what.state);
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
        if (!open && kinds.includes('notice_failed'))
          expect(kinds.slice(kinds.lastIndexOf('notice_failed')).some(REARMS)).toBe(true);
      }),
    );
  });

  it('never writes to somebody who owes nothing', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom<Kind>('looked', 'exempted', 'reopened', 'held', 'released')),
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

const CLOSES = new Set<Kind>(['declined', 'lapsed', 'paid']);
const REARMS = (kind: Kind) => kind === 'retry_asked' || kind === 'noticed';
