import { isAlphanumeric } from '../cpt.ts';
import { delimitersAt, type Delimiters, isIsa, isLandmark, landmarkIn } from './delimiters.ts';

/** One X12 segment as it stands in the file; number and line count from 1. */
export interface Segment {
  tag: string;
  /** The segment's text, from its tag up to its terminator. */
  text: string;
  /** The character between its elements. */
  separator: string;
  number: number;
  line: number;
}

/** What the tokenizer tells its caller. */
export interface SegmentSink {
  segment(segment: Segment): void;
  /** Text between segments that is none; at most one call per stretch. */
  garbage(line: number): void;
  /** The input ended inside a segment, which was handed over as far as it went. */
  truncated(line: number): void;
}

/** The tags wanted, each with the values of its first element that matter, or null for all. */
export type Wanted = Readonly<Record<string, readonly string[] | null>>;

const FEED = 10;
/** Enough characters to see a whole ISA segment, even a wrapped or indented one, and beyond. */
const LOOKAHEAD = 512;
/** A longer segment is no X12: the text is skipped to the next thing that looks like one. */
const SEGMENT_MAX = 64 * 1024;
/** Characters kept when over-long text is skipped, so that a segment's beginning is not cut. */
const RESYNC_TAIL = 1024;

/** All elements of a segment, the tag being element 0. */
export function elementsOf(segment: Segment): string[] {
  return segment.text.split(segment.separator);
}

/** One element of a segment without cutting up the rest; empty where there is none. */
export function elementAt({ text, separator }: Segment, index: number): string {
  let from = 0;
  for (let i = 0; i < index; i++) {
    const next = text.indexOf(separator, from);
    if (next < 0) return '';
    from = next + 1;
  }
  const end = text.indexOf(separator, from);
  return end < 0 ? text.slice(from) : text.slice(from, end);
}

/**
 * Cuts text into segments, whatever the pieces it arrives in, and hands over those wanted. The
 * delimiters come from each ISA or, where it is wrong or missing, from the segments themselves.
 */
