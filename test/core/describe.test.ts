import { describe, expect, it } from 'vitest';
import { inWords } from '../../core/fee/code-words.ts';
import { UNSPOKEN } from '../../core/fee/declines.ts';
import { describeEntry } from '../../core/fee/describe.ts';
import { KINDS, sample, story } from '../support/fees.ts';

const one = (...args: Parameters<typeof sample>) => story([sample(...args)])[0]!;

describe('an entry told', () => {
  it.each(KINDS)('of the kind %s is a whole sentence', (kind) => {
    const sentence = describeEntry(one(kind));
    expect(sentence).toMatch(/^[A-Z$].*\.$/);
    expect(sentence).not.toMatch(/undefined|null|NaN|\[object|\.\./);
  });

  it('says amounts in dollars and days in the zone of the calendar', () => {
    const noticed = one('noticed', { chargeFrom: '2026-01-30T03:00:00.000Z' });
    expect(describeEntry(noticed, { timeZone: 'America/New_York' })).toBe(
      'The notice was accepted by the mail server: $19.50 from the visa ending in 4242, ' +
        'not before 2026-01-29.',
    );
  });

  it('says of a notice found at Stripe when it was accepted, and that it stands', () => {
    const adopted = one('noticed', { adopted: '2026-01-10T03:00:00.000Z' });
    expect(describeEntry(adopted, { timeZone: 'America/New_York' })).toBe(
      'The intent at Stripe tells of a notice accepted on 2026-01-09; it stands: ' +
        '$19.50 from the visa ending in 4242, not before 2026-01-30.',
    );
  });

  it('says to whom a changed customer is of use, and that nobody is charged unannounced', () => {
    const changed = one('customer_changed', { customer: 'cus_7' });
    const end = 'nothing is charged before a new notice.';
    expect(describeEntry(changed)).toBe(`The roster names another Stripe customer (cus_7): ${end}`);
    for (const [entry, audience] of [
      [changed, 'clinician'],
      [one('customer_changed', { customer: null }), 'operator'],
    ] as const)
      expect(describeEntry(entry, { audience })).toBe(
        `The roster names another Stripe customer: ${end}`,
      );
  });

  it('says what Stripe was told about the notice', () => {
    expect(describeEntry(one('notice_recorded'))).toContain(
      'Stripe was told that the notice was accepted',
    );
    expect(describeEntry(one('notice_recorded', { notice: null }))).toBe(
      'Stripe was told that the notice does not stand.',
    );
  });

  it('says which intent was canceled, and to a clinician only that one was', () => {
    expect(describeEntry(one('intent_closed'))).toBe(
      'The prepared payment pi_1 was canceled at Stripe: the customer changed.',
    );
    expect(describeEntry(one('intent_closed'), { audience: 'clinician' })).toBe(
      'The prepared payment was canceled.',
    );
  });

  it('says of a payment that no attempt of this ledger made it', () => {
    expect(describeEntry(one('paid', { attempt: null }))).toBe(
      '$19.50 were paid outside this ledger (at Stripe: ch_2).',
    );
  });

  it('says when a card is tried again', () => {
    expect(describeEntry(one('declined'), { timeZone: 'America/New_York' })).toBe(
      'Attempt 1 was declined (there was not enough money); ' +
        'it is tried again from 2026-02-02 10:00 EST.',
    );
  });

  it('never tells a clinician why the bank distrusts the card, and tells the operator', () => {
    for (const code of UNSPOKEN) {
      const declined = one('declined', { code, adviceCode: 'do_not_try_again' });
      const spoken = describeEntry(declined, { audience: 'clinician' });
      expect(spoken).not.toContain(inWords(code));
      expect(spoken).not.toContain(inWords('do_not_try_again'));
      expect(describeEntry(declined)).toContain(inWords(code));
    }
  });

  it('keeps ids of Stripe from clinicians', () => {
    for (const kind of KINDS)
      expect(describeEntry(one(kind), { audience: 'clinician' })).not.toMatch(
        /\b(pi|ch|re|dp|pm|cus)_/,
      );
  });
});
