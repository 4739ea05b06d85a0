import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { calendarDay, chargeFrom, daysLater } from '../../core/calendar.ts';
import { DAY_MS } from '../../core/policy.ts';
import { testPolicy } from '../support/fees.ts';
import { anyInstant, anyZone } from '../support/instants.ts';

const NEW_YORK = 'America/New_York';
const SANTIAGO = 'America/Santiago';

describe('the first moment a noticed fee may be charged', () => {
  const table: [what: string, at: string, from: string, zone?: string, days?: number][] = [
    // By day, 14 days later at 10:00.
    ['a notice in the morning', '2026-01-16T13:00:00Z', '2026-01-30T15:00:00Z'],
    ['a notice exactly at the charge hour', '2026-01-16T15:00:00Z', '2026-01-30T15:00:00Z'],
    ['a notice a moment after the hour', '2026-01-16T15:00:00.001Z', '2026-01-31T15:00:00Z'],
    ['a notice at 23:59', '2026-01-17T04:59:59Z', '2026-01-31T15:00:00Z'],
    ['a notice at midnight', '2026-01-17T05:00:00Z', '2026-01-31T15:00:00Z'],
    // The clocks change in between: 10:00 stays 10:00.
    ['a notice before summer time', '2026-03-01T14:00:00Z', '2026-03-15T14:00:00Z'],
    ['a notice before winter time', '2026-10-25T13:00:00Z', '2026-11-08T15:00:00Z'],
    ['the last day of summer time', '2026-10-18T13:00:00Z', '2026-11-01T15:00:00Z'],
    ['a notice in the hour shown twice', '2026-11-01T05:30:00Z', '2026-11-15T15:00:00Z'],
    ['a notice in that hour once more', '2026-11-01T06:30:00Z', '2026-11-15T15:00:00Z'],
    // South of the equator: Chile leaves summer time on 5 April and returns on 6 September.
    ['a notice before winter in Chile', '2026-03-25T12:00:00Z', '2026-04-08T14:00:00Z', SANTIAGO],
    ['a notice before summer in Chile', '2026-08-28T13:00:00Z', '2026-09-11T13:00:00Z', SANTIAGO],
    // The calendar's own corners.
    ['a leap day is a day', '2028-02-20T14:00:00Z', '2028-03-05T15:00:00Z'],
    ['no leap day in 2027', '2027-02-20T14:00:00Z', '2027-03-06T15:00:00Z'],
    ['a notice on a leap day', '2028-02-29T14:00:00Z', '2028-03-14T14:00:00Z'],
    ['the year turns', '2026-12-25T14:00:00Z', '2027-01-08T15:00:00Z'],
    [
      'no days at all still waits for the hour',
      '2026-01-16T16:00:00Z',
      '2026-01-17T15:00:00Z',
      NEW_YORK,
      0,
    ],
  ];
  it.each(table)('%s', (_what, at, from, timeZone = NEW_YORK, noticeDays = 14) => {
    const found = chargeFrom(new Date(at), testPolicy({ timeZone, noticeDays }));
    expect(found.toISOString()).toBe(new Date(from).toISOString());
  });

  it('comes after the skipped hour when that is the charge hour', () => {
    const policy = testPolicy({ chargeHour: 2, noticeDays: 7 });
    const from = chargeFrom(new Date('2026-03-01T06:30:00Z'), policy);
    expect(from.toISOString()).toBe('2026-03-08T07:00:00.000Z');
    expect(hourOf(from, NEW_YORK)).toBe(3);
  });

  it('is the later of the two when the charge hour is shown twice', () => {
    const policy = testPolicy({ chargeHour: 1, noticeDays: 7 });
    const from = chargeFrom(new Date('2026-10-25T04:30:00Z'), policy);
    expect(from.toISOString()).toBe('2026-11-01T06:00:00.000Z');
  });

  it('waits a day more when the notice ends in the skipped hour, after the charge hour', () => {
    // 01:30 is skipped in London on 29 March: the notice is over at 02:30, past the charge hour.
    const policy = testPolicy({ timeZone: 'Europe/London', chargeHour: 2, noticeDays: 7 });
    const from = chargeFrom(new Date('2026-03-22T01:30:00Z'), policy);
    expect(from.toISOString()).toBe('2026-03-30T01:00:00.000Z');
  });

  it('never comes before the notice is over', () => {
    fc.assert(
      fc.property(anyInstant, anyPolicy, (at, changes) => {
        const policy = testPolicy(changes);
        const over = daysLater(at, policy.noticeDays, policy);
        expect(chargeFrom(at, policy).getTime()).toBeGreaterThanOrEqual(over.getTime());
      }),
      { numRuns: 1_000 },
    );
  });

  it('counts in rehearsal days, at any hour, when a day is not a real one', () => {
    const policy = testPolicy({ dayMs: 1_000, noticeDays: 14 });
    const from = chargeFrom(new Date('2026-03-08T06:59:59.500Z'), policy);
    expect(from.toISOString()).toBe('2026-03-08T07:00:13.500Z');
  });

  const anyPolicy = fc.record({
    timeZone: anyZone,
    noticeDays: fc.integer({ min: 0, max: 60 }),
    chargeHour: fc.integer({ min: 0, max: 23 }),
  });

  it('is never fewer than the notice days by the calendar on the wall', () => {
    fc.assert(
      fc.property(anyInstant, anyPolicy, (at, changes) => {
        const from = chargeFrom(at, testPolicy(changes));
        const { timeZone, noticeDays } = changes;
        const days = daysBetween(calendarDay(at, timeZone), calendarDay(from, timeZone));
        expect(days).toBeGreaterThanOrEqual(noticeDays);
        expect(days).toBeLessThanOrEqual(noticeDays + 1);
        if (days === noticeDays) expect(timeOf(from, timeZone) >= timeOf(at, timeZone)).toBe(true);
      }),
    );
  });

  it('is never more than a clock change short of as many days of 24 hours', () => {
    fc.assert(
      fc.property(anyInstant, anyPolicy, (at, changes) => {
        const from = chargeFrom(at, testPolicy(changes));
        const elapsed = from.getTime() - at.getTime();
        expect(elapsed).toBeGreaterThanOrEqual(changes.noticeDays * DAY_MS - 3_600_000);
      }),
    );
  });

  it('is always at the charge hour, or where the clock jumps over it, right after', () => {
    fc.assert(
      fc.property(anyInstant, anyPolicy, (at, changes) => {
        const from = chargeFrom(at, testPolicy(changes));
        const { timeZone, chargeHour } = changes;
        const hour = hourOf(from, timeZone);
        if (hour !== chargeHour) {
          expect(hour).toBe(chargeHour + 1);
          expect(hourOf(new Date(from.getTime() - 1), timeZone)).toBe((chargeHour + 23) % 24);
        }
        expect(from.getUTCSeconds() + from.getUTCMilliseconds()).toBe(0);
      }),
    );
  });

  it('never comes earlier for a notice that came later', () => {
    // By more than the hour that some walls show twice.
    const later = fc.integer({ min: 3_600_001, max: 2 * DAY_MS });
    fc.assert(
      fc.property(anyInstant, later, anyPolicy, (at, ms, changes) => {
        const policy = testPolicy(changes);
        const second = chargeFrom(new Date(at.getTime() + ms), policy);
        expect(second.getTime()).toBeGreaterThanOrEqual(chargeFrom(at, policy).getTime());
      }),
    );
  });
});

