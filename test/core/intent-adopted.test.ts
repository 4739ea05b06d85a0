import { describe, expect, it } from 'vitest';
import {
  reconcileIntent,
  needsHistory,
  type IntentReading,
  type RefusedCharge,
} from '../../core/fee/intent.ts';
import type { Entry, EntryKind, NewEntry } from '../../core/fee/fee.ts';
import { fold } from '../../core/fee/fold.ts';
import { next } from '../../core/fee/next.ts';
import { reading, refusal } from '../support/bank.ts';
import { AMOUNT, sample, story, testPolicy } from '../support/fees.ts';

/** What an intent brings that another ledger, or a person in Stripe's dashboard, has worked on. */

const policy = testPolicy();
const AT = new Date('2026-03-01T15:00:00Z');

type Line = EntryKind | NewEntry;
const entriesOf = (lines: Line[]): Entry[] =>
  story(lines.map((line) => (typeof line === 'string' ? sample(line) : line)));
const feeOf = (lines: Line[]) => fold(entriesOf(lines));
const kindsOf = (entries: NewEntry[]) => entries.map(({ kind }) => kind);

const approved: Line[] = ['assessed', 'approved'];
const opened: Line[] = [...approved, 'noticed', 'intent_opened'];

/** The n-th refused charge of the intent: `ch_n`, on the n-th of February at 15:00. */
const met = (n: number, paymentMethod: string | null, code = 'insufficient_funds') =>
  ({
    ...refusal(code, { charge: `ch_${n}` }),
    paymentMethod,
    fingerprint: paymentMethod && `fp of ${paymentMethod}`,
    at: new Date(Date.UTC(2026, 1, n, 15)),
  }) satisfies RefusedCharge;

/** An intent that still waits after these refusals. */
const after = (...refusedBefore: RefusedCharge[]): IntentReading =>
  reading({
    charge: refusedBefore.at(-1)?.charge ?? null,
    refusal: refusedBefore.at(-1) ?? null,
    refusedBefore,
  });

/** What a reading adds, and the fee as it stands then. */
function adds(lines: Line[], read: IntentReading) {
  const more = reconcileIntent(feeOf(lines), read, AT, policy);
  const all = [...lines, ...more];
  return { more, fee: feeOf(all), next: next(entriesOf(all), policy), all };
}

