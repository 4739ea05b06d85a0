import { describe, expect, it } from 'vitest';
import type { IntentReading } from '../../core/fee/intent.ts';
import { existingIntent, type Existing } from '../../core/fee/existing-intent.ts';
import { reading } from '../support/bank.ts';

type Status = IntentReading['status'];

/** An intent by its number, newest last in time; `for`: why it was canceled. */
function one(id: string, status: Status, changes: Partial<IntentReading> = {}): IntentReading {
  return reading({ intent: id, status, ...(status === 'succeeded' && PAID), ...changes });
}
const PAID = { charge: 'ch_1' };
const canceled = (id: string, canceledFor: string | null) => one(id, 'canceled', { canceledFor });

/** What was found, in short: `nothing` with the number of canceled ones, else with the intent. */
function told(existing: Existing): string {
  if (existing.found === 'nothing') return `nothing ${existing.canceled}`;
  if (existing.found === 'conflict') return 'conflict';
  return `${existing.found} ${existing.reading.intent}`;
}

/** Newest first, as Stripe lists them. */
const look = (intents: IntentReading[], ofOtherFees: string[] = [], closed: string[] = []) =>
  existingIntent({ closedIntents: new Set(closed) }, intents, {
    amountCents: 1950,
    ofOtherFees: new Set(ofOtherFees),
  });

const CASES: [what: string, intents: IntentReading[], found: string][] = [
  ['nothing at all', [], 'nothing 0'],
  ['one that waits', [one('pi_1', 'waiting')], 'intent pi_1'],
  ['one that is being processed', [one('pi_1', 'processing')], 'intent pi_1'],
  ['one that is paid', [one('pi_1', 'succeeded')], 'intent pi_1'],
  [
    'one of another ledger’s fee that is paid',
    [one('pi_1', 'succeeded', { feeId: 'fee_of_a_lost_ledger' })],
    'intent pi_1',
  ],
  [
    'a paid one before one that waits, however old',
    [one('pi_2', 'waiting'), one('pi_1', 'succeeded')],
    'intent pi_1',
  ],
  [
    'the first of two that are paid',
    [one('pi_2', 'succeeded'), one('pi_1', 'succeeded')],
    'intent pi_1',
  ],
  ['the newest of two that wait', [one('pi_2', 'waiting'), one('pi_1', 'waiting')], 'intent pi_2'],
  [
    'a paid one of another amount',
    [one('pi_1', 'succeeded', { amountCents: 1900 })],
    'intent pi_1',
  ],
  [
    'one that waits for another amount',
    [one('pi_1', 'waiting', { amountCents: 1900 })],
    'conflict',
  ],
  ['a duplicate that was canceled', [canceled('pi_1', 'duplicate')], 'nothing 1'],
  ['a customer’s that was abandoned', [canceled('pi_1', 'abandoned')], 'nothing 1'],
  ['a waived one', [canceled('pi_1', 'requested_by_customer')], 'canceled pi_1'],
  ['one canceled in the dashboard, for no reason', [canceled('pi_1', null)], 'canceled pi_1'],
  ['one canceled as fraudulent', [canceled('pi_1', 'fraudulent')], 'canceled pi_1'],
  [
    'several that made room',
    [canceled('pi_3', 'abandoned'), canceled('pi_2', 'duplicate'), canceled('pi_1', 'duplicate')],
    'nothing 3',
  ],
  [
    'one that waits beside one that was waived',
    [one('pi_2', 'waiting'), canceled('pi_1', 'requested_by_customer')],
    'intent pi_2',
  ],
  [
    'a waived one among those that made room',
    [canceled('pi_2', 'abandoned'), canceled('pi_1', 'requested_by_customer')],
    'canceled pi_1',
  ],
];

describe('what Stripe has for a person and a year', () => {
  it.each(CASES)('%s', (_what, intents, found) => {
    expect(told(look(intents))).toBe(found);
  });

  it('canceled by this ledger, for whatever reason, is no question any more', () => {
    const intents = [canceled('pi_1', 'requested_by_customer'), canceled('pi_0', null)];
    expect(told(look(intents, [], ['pi_1', 'pi_0']))).toBe('nothing 2');
    expect(told(look(intents, [], ['pi_1']))).toBe('canceled pi_0');
  });
});

describe('an intent that is another fee’s of this ledger', () => {
  it.each<Status>(['waiting', 'processing', 'succeeded'])(
    'and %s stops this fee: one person is charged once a year',
    (status) => {
      const found = look([one('pi_2', 'waiting'), one('pi_1', status)], ['pi_1']);
      expect(found).toMatchObject({ found: 'conflict', why: expect.stringContaining('pi_1') });
    },
  );

  it('and canceled counts for nothing, nor for the key of the next', () => {
    const theirs = canceled('pi_1', 'requested_by_customer');
    expect(told(look([theirs], ['pi_1']))).toBe('nothing 0');
    expect(told(look([one('pi_2', 'waiting'), theirs], ['pi_1']))).toBe('intent pi_2');
  });
});
