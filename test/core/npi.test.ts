import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isNpi } from '../../core/npi.ts';

describe('an NPI', () => {
  it('is ten digits with the right check digit', () => {
    // The example of the standard itself.
    expect(isNpi('1234567893')).toBe(true);
    for (const wrong of ['1234567890', '123456789', '12345678930', '3234567893', '', 'abcdefghij'])
      expect(isNpi(wrong), wrong).toBe(false);
  });

  it('is caught with any one digit wrong, and with any two neighbours swapped but 0 and 9', () => {
    const body = fc.integer({ min: 100_000_000, max: 299_999_999 }).map(String);
    fc.assert(
      fc.property(body, fc.nat(9), fc.nat(9), (nine, at, digit) => {
        const npi = [...'0123456789'].map((last) => nine + last).filter(isNpi);
        expect(npi).toHaveLength(1);
        const digits = [...npi[0]!];
        const changed = digits.with(at, String(digit)).join('');
        expect(isNpi(changed)).toBe(changed === npi[0]);
        const [a, b] = [digits[at], digits[(at + 1) % 10]];
        if (at === 9 || a === b || new Set([a, b, '0', '9']).size === 2) return;
        expect(
          isNpi(
            digits
              .with(at, b!)
              .with(at + 1, a!)
              .join(''),
          ),
        ).toBe(false);
      }),
    );
  });
});
