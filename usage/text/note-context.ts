import { isLetter, isDigit } from '../cpt.ts';
import { day } from '../day.ts';
import { createFinder } from './finder.ts';
import type { Clinician, Finding, Sink } from '../finding.ts';
import type { Mention } from './mentions.ts';
import { firstLine, labelAt, nameAt, npiAt } from './note-labels.ts';

/** How far before a mention a note's head may stand, and behind it the signature. In characters. */
const BEFORE = 8192;
const BEHIND = 4096;
const SIGNED = 'igned by ';
/** A label that returns after this much text opens another note. */
const HEAD_MAX = 300;

interface Head {
  name: string | null;
  npi: string | null;
  serviceDate: string | null;
  date: string | null;
}

interface Waiting {
  finding: Finding;
  /** Absolute position in the text. */
  at: number;
  done: boolean;
}

/**
 * Knows whose note a mention stands in, and of which day: from the labels in the note's head, or
 * from the signature at its end. Labels are only looked for where there is a mention. Positions
 * in `buffer` move when text is forgotten; inside, all positions are absolute.
 */
export function createNoteContext(sink: Sink, lines: boolean) {
  let base = 0;
  /** Labels have been looked for up to here. */
  let scanned = 0;
  let lastRule = -1;
  const labels = createFinder(':');
  const signatures = createFinder(SIGNED);
  let head: Head = empty();
  let seen = new Map<string, number>();
  let waiting: Waiting[] = [];

  function reset(): void {
    head = empty();
    seen = new Map();
  }

  /** Takes in labels, and signatures where one is awaited, up to the absolute position `to`. */
  function scan(buffer: string, to: number): void {
    let at = scanned;
    if (to <= at) return;
    for (;;) {
      const colon = labels.next(buffer, base, at);
      const sign = isAwaited() ? signatures.next(buffer, base, at) : Number.POSITIVE_INFINITY;
      at = Math.min(colon, sign);
      if (at >= to) break;
      if (at === sign) signed(buffer, at - base);
      else label(buffer, at - base);
      at++;
    }
    scanned = to;
  }

  function isAwaited(): boolean {
    return waiting.some((one) => !one.done);
  }

  /** Another note begins at `at`. */
  function apart(at: number): void {
    settle(at);
    reset();
  }

  function signed(buffer: string, at: number): void {
    const cosigned = buffer
      .slice(Math.max(0, at - 4), at)
      .toLowerCase()
      .replace('-', '');
    if (!cosigned.endsWith('cos')) signature(nameAt(buffer, at + SIGNED.length), base + at);
  }

  function label(buffer: string, colon: number): void {
    const found = labelAt(buffer, colon);
    if (!found) return;
    const at = base + colon;
    const { type, value } = found;
    if (type === 'signature') {
      if (value !== null) signature(value, at);
      return;
    }
    const before = seen.get(type);
    if (before !== undefined && at - before > HEAD_MAX) apart(at);
    seen.set(type, at);
    if (type === 'clinician' && value !== null) {
      head.name = value;
      head.npi = npiBehind(buffer, colon) ?? head.npi;
      complete(at);
    } else if (type === 'npi' && value !== null) {
      head.npi = value;
      complete(at);
    } else if (type === 'service_date') head.serviceDate = value ?? head.serviceDate;
    else if (type === 'date') head.date ??= value;
  }

  /** A clinician named below the mention, as forms do that put the head at the foot. */
  function complete(at: number): void {
    for (const one of waiting)
      if (!one.done && at - one.at <= BEHIND) one.finding.clinician = clinician(head);
  }

  function signature(name: string | null, at: number): void {
    if (name === null) return;
    for (const one of waiting) {
      if (one.done || at - one.at > BEHIND) continue;
      one.finding.clinician = { ...one.finding.clinician, name };
      one.done = true;
    }
    settle(at - BEHIND);
  }

  /** Mentions before `at` wait no longer. */
  function settle(at: number): void {
    for (const one of waiting) if (one.at < at) one.done = true;
    release();
  }

  function release(): void {
    let count = 0;
    while (count < waiting.length && waiting[count]!.done) count++;
    for (const one of waiting.slice(0, count)) sink(one.finding);
    waiting = waiting.slice(count);
  }

  return {
    /** A rule or a page break at `at` in the buffer sets two notes apart. */
    rule(buffer: string, at: number): void {
      lastRule = base + at;
      if (waiting.length === 0) return;
      scan(buffer, lastRule);
      apart(lastRule);
    },
    /** A mention on the line buffer[lineFrom, lineEnd). */
    found(mention: Mention, line: number, buffer: string, lineFrom: number, lineEnd: number): void {
      const at = base + mention.start;
      const from = Math.max(lines ? base + lineFrom : at - BEFORE, lastRule);
      if (from > scanned) {
        // What was known is of another record, or of a note too far back.
        apart(at);
        scanned = Math.max(from, base);
      }
      scan(buffer, Math.max(scanned, base + lineEnd));
      settle(at - BEHIND);
      const date =
        dateBeside(buffer, mention.start, lineFrom, lineEnd) ?? head.serviceDate ?? head.date;
      const who = clinician(head);
      const { code, modifiers, certainty, rule } = mention;
      const kind = mention.billing ? 'billing' : 'progress_note';
      const where = { line };
      waiting.push({
        finding: {
          type: 'finding',
          code,
          modifiers,
          kind,
          clinician: who,
          date,
          where,
          certainty,
          rule,
        },
        at,
        done: lines || who.name !== null,
      });
      release();
    },
    /** The first `cut` characters of the buffer are about to go. */
    forget(buffer: string, cut: number): void {
      if (waiting.length > 0) scan(buffer, Math.max(scanned, base + cut));
      base += cut;
    },
    end(buffer: string): void {
      if (waiting.length > 0) scan(buffer, base + buffer.length);
      settle(Number.POSITIVE_INFINITY);
    },
  };
}