export function createSegments(wanted: Wanted, sink: SegmentSink) {
  const filters = byTag(wanted);
  let buffer = '';
  let at = 0;
  let line = 1;
  let counted = 0;
  let delimiters: Delimiters | null = null;
  let inGarbage = false;

  function advance(position: number): void {
    for (; at < position; at++) if (buffer.charCodeAt(at) === FEED) line++;
  }

  function skipBlank(): void {
    for (; at < buffer.length; at++) {
      const char = buffer.charCodeAt(at);
      if (char === FEED) line++;
      else if (char > 32 && char !== 0xfeff) return;
    }
  }

  function garbage(): void {
    if (!inGarbage) sink.garbage(line);
    inGarbage = true;
  }

  /** Reads one segment; false when more input is needed first. */
  function one(atEnd: boolean): boolean {
    skipBlank();
    const left = buffer.length - at;
    if (left === 0 || (left < 4 && !atEnd)) return false;
    if (!delimiters || isIsa(buffer, at)) {
      if (left < LOOKAHEAD && !atEnd) return false;
      const found = delimitersAt(buffer.slice(at, at + LOOKAHEAD));
      if (found) delimiters = found;
      else if (!delimiters) return lost(atEnd);
    }
    const { element, terminator } = delimiters;
    const stop = terminator.charCodeAt(0);
    const most = Math.min(buffer.length, at + SEGMENT_MAX);
    // One loop for the end and the line breaks: this is where the time goes.
    let end = at;
    let feeds = 0;
    for (; end < most; end++) {
      const char = buffer.charCodeAt(end);
      if (char === stop) break;
      if (char === FEED) feeds++;
    }
    if (end < most) take(end, element, feeds);
    else if (left > SEGMENT_MAX) return lost(atEnd);
    else if (atEnd) last(element);
    return end < most;
  }

  function take(end: number, element: string, feeds: number): void {
    const tagEnd = tagEndAt(buffer, at);
    if (tagEnd > 0 && (tagEnd === end || buffer.charAt(tagEnd) === element)) {
      hand(buffer, at, end, { tagEnd, element, wrapped: feeds > 0 });
      return passed(end, feeds);
    }
    if (feeds > 0 && unwrapped(end, element)) return passed(end, feeds);
    // Something else up to this terminator; a real segment may start on one of its lines.
    const inner = landmarkIn(buffer, at + 1, end, element);
    if (end > at) garbage();
    advance(inner < 0 ? end + 1 : inner);
  }

  function passed(end: number, feeds: number): void {
    line += feeds + (buffer.charCodeAt(end) === FEED ? 1 : 0);
    at = end + 1;
  }

  /** A file wrapped at a fixed width breaks its lines inside of tags as well. */
  function unwrapped(end: number, element: string): boolean {
    const text = withoutBreaks(buffer.slice(at, end));
    const tagEnd = tagEndAt(text, 0);
    if (tagEnd < 0 || !isLandmark(text.slice(0, tagEnd)) || text.charAt(tagEnd) !== element)
      return false;
    hand(text, 0, text.length, { tagEnd, element, wrapped: false });
    return true;
  }

  function hand(
    source: string,
    from: number,
    to: number,
    { tagEnd, element, wrapped }: { tagEnd: number; element: string; wrapped: boolean },
  ): void {
    inGarbage = false;
    counted++;
    const filter = filters.get(tagKey(source, from, tagEnd));
    if (!filter || (filter.first && !startsWithAny(source, tagEnd + 1, filter.first, element)))
      return;
    let text = source.slice(from, to);
    // Wrapped files break lines inside segments; where a line feed ends a segment there is none.
    if (wrapped) text = withoutBreaks(text);
    else if (text.endsWith('\r')) text = text.slice(0, -1);
    sink.segment({ tag: filter.tag, text, separator: element, number: counted, line });
  }

  /** The end of the input inside a segment: read what there is of it. */
  function last(element: string): void {
    const tagEnd = tagEndAt(buffer, at);
    if (tagEnd > 0 && buffer.charAt(tagEnd) === element) {
      const feed = buffer.indexOf('\n', at);
      let end = feed < 0 ? buffer.length : feed;
      while (end > tagEnd && buffer.charCodeAt(end - 1) <= 32) end--;
      hand(buffer, at, end, { tagEnd, element, wrapped: false });
      sink.truncated(line);
    } else garbage();
    advance(buffer.length);
  }

  /** No segment begins here: skip to the next thing that looks like one. */
  function lost(atEnd: boolean): boolean {
    const next = landmarkIn(buffer, at + 1, buffer.length, delimiters?.element ?? null);
    garbage();
    if (next >= 0) advance(next);
    else if (atEnd) advance(buffer.length);
    else advance(Math.max(at, buffer.length - RESYNC_TAIL));
    return next >= 0;
  }

  /**
   * The segment that was cut is completed with no more of the new text than it needs. Reading
   * single characters of text that was put together costs twice as much as of text that came.
   */
  function complete(text: string): void {
    const cut = delimiters ? text.indexOf(delimiters.terminator) + 1 : 0;
    buffer = buffer.slice(at) + text.slice(0, cut);
    at = 0;
    while (one(false));
    const rest = buffer.slice(at);
    buffer = rest === '' ? text : rest + text.slice(cut);
    at = rest === '' ? cut : 0;
  }

  return {
    write(text: string): void {
      if (at < buffer.length) complete(text);
      else {
        buffer = text;
        at = 0;
      }
      while (one(false));
    },
    end(): void {
      while (one(true));
    },
  };
}

function withoutBreaks(text: string): string {
  return text.replaceAll('\r', '').replaceAll('\n', '');
}

interface Filter {
  tag: string;
  first: readonly string[] | null;
}

function byTag(wanted: Wanted): Map<number, Filter> {
  const filters = new Map<number, Filter>();
  for (const [tag, first] of Object.entries(wanted))
    filters.set(tagKey(tag, 0, tag.length), { tag, first });
  return filters;
}

/** A tag as a number: comparing text for every segment would cost more than all else. */
function tagKey(text: string, from: number, to: number): number {
  let key = 0;
  for (let i = from; i < to; i++) key = key * 128 + text.charCodeAt(i);
  return key;
}

function startsWithAny(
  text: string,
  at: number,
  values: readonly string[],
  element: string,
): boolean {
  for (const value of values)
    if (text.startsWith(value, at)) {
      const next = text.charAt(at + value.length);
      if (next === element || !isAlphanumeric(next.charCodeAt(0))) return true;
    }
  return false;
}

/** The end of a segment tag (two or three characters) starting at `at`, or -1. */
function tagEndAt(text: string, at: number): number {
  let end = at;
  while (end - at < 4 && isTagChar(text.charCodeAt(end))) end++;
  return end - at === 2 || end - at === 3 ? end : -1;
}

function isTagChar(char: number): boolean {
  return (char >= 65 && char <= 90) || (char >= 48 && char <= 57);
}

/** A reader of one kind of transaction set. */
export interface TransactionReader {
  segment(segment: Segment): void;
  /** The transaction set ends: hand over what is still open. */
  flush(): void;
  claims(): number;
}
