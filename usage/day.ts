import { isDigit } from './cpt.ts';

/** The first day of Excel's calendar, with its invented 29 February 1900 allowed for. */
const EXCEL_EPOCH_MS = Date.UTC(1899, 11, 30);
const DAY_MS = 86_400_000;
/** Days between Excel's two calendars, the second of which begins in 1904. */
const EPOCH_1904_DAYS = 1462;
/** Serial days read as dates: 1954-10-03 to 2119-01-10. Smaller and larger are other numbers. */
const SERIAL_MIN = 20_000;
const SERIAL_MAX = 80_000;

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

/**
 * The calendar day (YYYY-MM-DD) a value starts with: ISO, US order (3/14/2023, 3-14-23), compact
 * (20230314), with a month's name, each with or without a time behind it; null if none.
 */
export function day(value: string): string | null {
  const text = value.trim();
  if (text === '') return null;
  return isDigit(text.charCodeAt(0)) ? numericDay(text) : namedDay(text);
}

/** How the dates of one table are written. */
export interface Dating {
  /** 3/2/2026 is the third of February. */
  dayFirst: boolean;
  /** The workbook counts its days from 1904. */
  epoch1904: boolean;
}

/** Like `day`, and a plain number is an Excel serial date (45000, 45000.5). For date columns. */
export function dayOrSerial(value: string, { dayFirst, epoch1904 }: Dating): string | null {
  const found = (dayFirst ? dayFirstDay(value) : null) ?? day(value);
  return found ?? serialDay(value, epoch1904 ? EPOCH_1904_DAYS : 0);
}

/**
 * Whether these dates have the day before the month: one of them can be read in no other way, and
 * none in that way only. Undecided, dates with dots do, as nobody writes them who begins with the
 * month.
 */
export function isDayFirst(values: string[]): boolean {
  let only = 0;
  let dots = 0;
  for (const value of values) {
    const parts = numbersOf(value);
    if (!parts) continue;
    if (parts.second > 12 && parts.first <= 12) return false;
    if (parts.first > 12 && parts.second <= 12) only++;
    if (parts.gap === '.') dots++;
  }
  return only > 0 || dots > 0;
}

/** YYYY-MM-DD from CCYYMMDD or CCYYMMDD-CCYYMMDD or CCYYMMDDHHMM (X12 D8, RD8, DT), else null. */
export function compactDay(value: string): string | null {
  if (value.length < 8) return null;
  for (let i = 0; i < 8; i++) if (!isDigit(value.charCodeAt(i))) return null;
  return calendarDay(+value.slice(0, 4), +value.slice(4, 6), +value.slice(6, 8));
}

function serialDay(value: string, shift: number): string | null {
  const number = Number(value.trim() || Number.NaN);
  if (!(number >= SERIAL_MIN && number <= SERIAL_MAX)) return null;
  return new Date(EXCEL_EPOCH_MS + (Math.floor(number) + shift) * DAY_MS)
    .toISOString()
    .slice(0, 10);
}

function numericDay(text: string): string | null {
  const first = number(text, 0);
  if (first.end >= 8) return compactDay(text);
  const gap = text.charAt(first.end);
  if (gap !== '/' && gap !== '-' && gap !== '.' && gap !== ' ') return null;
  const second = number(text, first.end + 1);
  if (second.end === first.end + 1) return dayThenMonthName(text, first.value, first.end + 1);
  if (gap === ' ' || text.charAt(second.end) !== gap) return null;
  const third = number(text, second.end + 1);
  const digits = third.end - second.end - 1;
  if (first.end === 4) {
    return digits === 0 || digits > 2 ? null : calendarDay(first.value, second.value, third.value);
  }
  if (digits !== 2 && digits !== 4) return null;
  const year = century(third.value, digits);
  // A thirteenth month is a day in a file that begins with it.
  if (first.value > 12) return calendarDay(year, second.value, first.value);
  return calendarDay(year, first.value, second.value);
}

function dayFirstDay(value: string): string | null {
  const parts = numbersOf(value);
  return parts && calendarDay(parts.year, parts.second, parts.first);
}

/** The three numbers of 3/2/2026, 3-2-26 or 3.2.2026; null for other forms. */
function numbersOf(value: string) {
  const match = /^\s*(\d{1,2})([./-])(\d{1,2})\2(\d{4}|\d\d)(?!\d)/.exec(value);
  if (!match) return null;
  const [, first, gap, second, year = ''] = match;
  return {
    first: Number(first),
    second: Number(second),
    year: century(Number(year), year.length),
    gap,
  };
}

function dayThenMonthName(text: string, dayOfMonth: number, from: number): string | null {
  const month = monthAt(text, from);
  if (!month) return null;
  const year = number(text, skipToDigit(text, from + 3, 8));
  return calendarDay(century(year.value, year.length), month, dayOfMonth);
}

function namedDay(text: string): string | null {
  // "Tue, Mar 14, 2023": a weekday's name may stand first.
  let at = 0;
  if (!monthAt(text, 0)) {
    const space = text.indexOf(' ');
    if (space < 0 || space > 10) return null;
    at = space + 1;
    if (isDigit(text.charCodeAt(at))) return numericDay(text.slice(at));
  }
  const month = monthAt(text, at);
  if (!month) return null;
  const dayOfMonth = number(text, skipToDigit(text, at + 3, 8));
  if (dayOfMonth.length === 0 || dayOfMonth.length > 2) return null;
  const year = number(text, skipToDigit(text, dayOfMonth.end, 4));
  return calendarDay(century(year.value, year.length), month, dayOfMonth.value);
}

function monthAt(text: string, from: number): number {
  return MONTHS.indexOf(text.slice(from, from + 3).toLowerCase()) + 1;
}

function skipToDigit(text: string, from: number, most: number): number {
  let at = from;
  while (at < from + most && at < text.length && !isDigit(text.charCodeAt(at))) at++;
  return at;
}

function number(text: string, from: number): { value: number; end: number; length: number } {
  let end = from;
  let value = 0;
  while (end < text.length && end - from < 15 && isDigit(text.charCodeAt(end))) {
    value = value * 10 + text.charCodeAt(end) - 48;
    end++;
  }
  return { value, end, length: end - from };
}

/** Two-digit years are of this century up to 69, as in POSIX. */
function century(year: number, digits: number): number {
  if (digits !== 2) return year;
  return year < 69 ? 2000 + year : 1900 + year;
}

function calendarDay(year: number, month: number, dayOfMonth: number): string | null {
  if (year < 1900 || year > 2199 || month < 1 || month > 12) return null;
  if (dayOfMonth < 1 || dayOfMonth > daysIn(year, month)) return null;
  return `${year}-${month < 10 ? '0' : ''}${month}-${dayOfMonth < 10 ? '0' : ''}${dayOfMonth}`;
}

function daysIn(year: number, month: number): number {
  if (month !== 2) return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
}
