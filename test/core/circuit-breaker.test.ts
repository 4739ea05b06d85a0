import { describe, expect, it } from 'vitest';
import {
  chargePermission,
  describeResumption,
  type ChargeRecord,
} from '../../core/circuit-breaker.ts';
import { DAY_MS } from '../../core/policy.ts';
import { testPolicy } from '../support/fees.ts';

const at = (minute: number) => new Date(Date.UTC(2026, 0, 30, 15, minute));

const policy = testPolicy({
  canaryFees: 5,
  canaryWaitMs: 15 * 60_000,
  unknownMax: 3,
  unknownShareMax: 0.02,
  declineSample: 10,
  declineShareMax: 0.4,
});

/** Half an hour in: the first five were tried, one was declined, the last answer came at 2. */
function standing(changes: Partial<ChargeRecord> = {}): ChargeRecord {
  return {
    policy,
    now: at(30),
    since: at(0),
    resumed: false,
    checkedAt: at(20),
    clearedAt: null,
    canary: { tried: 5, open: 0, paid: 4, answeredAt: at(2) },
    adopted: false,
    unknown: { now: 0, attempts: 0 },
    lately: { tried: 5, declined: 1 },
    ...changes,
  };
}

const first = (changes: Partial<ChargeRecord['canary']>) => ({ ...standing().canary, ...changes });
const untried = first({ tried: 0, paid: 0, answeredAt: null });
const unknown = (now: number, attempts = 0) => ({ unknown: { now, attempts } });
/** A day, and some minutes more, after the assessment was opened. */
const nextDay = (minute: number) => new Date(at(minute).getTime() + DAY_MS);

describe('caution', () => {
  const table: [title: string, changes: Partial<ChargeRecord>, charge: string][] = [
    ['begins with a check', { canary: untried, checkedAt: null }, 'check'],
    [
      'begins with no check from before it was opened',
      { canary: untried, checkedAt: at(-1) },
      'check',
    ],
    ['begins with a few after the check', { canary: untried, checkedAt: at(1) }, 'canary'],
    [
      'relies on a check of the last day',
      { canary: untried, now: nextDay(30), checkedAt: at(31) },
      'canary',
    ],
    ['relies on no older one', { canary: untried, now: nextDay(30), checkedAt: at(29) }, 'check'],
    [
      'relies on the check it began with while it goes on',
      { canary: first({ tried: 4 }), now: nextDay(30), checkedAt: at(1) },
      'canary',
    ],
    ['waits for all of the few to be answered', { canary: first({ open: 1 }) }, 'wait'],
    ['leaves them alone for a while', { now: at(16), checkedAt: at(15) }, 'wait'],
    ['asks for a check when the while is over', { checkedAt: null }, 'check'],
    ['asks again when the check was made before', { checkedAt: at(16) }, 'check'],
    ['lets the rest go after the check', {}, 'all'],
    ['stays open once it was cleared', { clearedAt: at(20), canary: first({ open: 2 }) }, 'all'],
    ['proves what it skips after a resume', { resumed: true, checkedAt: null }, 'check'],
    [
      'begins with a few again after that',
      { resumed: true, checkedAt: at(1), canary: untried },
      'canary',
    ],
    [
      'relies after a resume on the check made after it, however old',
      { resumed: true, now: nextDay(30), checkedAt: at(1), canary: untried },
      'canary',
    ],
    ['bears as many unknown outcomes as allowed', unknown(3), 'all'],
    ['pauses at one more', unknown(4), 'pause'],
    ['allows no fewer where few were attempted', unknown(3, 10), 'all'],
    ['allows a share of many attempts', unknown(20, 1_000), 'all'],
    ['pauses at one more than the share', unknown(21, 1_000), 'pause'],
    ['counts a part of an attempt as none', unknown(4, 199), 'pause'],
    ['counts whole attempts', unknown(4, 200), 'all'],
    ['bears declines while they are few', { lately: { tried: 9, declined: 9 } }, 'all'],
    ['bears declines up to their share', { lately: { tried: 10, declined: 4 } }, 'all'],
    ['pauses at a greater share', { lately: { tried: 10, declined: 5 } }, 'pause'],
    ['pauses when none of the first is paid', { canary: first({ paid: 0 }) }, 'pause'],
    ['waits while that may change', { canary: first({ paid: 0, open: 1 }) }, 'wait'],
    [
      'goes on when a payment was taken over from Stripe instead',
      { canary: first({ paid: 0 }), adopted: true },
      'all',
    ],
  ];
  it.each(table)('%s', (_title, changes, charge) => {
    expect(chargePermission(standing(changes)).charge).toBe(charge);
  });

  it('can be switched off, but for the check at the beginning and the pauses', () => {
    const off = { policy: { ...policy, canaryFees: 0 }, canary: untried };
    for (const resumed of [false, true]) {
      const judged = (changes: Partial<ChargeRecord>) =>
        chargePermission(standing({ ...off, resumed, ...changes })).charge;
      expect(judged({ checkedAt: null })).toBe('check');
      expect(judged({ checkedAt: at(1) })).toBe('all');
      expect(judged({ checkedAt: at(1), ...unknown(9) })).toBe('pause');
    }
  });

  it('waits less in a rehearsal, as its days are shorter', () => {
    const rehearsal = { ...policy, dayMs: DAY_MS / 1_000 };
    expect(chargePermission(standing({ now: at(16), checkedAt: at(15) })).charge).toBe('wait');
    const same = { policy: rehearsal, now: at(16), checkedAt: at(15) };
    expect(chargePermission(standing(same)).charge).toBe('all');
  });

  it('says in plain words why it paused', () => {
    const why = (changes: Partial<ChargeRecord>) => {
      const judged = chargePermission(standing(changes));
      return 'why' in judged ? judged.why : '';
    };
    expect(why(unknown(4))).toContain(
      'The outcome of 4 attempts is not known, more than the 3 allowed',
    );
    expect(why(unknown(21, 1_000))).toContain('more than the 20 allowed');
    expect(why({ lately: { tried: 10, declined: 5 } })).toContain(
      '5 of the last 10 first tries were declined, more than the 40 % allowed',
    );
    expect(why({ canary: first({ paid: 0 }) })).toContain('None of the first 5 charges was paid');
  });
});

it('a resume says what it skips and what it goes on with', () => {
  const told = describeResumption({ paid: 3, paidCents: 5850, settled: 1, asked: 2, toCharge: 4 });
  expect(told).toContain('3 fees are paid ($58.50) and 1 are settled otherwise');
  expect(told).toContain('4 fees are still to be charged');
});