function empty(): Head {
  return { name: null, npi: null, serviceDate: null, date: null };
}

function clinician(head: Head): Clinician {
  return { npi: head.npi, name: head.name, id: null };
}

/** "Clinician: Dana Whitlock, LMFT   NPI 2000000010" */
function npiBehind(text: string, from: number): string | null {
  const line = firstLine(text.slice(from, from + 120));
  const at = line.indexOf('NPI');
  return at < 0 ? null : npiAt(line, at + 3);
}

/** The service date on the mention's own line: right before it, or behind "DOS" or "on". */
function dateBeside(text: string, at: number, lineFrom: number, lineEnd: number): string | null {
  const from = Math.max(lineFrom, at - 60);
  for (let i = at - 1; i >= from; i--) {
    if (!isDigit(text.charCodeAt(i)) || startsInside(text, i, lineFrom)) continue;
    const found = slashed(text, i, at);
    if (found) return isServiceDate(text, i, lineFrom) ? found : null;
  }
  const tail = text.slice(at, Math.min(lineEnd, at + 60));
  for (const word of [' on ', 'DOS ', 'DOS: ', 'dos ']) {
    const found = tail.indexOf(word);
    const value = found < 0 ? null : day(tail.slice(found + word.length, found + word.length + 12));
    if (value) return value;
  }
  return null;
}

function startsInside(text: string, i: number, lineFrom: number): boolean {
  if (i === lineFrom) return false;
  const before = text.charCodeAt(i - 1);
  return isDigit(before) || isLetter(before) || before === 47 || before === 45 || before === 46;
}

/** A date with separators at `i` that ends before `to`. */
function slashed(text: string, i: number, to: number): string | null {
  let end = i;
  while (end < to && end - i < 11 && isDateChar(text.charCodeAt(end))) end++;
  return end - i >= 6 && !/^\d+$/.test(text.slice(i, end)) ? day(text.slice(i, end)) : null;
}

function isDateChar(char: number): boolean {
  return isDigit(char) || char === 47 || char === 45 || char === 46;
}

const NOT_SERVICE = ['dob', 'birth', 'born', 'next', 'appt', 'signed', 'due', 'paid', 'expires'];

function isServiceDate(text: string, i: number, lineFrom: number): boolean {
  const before = text.slice(Math.max(lineFrom, i - 16), i).toLowerCase();
  return !NOT_SERVICE.some((word) => before.includes(word));
}
