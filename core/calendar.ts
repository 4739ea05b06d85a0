import { DAY_MS, type Policy } from './policy.ts';

/**
 * The first moment at which a fee noticed at `noticedAt` may be charged: the same wall-clock time
 * `noticeDays` calendar days later in the policy's zone, then the next charge hour. In a rehearsal
 * (`dayMs` is not a real day): `noticeDays` times `dayMs` later.
 */
export function chargeFrom(noticedAt: Date, policy: Policy): Date {
  if (policy.dayMs !== DAY_MS)
    return new Date(noticedAt.getTime() + policy.noticeDays * policy.dayMs);
  // Read the wall clock again: summer time may skip the computed time, and the clock then shows a
  // later one. The charge hour must be found from that later time.
  const noticeOver = daysLater(noticedAt, policy.noticeDays, policy);
  const earliest = wallClock(noticeOver, policy.timeZone);
  let hour = Math.floor(earliest / DAY_MS) * DAY_MS + policy.chargeHour * 3_600_000;
  if (hour < earliest) hour += DAY_MS;
  return fromWallClock(hour, policy.timeZone);
}

/** `days` policy days after `at`: calendar days at the same wall-clock time, or rehearsal days. */
export function daysLater(at: Date, days: number, policy: Policy): Date {
  if (policy.dayMs !== DAY_MS) return new Date(at.getTime() + days * policy.dayMs);
  return fromWallClock(wallClock(at, policy.timeZone) + days * DAY_MS, policy.timeZone);
}

/** The calendar day of an instant in a zone, YYYY-MM-DD. */
export function calendarDay(at: Date, timeZone: string): string {
  return new Date(wallClock(at, timeZone)).toISOString().slice(0, 10);
}

/** The zone's wall clock at an instant, in ms as if it were UTC. */
function wallClock(at: Date, timeZone: string): number {
  const parts = new Map(
    formatter(timeZone)
      .formatToParts(at)
      .map((part) => [part.type, Number(part.value)]),
  );
  const field = (name: Intl.DateTimeFormatPartTypes) => parts.get(name) ?? 0;
  return Date.UTC(
    field('year'),
    field('month') - 1,
    field('day'),
    field('hour'),
    field('minute'),
    field('second'),
    at.getUTCMilliseconds(),
  );
}

/**
 * The instant at which the zone's clock shows `wall`. If summer time skips that time, the instant
 * is later by the skipped hour; if the clock shows it twice, the later instant: never too early.
 */
function fromWallClock(wall: number, timeZone: string): Date {
  const offsetAt = (instant: number) => wallClock(new Date(instant), timeZone) - instant;
  const guesses = [offsetAt(wall - DAY_MS), offsetAt(wall + DAY_MS)].map((offset) => wall - offset);
  const exact = guesses.filter((guess) => guess + offsetAt(guess) === wall);
  return new Date(Math.max(...(exact.length > 0 ? exact : guesses)));
}

const formatters = new Map<string, Intl.DateTimeFormat>();

function formatter(timeZone: string): Intl.DateTimeFormat {
  let found = formatters.get(timeZone);
  if (!found) {
    found = new Intl.DateTimeFormat('en-US', {
      timeZone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
    formatters.set(timeZone, found);
  }
  return found;
}
