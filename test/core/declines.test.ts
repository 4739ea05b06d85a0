import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NETWORK_BUDGETS, remedy, UNSPOKEN } from '../../core/fee/declines.ts';
import { testPolicy } from '../support/fees.ts';

const of = (code: string, adviceCode: string | null = null, network: string | null = null) =>
  remedy({ code, adviceCode, networkAdviceCode: network });

describe('what a decline asks for', () => {
  it.each([
    ['money of the moment', 'later', 'insufficient_funds card_velocity_exceeded'],
    ['a technical fault', 'soon', 'processing_error issuer_not_available try_again_later'],
    ['no reason given', 'later', 'generic_decline do_not_honor call_issuer card_declined'],
    [
      'data that cannot be right',
      'card',
      'expired_card incorrect_cvc invalid_number incorrect_zip',
    ],
    ['the cardholder in person', 'card', 'authentication_required'],
    [
      'a card that must not be tried again',
      'card',
      'lost_card stolen_card pickup_card transaction_not_allowed revocation_of_authorization ' +
        'revocation_of_all_authorizations stop_payment_order highest_risk_level incorrect_number',
    ],
    ['a person who looks', 'look', 'duplicate_transaction testmode_decline invalid_amount'],
  ])('%s: %s', (_what, wanted, codes) => {
    for (const code of codes.split(' ')) expect([code, of(code)]).toEqual([code, wanted]);
  });

  it('is decided by the issuer’s advice before all else', () => {
    expect(of('insufficient_funds', 'do_not_try_again')).toBe('card');
    expect(of('insufficient_funds', 'confirm_card_data')).toBe('card');
    expect(of('lost_card', 'try_again_later')).toBe('later');
    expect(of('do_not_honor', 'do_not_try_again', '02')).toBe('card');
  });

  it('is decided by the network’s advice before the code', () => {
    expect(of('insufficient_funds', null, '03')).toBe('card');
    expect(of('do_not_honor', null, '21')).toBe('card');
    expect(of('expired_card', null, '02')).toBe('later');
  });

  it('falls back where an advice is not known to us', () => {
    expect(of('insufficient_funds', 'advice_of_2030', '99')).toBe('later');
    expect(of('lost_card', '', '')).toBe('card');
  });

  it('is a person’s look for any code we do not know, whatever it is', () => {
    fc.assert(
      fc.property(fc.string(), (code) => {
        expect(of(`unknown ${code}`)).toBe('look');
        expect(of(`unknown ${code}`, `advice ${code}`, `network ${code}`)).toBe('look');
      }),
    );
    for (const name of ['constructor', 'toString', '__proto__', 'hasOwnProperty', ''])
      expect(of(name, name, name)).toBe('look');
  });
});

describe('what is never said to a cardholder', () => {
  it('is every reason that suspects somebody, and each asks for another card', () => {
    for (const code of ['lost_card', 'stolen_card', 'pickup_card', 'fraudulent'])
      expect(UNSPOKEN).toContain(code);
    for (const code of UNSPOKEN) expect(of(code)).toBe('card');
  });
});

describe('the networks’ limits', () => {
  it('leave room for the whole ladder of a card, twice', () => {
    for (const { declines } of NETWORK_BUDGETS)
      expect(declines).toBeGreaterThanOrEqual(2 * testPolicy().attemptsMax);
  });

  it('each name their source', () => {
    for (const { source } of NETWORK_BUDGETS) expect(source).toMatch(/(Visa|Mastercard).*20\d\d/);
  });
});
