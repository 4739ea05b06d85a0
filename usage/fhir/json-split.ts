import { advance, type JsonSink, type Scan, shift, startScan } from './json-scan.ts';

/** A line up to this long is taken as one NDJSON record without looking into it. */
const LINE_MAX = 4 * 1024 * 1024;
/** A single resource longer than this is given up: nothing real comes near it. */
const OBJECT_MAX = 32 * 1024 * 1024;

const FEED = 10;
const COMMA = 44;
const OPEN_LIST = 91;
const CLOSE_LIST = 93;
const OPEN = 123;
const CLOSE = 125;

/**
 * Finds the objects in JSON text of any shape, whatever the pieces it arrives in: one object, a
 * list, NDJSON, or a Bundle whose `entry` list is handed over entry by entry, so that a Bundle of
 * any length needs the memory of one entry. Strict about nesting, so that a broken record ends
 * at the next line and not at the end of the file.
 */
export function createJsonSplit(sink: JsonSink) {
  let buffer = '';
  /** Everything before has been handed over or passed. */
  let at = 0;
  let line = 1;
  let inGarbage = false;
  let scan: Scan | null = null;
  /** The first line break behind `at`, if one is known, and where to search for the next. */
  let feed = -1;
  let searchFrom = 0;
  /** The last line that was tried as one record, and the last one reported as broken. */
  let triedLine = 0;
  let brokenLine = 0;

  function nextFeed(): number {
    if (feed < at) {
      feed = buffer.indexOf('\n', Math.max(at, searchFrom));
      searchFrom = feed < 0 ? buffer.length : feed + 1;
    }
    return feed;
  }

  /** Outside any object: finds the next one. True when there is more to do. */
  function outside(atEnd: boolean): boolean {
    skipToObject();
    if (at === buffer.length) return false;
    // Once is enough: a line of a million braces would be read a million times otherwise.
    if (triedLine === line) begin();
    else if (nextFeed() < 0 && !atEnd && buffer.length - at <= LINE_MAX) return false;
    else tryLine();
    return true;
  }

  function begin(): void {
    // No object begins with a brace inside a brace: a scan of it would end before it began.
    if (buffer.charCodeAt(at + 1) === OPEN) giveUp({ startLine: line, startAt: at });
    else scan = startScan(at, line);
  }

  function tryLine(): void {
    const end = feed < 0 ? buffer.length : feed;
    triedLine = line;
    const close = end - at <= LINE_MAX ? closingBrace(buffer, at, end) : 0;
    if (close > 0 && sink.object(buffer.slice(at, close), line, false)) at = close;
    else scan = startScan(at, line);
  }

  function skipToObject(): void {
    for (; at < buffer.length; at++) {
      const char = buffer.charCodeAt(at);
      if (char === OPEN) return;
      if (char === FEED) {
        line++;
        inGarbage = false;
      } else if (!inGarbage && !isFiller(char)) {
        sink.garbage(line);
        inGarbage = true;
      }
    }
  }

  function inside(current: Scan): boolean {
    const state = advance(current, buffer, sink);
    at = current.at;
    line = current.line;
    if (state === 'more' && current.at - current.keepFrom <= OBJECT_MAX) {
      at = current.keepFrom;
      return false;
    }
    if (state !== 'done') giveUp(current);
    scan = null;
    return true;
  }

  /** What follows is looked at for the next object; what was read is not read again. */
  function giveUp({ startLine, startAt }: Pick<Scan, 'startLine' | 'startAt'>): void {
    if (startLine !== brokenLine) sink.broken(startLine);
    brokenLine = startLine;
    at = Math.max(at, startAt + 1);
    inGarbage = true;
  }

  function read(atEnd: boolean): void {
    while (scan ? inside(scan) : outside(atEnd));
    if (atEnd && scan) sink.truncated(scan.startLine);
  }

  /** Only the object being read is kept; the rest of a Bundle is forgotten as it passes. */
  function append(text: string): void {
    buffer = at < buffer.length ? buffer.slice(at) + text : text;
    if (scan) shift(scan, at);
    feed -= at;
    searchFrom -= at;
    at = 0;
  }

  let held: string[] = [];
  let heldLength = 0;

  function takeHeld(): void {
    append(held.join(''));
    held = [];
    heldLength = 0;
  }

  return {
    write(text: string): void {
      held.push(text);
      heldLength += text.length;
      // What is unfinished is looked at again only when it has grown by half.
      if (heldLength < (buffer.length - at) / 2) return;
      takeHeld();
      read(false);
    },
    end(): void {
      takeHeld();
      read(true);
    },
  };
}

/** The end of text[from, to) if its last character, blanks and commas aside, is `}`; or 0. */
function closingBrace(text: string, from: number, to: number): number {
  let at = to - 1;
  while (at > from && (text.charCodeAt(at) <= 32 || text.charCodeAt(at) === COMMA)) at--;
  return text.charCodeAt(at) === CLOSE ? at + 1 : 0;
}

/** What may stand between records without being garbage: blanks, commas, a list's brackets. */
function isFiller(char: number): boolean {
  return (
    char <= 32 || char === COMMA || char === OPEN_LIST || char === CLOSE_LIST || char === 0xfeff
  );
}