describe('declines that another ledger met', () => {
  it('are taken over with everything the bank said, under numbers of their own', () => {
    const said = { adviceCode: 'try_again_later', networkAdviceCode: '02', sentToNetwork: false };
    const { more } = adds(approved, after({ ...met(3, 'pm_1', 'do_not_honor'), ...said }));
    expect(more).toEqual([
      {
        kind: 'declined',
        data: {
          ...said,
          attempt: 1,
          paymentMethod: 'pm_1',
          fingerprint: 'fp of pm_1',
          adopted: true,
          charge: 'ch_3',
          code: 'do_not_honor',
          verdict: 'retry',
          retryAt: '2026-02-06T15:00:00.000Z',
        },
      },
    ]);
  });

  it('climb the ladder card by card, each wait from its own decline', () => {
    const { more, fee } = adds(opened, after(met(1, 'pm_1'), met(4, 'pm_1'), met(9, 'pm_2')));
    expect(more.map(({ data }) => data)).toMatchObject([
      { attempt: 1, paymentMethod: 'pm_1', retryAt: '2026-02-04T15:00:00.000Z' },
      { attempt: 2, paymentMethod: 'pm_1', retryAt: '2026-02-09T15:00:00.000Z' },
      { attempt: 3, paymentMethod: 'pm_2', retryAt: '2026-02-12T15:00:00.000Z' },
    ]);
    expect(fee).toMatchObject({ attempts: 3, triedCard: 'pm_2' });
    expect(Object.fromEntries(fee.declinesByCard)).toEqual({ pm_1: 2, pm_2: 1 });
  });

  it('go on from what this ledger has tried itself', () => {
    const own: Line[] = [...opened, 'attempted', 'declined'];
    const { more } = adds(own, after(met(1, 'pm_1'), met(4, 'pm_1')));
    expect(more).toMatchObject([
      {
        kind: 'declined',
        data: { attempt: 2, charge: 'ch_4', retryAt: '2026-02-09T15:00:00.000Z' },
      },
    ]);
  });

  it('end the fee when they were the last tries, and what is owed is written off', () => {
    const four = [1, 4, 9, 16].map((day) => met(day, 'pm_1'));
    const { more, next: then } = adds(opened, after(...four));
    expect(kindsOf(more)).toEqual(['declined', 'declined', 'declined', 'declined', 'gave_up']);
    expect(more.at(-2)).toMatchObject({ data: { verdict: 'give_up', retryAt: null } });
    expect(more.at(-1)).toEqual(sample('gave_up', { amountCents: AMOUNT, why: '4 attempts' }));
    expect(then.state).toBe('gave_up');
  });

  it('give up no fee a second time', () => {
    const three: Line[] = [1, 2, 3].flatMap((attempt): Line[] => [
      sample('attempted', { attempt }),
      sample('declined', { attempt, charge: `ch_${attempt}` }),
    ]);
    const { more } = adds([...opened, ...three, 'gave_up'], after(met(4, 'pm_1')));
    expect(more).toMatchObject([{ kind: 'declined', data: { verdict: 'give_up' } }]);
  });

  it('do not end it when another card was tried after them', () => {
    const four = [1, 4, 9, 16].map((day) => met(day, 'pm_1'));
    const { more } = adds(opened, after(...four, met(20, 'pm_2')));
    expect(kindsOf(more)).not.toContain('gave_up');
    expect(more.at(-1)).toMatchObject({ data: { paymentMethod: 'pm_2', verdict: 'retry' } });
  });

  it('leave a code that nobody knows to a person, once', () => {
    const strange = after(met(1, 'pm_1', 'a_code_nobody_knows'));
    expect(kindsOf(adds(opened, strange).more)).toEqual(['declined', 'held']);
    expect(kindsOf(adds([...opened, 'held'], strange).more)).toEqual(['declined']);
  });

  it('hold nothing for a strange code after which the bank was clear', () => {
    const both = after(met(1, 'pm_1', 'a_code_nobody_knows'), met(2, 'pm_1'));
    expect(kindsOf(adds(opened, both).more)).toEqual(['declined', 'declined']);
  });

  it('keep a card that was refused for good from ever being tried', () => {
    const { fee, next: then } = adds(opened, after(met(1, 'pm_1', 'lost_card')));
    expect([...fee.refusedCards]).toEqual(['pm_1']);
    expect(then).toMatchObject({ state: 'needs_card', step: 'email' });
  });

  it('keep it so also when another card was tried since', () => {
    const both = after(met(1, 'pm_1', 'stolen_card'), met(2, 'pm_2'));
    const { fee, next: then } = adds(opened, both);
    expect([...fee.refusedCards]).toEqual(['pm_1']);
    expect(then).toMatchObject({ state: 'retrying', step: 'charge' });
  });

  it('are counted though Stripe does not name the card, and refuse none', () => {
    const { more, fee } = adds(opened, after(met(1, null, 'lost_card')));
    expect(more).toMatchObject([{ data: { paymentMethod: null, verdict: 'needs_card' } }]);
    expect(fee.refusedCards.size).toBe(0);
    expect(fee.declined?.verdict).toBe('needs_card');
  });

  it.each<[string, Line[]]>([
    ['nobody owes', ['usage_checked']],
    ['was waived', [...opened, 'waived']],
  ])('of a fee that %s lead to nothing', (_what, lines) => {
    expect(adds(lines, after(met(1, 'pm_1'))).more).toEqual([]);
  });

  it('without a charge at Stripe are none', () => {
    expect(adds(opened, after({ ...met(1, 'pm_1'), charge: null })).more).toEqual([]);
  });

  it('are taken over also from an intent that was canceled since', () => {
    const gone = { ...after(met(1, 'pm_1', 'lost_card')), status: 'canceled' as const };
    expect(kindsOf(adds(opened, gone).more)).toEqual(['declined']);
  });
});

