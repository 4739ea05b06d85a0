import type { Reader, Sink } from '../finding.ts';
import { createFinder } from './finder.ts';
import { type Line, type Mention, mentionsIn } from './mentions.ts';
import { createNoteContext } from './note-context.ts';
import type { CellScanner } from '../table/rows.ts';
import { bytesOf, createByteView, isLabelled, nextTrigger } from './triggers.ts';

/** Characters of a line that may tell what a number in it is, to its left and to its right. */
const LEFT = 240;
const RIGHT = 160;
/** Characters of a long line looked at in one go. */
const SPAN = 240;
/** Characters held back until more have arrived, so that a look to the right never falls short. */
const HOLD = LEFT + SPAN + RIGHT;
/** Text kept behind the reading position: the head of a note, for its clinician and date. */
const KEEP = 8192;
/** Lines above, and their length, in which a heading may stand. */
const ABOVE_LINES = 10;
const ABOVE_CHARS = 1000;

/**
 * Reads free text: progress notes, superbills, ledgers. With `lines`, every line is a record of
 * its own; without, lines belong to notes whose clinician and date stand in their heads.
 */
export function createTextReader(sink: Sink, lines: boolean): Reader {
  let buffer = '';
  const view = createByteView();
  let bytes = view.of('');
  /** Where the buffer begins in the text. All other positions are places in the buffer. */
  let base = 0;
  /** Everything before has been looked at. */
  let at = 0;
  let lineFrom = 0;
  let line = 1;
  let pendingReturn = false;
  const feeds = createFinder('\n');
  const context = createNoteContext(sink, lines);
  // Made once: a stretch asks for them only when nothing nearer tells.
  let lineTo = 0;
  const above = () => (lines ? [] : linesAbove(buffer, lineFrom));
  const record = () => buffer.slice(Math.max(lines ? lineFrom : 0, at - KEEP), lineTo);

  function read(atEnd: boolean): void {
    const limit = atEnd ? buffer.length : buffer.length - HOLD;
    while (at < limit) {
      at = nextTrigger(bytes, at, limit);
      if (at < limit) look();
    }
  }

  /**
   * Counts lines up to `position`, and notices the rules that set notes apart. Returns where its
   * line ends.
   */
  function walkTo(position: number): number {
    for (;;) {
      const feed = feeds.next(buffer, base, base + lineFrom) - base;
      if (feed >= position) return feed;
      line++;
      lineFrom = feed + 1;
      if (isRule(buffer, lineFrom)) context.rule(buffer, lineFrom);
    }
  }

  /** A number that may be a code stands at `at`: judges this stretch of the line. */
  function look(): void {
    const feed = walkTo(at);
    if (isLabelled(buffer, at, lineFrom)) {
      at += 5;
      return;
    }
    const end = Math.min(feed, at + SPAN + RIGHT);
    const short = end - lineFrom <= LEFT + SPAN;
    const to = short ? end : wordEnd(buffer, Math.min(end, at + SPAN));
    const contextFrom = short ? lineFrom : wordStart(buffer, Math.max(lineFrom, at - LEFT));
    lineTo = end;
    const stretch: Line = {
      text: buffer,
      from: at,
      to,
      contextFrom,
      contextTo: Math.min(end, to + RIGHT),
      above,
      record,
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
      bytes = view.of(buffer);
      read(false);
      const cut = Math.min(at, buffer.length) - KEEP;
      if (cut < KEEP) return;
      walkTo(Math.min(at, buffer.length));
      context.forget(buffer, cut);
      buffer = buffer.slice(cut);
      base += cut;
      at -= cut;
      lineFrom = Math.max(0, lineFrom - cut);
    },
    end() {
      read(true);
      walkTo(buffer.length);
      context.end(buffer);
    },
    records: () => (lineFrom >= buffer.length ? line - 1 : line),
  };
}

/** Finds the mentions in one cell of a table; the row knows clinician and date. */
export const scanCell: CellScanner = (text) => {
  if (!mayHoldCode(text)) return [];
  const found: ReturnType<CellScanner> = [];
  const above: string[] = [];
  for (const part of text.split('\n')) {
    for (const { code, modifiers, certainty, rule } of mentionsInLine(part, above, text))
      found.push({ code, modifiers, certainty, rule });
    above.unshift(part);
  }
  return found;
};

function mentionsInLine(text: string, above: string[], record: string): Mention[] {
  const to = text.length;
  if (!mayHoldCode(text)) return [];
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
  return text.length >= 5 && nextTrigger(bytesOf(text), 0, text.length) < text.length;
}

/** Three dashes or the like, or a page break, at the start of a line: another note begins. */
function isRule(text: string, at: number): boolean {
  const char = text.charCodeAt(at);
  if (char === PAGE_BREAK) return true;
  if (char !== 45 && char !== 61 && char !== 42 && char !== 95) return false;
  return text.charCodeAt(at + 1) === char && text.charCodeAt(at + 2) === char;
}

const PAGE_BREAK = 12;

function wordStart(text: string, from: number): number {
  let at = from;
  while (at > 0 && at > from - 20 && text.charCodeAt(at - 1) > 32) at--;
  return at;
}

/** Past the word `at` stands in, so that no number is cut in two. */
function wordEnd(text: string, at: number): number {
  let end = at;
  while (end < at + 20 && text.charCodeAt(end) > 32) end++;
  return end;
}

function linesAbove(text: string, lineFrom: number): string[] {
  const from = Math.max(0, lineFrom - ABOVE_CHARS);
  if (lineFrom <= from) return [];
  const above = text.slice(from, lineFrom - 1).split('\n');
  return above.reverse().slice(0, ABOVE_LINES);
}
