import { isDigit, isLetter } from './cpt.ts';
import type { Reader, Sink } from './finding.ts';
import { type Line, type Mention, mentionsIn } from './mentions.ts';
import { createNoteContext } from './note-context.ts';
import type { CellScanner } from './rows.ts';

/** Characters of a line that may tell what a number in it is, to its left and to its right. */
const LEFT = 240;
const RIGHT = 160;
/** Characters of a long line looked at in one go. */
const SPAN = 240;
/** Text kept behind the reading position: the head of a note, for its clinician and date. */
const KEEP = 8192;
const PAGE_BREAK = 12;
/** Lines above, and their length, in which a heading may stand. */
const ABOVE_LINES = 10;
const ABOVE_CHARS = 1000;

/**
 * Reads free text: progress notes, superbills, ledgers. With `lines`, every line is a record of
 * its own; without, lines belong to notes whose clinician and date stand in their heads.
 */
export function createTextReader(sink: Sink, lines: boolean): Reader {
  let buffer = '';
  /** Everything before has been looked at. */
  let at = 0;
  let lineFrom = 0;
  let line = 1;
  let pendingReturn = false;
  const context = createNoteContext(sink, lines);

  function read(atEnd: boolean): void {
    const limit = atEnd ? buffer.length : buffer.length - (LEFT + SPAN + RIGHT);
    while (at < limit) {
      const char = buffer.charCodeAt(at);
      if (char > 57) at++;
      else if (char >= 48) {
        const end = triggerEnd(buffer, at);
        if (end > 0) look();
        else at = -end;
      } else {
        at++;
        if (char === 10) {
          line++;
          lineFrom = at;
          if (isRule(buffer, at)) context.rule(buffer, at);
        } else if (char === PAGE_BREAK) context.rule(buffer, at);
      }
    }
  }

  /** A number that may be a code stands at `at`: judges this stretch of the line. */
  function look(): void {
    const end = lineEnd(buffer, at, at + SPAN + RIGHT);
    const short = end - lineFrom <= LEFT + SPAN;
    const to = short ? end : wordEnd(buffer, Math.min(end, at + SPAN));
    const contextFrom = short ? lineFrom : wordStart(buffer, Math.max(lineFrom, at - LEFT));
    const stretch: Line = {
      text: buffer,
      from: at,
      to,
      contextFrom,
      contextTo: Math.min(end, to + RIGHT),
      above: () => (lines ? [] : linesAbove(buffer, lineFrom)),
      record: () => buffer.slice(Math.max(lines ? lineFrom : 0, at - KEEP), end),
    };
    for (const mention of mentionsIn(stretch)) context.found(mention, line, buffer, lineFrom, end);
    at = to;
  }

  return {
    write(text) {
      let piece = pendingReturn ? `\r${text}` : text;
      pendingReturn = piece.endsWith('\r');
      if (pendingReturn) piece = piece.slice(0, -1);
      if (piece.includes('\r')) piece = piece.replaceAll('\r\n', '\n').replaceAll('\r', '\n');
      buffer += piece;
      read(false);
      const cut = Math.max(0, Math.min(at, buffer.length) - KEEP);
      if (cut < KEEP) return;
      context.forget(buffer, cut);
      buffer = buffer.slice(cut);
      at -= cut;
      lineFrom = Math.max(0, lineFrom - cut);
    },
    end() {
      read(true);
      context.end(buffer);
    },
    records: () => line,
  };
}

/** Scans one cell of a table for mentions; the row knows clinician and date. */
export const scanCell: CellScanner = (text) => {
  const found: ReturnType<CellScanner> = [];
  const above: string[] = [];
  for (const part of text.split('\n')) {
    for (const { code, modifiers, certainty, rule } of mentionsInLine(part, above, text))
      found.push({ code, modifiers, certainty, rule });
    above.unshift(part);
  }
  return found;
};

/** The mentions of one short line; `above` are the lines before it, nearest first. */
export function mentionsInLine(text: string, above: string[], record: string): Mention[] {
  if (!mayHoldCode(text)) return [];
  const to = text.length;
  return mentionsIn({
    text,
    from: 0,
    to,
    contextFrom: 0,
    contextTo: to,
    above: () => above,
    record: () => record,
  });
}

function mayHoldCode(text: string): boolean {
  for (let at = 0; at < text.length;) {
    if (!isDigit(text.charCodeAt(at))) at++;
    else {
      const end = triggerEnd(text, at);
      if (end > 0) return true;
      at = -end;
    }
  }
  return false;
}

/** Letters that end a code of four digits, and letters a scanner makes of digits. */
const SUFFIXES = new Set([...'FTUMAftuma'].map((letter) => letter.charCodeAt(0)));
const MISREAD = new Set([...'OolIiSsBbZz'].map((letter) => letter.charCodeAt(0)));

/**
 * The end of the digits at `at` if they may be a code: five of them, four and a letter, or a
 * pattern as scanners leave it. Otherwise the negative of where to read on.
 */
function triggerEnd(text: string, at: number): number {
  let end = at + 1;
  while (isDigit(text.charCodeAt(end))) end++;
  const digits = end - at;
  if (digits > 5 || isDigit(text.charCodeAt(at - 1))) return -end;
  if (digits === 5) return end;
  const next = text.charCodeAt(end);
  if (digits === 4 && (SUFFIXES.has(next) || MISREAD.has(next))) return end;
  const after = text.charCodeAt(end + 1);
  if (next === 32 && isDigit(after) && digits < 5 && joinsToFive(text, at)) return end;
  if (
    MISREAD.has(next) &&
    (isDigit(after) || MISREAD.has(after)) &&
    !isLetter(text.charCodeAt(at - 1))
  )
    return end;
  return -end;
}

/** Groups of digits with single spaces between them that make five: `9 0 8 3 7`, `90 834`. */
function joinsToFive(text: string, at: number): boolean {
  let digits = 0;
  let i = at;
  for (; digits < 6; i++) {
    if (isDigit(text.charCodeAt(i))) digits++;
    else if (text.charCodeAt(i) !== 32 || !isDigit(text.charCodeAt(i + 1))) break;
  }
  return digits === 5;
}

/** Three dashes or the like at the start of a line: a rule between notes. */
function isRule(text: string, at: number): boolean {
  const char = text.charCodeAt(at);
  if (char !== 45 && char !== 61 && char !== 42 && char !== 95) return false;
  return text.charCodeAt(at + 1) === char && text.charCodeAt(at + 2) === char;
}

function lineEnd(text: string, from: number, most: number): number {
  const end = Math.min(most, text.length);
  for (let i = from; i < end; i++) if (text.charCodeAt(i) === 10) return i;
  return end;
}

function wordStart(text: string, from: number): number {
  let at = from;
  while (at > 0 && at > from - 20 && text.charCodeAt(at - 1) > 32) at--;
  return at;
}

/** Past the word `at` stands in, so that no number is cut in two. */
function wordEnd(text: string, at: number): number {
  let end = at;
  while (end < at + 20 && (isDigit(text.charCodeAt(end)) || isLetter(text.charCodeAt(end)))) end++;
  return end;
}

function linesAbove(text: string, lineFrom: number): string[] {
  const from = Math.max(0, lineFrom - ABOVE_CHARS);
  if (lineFrom <= from) return [];
  return text
    .slice(from, lineFrom - 1)
    .split('\n')
    .reverse()
    .slice(0, ABOVE_LINES);
}