describe('a payment that another ledger made', () => {
  const paidAfter = (...refusedBefore: RefusedCharge[]) =>
    reading({ status: 'succeeded', charge: 'ch_99', refusedBefore });

  it('is taken over with the declines before it, which ask for nothing any more', () => {
    const four = [1, 4, 9, 16].map((day) => met(day, 'pm_1', 'a_code_nobody_knows'));
    const { more, fee } = adds(approved, paidAfter(...four, met(20, 'pm_2')));
    expect(kindsOf(more)).toEqual([...Array<string>(5).fill('declined'), 'paid']);
    expect(more.at(-1)).toMatchObject({ data: { attempt: null, charge: 'ch_99' } });
    expect(fee).toMatchObject({ paidCents: AMOUNT, gaveUp: null, held: null });
  });

  it('takes up a fee that was given up here', () => {
    const { more } = adds([...opened, 'attempted', 'declined', 'gave_up'], paidAfter());
    expect(kindsOf(more)).toEqual(['revived', 'paid']);
  });
});

const HISTORIES: [what: string, read: IntentReading][] = [
  ['nothing', reading()],
  ['one decline', after(met(1, 'pm_1'))],
  ['declines of two cards', after(met(1, 'pm_1'), met(2, 'pm_2', 'lost_card'))],
  ['the last try', after(...[1, 4, 9, 16].map((day) => met(day, 'pm_1')))],
  ['a strange code', after(met(1, 'pm_1', 'a_code_nobody_knows'))],
  [
    'a payment after declines, refunded and disputed',
    reading({
      ...{ status: 'succeeded', charge: 'ch_9', refusedBefore: [met(1, 'pm_1')] },
      refunds: [{ refund: 're_1', amountCents: 500, status: 'succeeded' }],
      dispute: { dispute: 'dp_1', amountCents: AMOUNT, status: 'won', why: 'x' },
    }),
  ],
];

describe.each<[string, Line[]]>([
  ['an approved', approved],
  ['a noticed', opened],
  ['a tried', [...opened, 'attempted', 'lapsed']],
])('taken over twice by %s fee', (_which, lines) => {
  it.each(HISTORIES)('%s adds nothing the second time', (_what, read) => {
    const { all } = adds(lines, read);
    expect(adds(all, read).more).toEqual([]);
  });
});

describe('whether an intent’s refused charges must be asked for', () => {
  const paid = reading({ status: 'succeeded', charge: 'ch_9' });
  const table: [what: string, lines: Line[], read: IntentReading, must: boolean][] = [
    ['not while there was none', opened, reading(), false],
    ['for a charge that is news', opened, after(met(9, 'pm_1')), true],
    [
      'not for the one that is known',
      [...opened, 'attempted', 'declined'],
      after(met(1, 'pm_1')),
      false,
    ],
    [
      'not while an attempt waits for its own decline',
      [...opened, 'attempted'],
      after(met(9, 'pm_1')),
      false,
    ],
    ['for a payment that is news', opened, paid, true],
    ['for one while an attempt has no answer', [...opened, 'attempted'], paid, true],
    [
      'not for a payment that is known',
      [...opened, 'attempted', sample('paid', { charge: 'ch_9' })],
      paid,
      false,
    ],
    [
      'for the news of an intent that was canceled',
      opened,
      { ...after(met(9, 'pm_1')), status: 'canceled' },
      true,
    ],
  ];
  it.each(table)('%s', (_what, lines, read, must) => {
    expect(needsHistory(feeOf(lines), read)).toBe(must);
  });
});