describe('days later', () => {
  it('is the same time on the wall, whatever the clocks did', () => {
    const policy = testPolicy();
    const over = (at: string, days: number) => daysLater(new Date(at), days, policy).toISOString();
    expect(over('2026-03-07T15:00:00Z', 3)).toBe('2026-03-10T14:00:00.000Z');
    expect(over('2026-10-31T14:00:00Z', 3)).toBe('2026-11-03T15:00:00.000Z');
    expect(over('2028-02-28T15:00:00Z', 2)).toBe('2028-03-01T15:00:00.000Z');
    expect(over('2026-12-31T15:00:00.250Z', 5)).toBe('2027-01-05T15:00:00.250Z');
  });

  it('is after as many rehearsal days as asked', () => {
    const at = new Date('2026-03-08T06:59:59Z');
    const later = daysLater(at, 3, testPolicy({ dayMs: 100 }));
    expect(later.getTime() - at.getTime()).toBe(300);
  });

  it('lands on the day that many days ahead, in every zone', () => {
    fc.assert(
      fc.property(anyInstant, anyZone, fc.integer({ min: 0, max: 400 }), (at, timeZone, days) => {
        const later = daysLater(at, days, testPolicy({ timeZone }));
        expect(daysBetween(calendarDay(at, timeZone), calendarDay(later, timeZone))).toBe(days);
      }),
    );
  });
});

describe('the calendar day', () => {
  it.each([
    ['2026-01-01T04:59:59Z', NEW_YORK, '2025-12-31'],
    ['2026-01-01T05:00:00Z', NEW_YORK, '2026-01-01'],
    ['2026-06-30T10:00:00Z', 'Pacific/Kiritimati', '2026-07-01'],
    ['2026-07-01T10:00:00Z', 'Pacific/Honolulu', '2026-07-01'],
    ['2028-02-29T12:00:00Z', 'UTC', '2028-02-29'],
  ])('of %s in %s is %s', (at, zone, day) => {
    expect(calendarDay(new Date(at), zone)).toBe(day);
  });
});

function timeOf(at: Date, timeZone: string): string {
  const shown = at.toLocaleTimeString('en-US', { timeZone, hourCycle: 'h23' });
  return `${shown}.${String(at.getUTCMilliseconds()).padStart(3, '0')}`;
}

function hourOf(at: Date, timeZone: string): number {
  return Number(timeOf(at, timeZone).slice(0, 2));
}

function daysBetween(from: string, to: string): number {
  return (Date.parse(to) - Date.parse(from)) / DAY_MS;
}
