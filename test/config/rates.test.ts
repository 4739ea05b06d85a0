import { describe, expect, it } from 'vitest';
import { POLICY } from '../../config/policy.ts';
import { FREE_VENDORS, RATES, VENDORS } from '../../config/rates.ts';

const theranest = RATES.filter(({ vendor }) => vendor === 'theranest');

describe('the rates that ship', () => {
  it('are the published royalties with a dollar for processing', () => {
    const known = theranest.filter(({ status }) => status === 'confirmed');
    expect(known.map(({ year, royaltyCents }) => [year, royaltyCents])).toEqual([
      [2021, 1700],
      [2022, 1700],
      [2023, 1750],
      [2024, 1800],
      [2025, 1850],
      [2026, 1850],
    ]);
    expect(new Set(theranest.map(({ processingCents }) => processingCents))).toEqual(
      new Set([100]),
    );
  });

  it('come to $18.50 in 2023', () => {
    const of2023 = theranest.find(({ year }) => year === 2023)!;
    expect(of2023.royaltyCents + of2023.processingCents).toBe(1850);
  });

  it('call a year nobody has published a forecast', () => {
    const forecasts = RATES.filter(({ status }) => status === 'forecast');
    expect(forecasts).toMatchObject([{ vendor: 'theranest', year: 2027, royaltyCents: 1900 }]);
  });

  it('all say where they are known from, once per vendor and year', () => {
    for (const { source } of [...RATES, ...VENDORS]) expect(source.length).toBeGreaterThan(10);
    expect(new Set(RATES.map(({ vendor, year }) => `${vendor} ${year}`)).size).toBe(RATES.length);
    const levying = VENDORS.filter(({ levies }) => levies).map(({ vendor }) => vendor);
    for (const { vendor } of RATES) expect(levying).toContain(vendor);
  });

  it('offer a move to vendors that do not levy', () => {
    expect(FREE_VENDORS).toEqual(['TherapyNotes']);
  });
});

describe('the policy that ships', () => {
  it('tries a card four times within fifteen days', () => {
    expect(POLICY.attemptsMax).toBe(POLICY.retryDays.length + 1);
    expect(POLICY.retryDays.reduce((sum, days) => sum + days, 0)).toBe(15);
  });

  it('gives two weeks of notice, in days of the calendar', () => {
    expect(POLICY).toMatchObject({ noticeDays: 14, dayMs: 86_400_000, chargeHour: 10 });
  });
});
