import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FEE_STATUSES } from '../../core/fee/fee.ts';
import { EVERY_FEE, parseWhere, whereOf, type FeeSelection } from '../../core/fee/selection.ts';

const ASSESSMENT = '00000000-0000-4000-8000-0000000000a1';

describe('a selection of fees', () => {
  it('is read from conditions joined with “and”', () => {
    expect(
      parseWhere(
        ` state=needs_card,gave_up and decline=expired_card AND year=2026 and vendor=theranest ` +
          `and assessment=${ASSESSMENT} and days>=30 and text="O'Neil, jr" `,
      ),
    ).toEqual({
      assessmentId: ASSESSMENT,
      vendor: 'theranest',
      year: 2026,
      states: ['needs_card', 'gave_up'],
      declines: ['expired_card'],
      minDays: 30,
      text: `O'Neil, jr`,
    });
  });

  it.each([
    ['', /Say which fees/],
    ['failed', /not a condition/],
    ['state=needs_card year=2026', /does not follow/],
    ['state=needs_card and', /does not follow/],
    ['state=broke', /no state “broke”/],
    ['state=paid and state=held', /twice/],
    ['days=30', /days>=30/],
    ['year>=2026', /year=/],
    ['year=26', /no year/],
    ['days>=soon', /no number of days/],
    ['assessment=1', /no id/],
    ['text=" "', /empty/],
    ['decline=a;b', /no decline code/],
    ['colour=red', /no condition “colour”/],
    [`text="unclosed`, /not a condition/],
    [`state=paid; drop table fees`, /no state|not follow/],
  ])('says what is wrong with %j', (where, mistake) => {
    const parsed = parseWhere(where);
    expect('mistake' in parsed && parsed.mistake).toMatch(mistake);
  });

  it('is written so that it is read again as it was', () => {
    const text = fc
      .string({ minLength: 1, maxLength: 30 })
      .map((one) => one.replaceAll('"', '').trim())
      .filter((one) => one !== '');
    const selections: fc.Arbitrary<FeeSelection> = fc.record({
      assessmentId: fc.constantFrom(null, ASSESSMENT),
      vendor: fc.constantFrom(null, 'theranest', 'simple-practice_2'),
      year: fc.option(fc.integer({ min: 2000, max: 2099 })),
      states: fc.uniqueArray(fc.constantFrom(...FEE_STATUSES), { maxLength: 4 }),
      declines: fc.uniqueArray(fc.constantFrom('expired_card', 'lost_card'), { maxLength: 2 }),
      minDays: fc.option(fc.nat(9_999)),
      text: fc.option(text),
    });
    fc.assert(
      fc.property(selections, (selection) => {
        const where = whereOf(selection);
        expect(where === '' ? EVERY_FEE : parseWhere(where)).toEqual(selection);
      }),
    );
  });
});
