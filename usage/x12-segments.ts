import { isAlphanumeric } from './cpt.ts';

/** One X12 segment: its elements (the tag first), its number and line in the file, from 1. */
export interface Segment {
  tag: string;
  elements: string[];
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

/** Enough characters to see a whole ISA segment, even a wrapped or indented one, and what follows. */
const ISA_LOOKAHEAD = 512;
/** A segment longer than this is no X12: the text is skipped to the next thing that looks like one. */
const SEGMENT_MAX = 64 * 1024;
/** Characters kept when over-long text is skipped, so that a segment's beginning is not cut. */
const RESYNC_TAIL = 1024;
/** Tags after which a lost reader can find its place again, and that may open a file without ISA. */
const LANDMARKS = new Set(
  (
    'ISA IEA GS GE ST SE BHT BPR TRN HL NM1 N1 N3 N4 PRV REF CLM CLP SBR PAT DTP DTM HI LX SV1 SV2 ' +
    'SV3 SVC SVD CAS AMT PER DMG OI QTY MOA MIA LQ K3 NTE CL1 PWK CR1 CR2 CRC'
  ).split(' '),
);

interface Delimiters {
  element: string;
  terminator: string;
}

/**
 * Cuts text into segments, whatever the pieces it arrives in. The delimiters come from each ISA,
 * or, where it is wrong or missing, from the first segments themselves. `wanted` says by tag
 * which segments are worth splitting; the rest is only counted.
 */
export function createSegments(wanted: ReadonlySet<string>, sink: SegmentSink) {
  let buffer = '';
  let at = 0;
  let line = 1;
  let counted = 0;
  let delimiters: Delimiters | null = null;
  let inGarbage = false;

  /** Moves to `position`, counting the lines passed. */
  function advance(position: number): void {
    for (let nl = buffer.indexOf('\n', at); nl >= 0 && nl < position;) {
      line++;
      nl = buffer.indexOf('\n', nl + 1);
    }
    at = position;
  }

  function skipBlank(): void {
    while (at < buffer.length) {
      const char = buffer.charCodeAt(at);
      if (char === 10) line++;
      else if (char !== 13 && char !== 32 && char !== 9 && char !== 0xfeff) return;
      at++;
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
    const opening = !delimiters || isOpening(buffer, at);
    if (opening) {
      if (left < ISA_LOOKAHEAD && !atEnd) return false;
      const found = delimitersAt(buffer, at);
      if (found) delimiters = found;
      else if (!delimiters) return lost(atEnd);
    }
    const { element, terminator } = delimiters!;
    const end = buffer.indexOf(terminator, at);
    if (end < 0) {
      if (left > SEGMENT_MAX) return lost(atEnd);
      if (atEnd) last(element);
      return false;
    }
    if (end - at > SEGMENT_MAX) return lost(atEnd);
    take(end, element, terminator);
    return true;
  }

  function take(end: number, element: string, terminator: string): void {
    const tagEnd = tagEndAt(buffer, at);
    const tagged = tagEnd > 0 && (tagEnd === end || buffer.startsWith(element, tagEnd));
    if (!tagged) {
      // Something else up to this terminator; a real segment may start on one of its lines.
      const inner = landmarkIn(buffer, at + 1, end, element);
      if (end > at) garbage();
      advance(inner < 0 ? end + terminator.length : inner);
      return;
    }
    hand(buffer.slice(at, end), buffer.slice(at, tagEnd), element);
    advance(end + terminator.length);
  }

  function hand(text: string, tag: string, element: string): void {
    inGarbage = false;
    counted++;
    if (!wanted.has(tag)) return;
    // Wrapped files break lines inside segments; where newline ends a segment there is none.
    const clean = text.includes('\n') || text.includes('\r') ? unwrapped(text) : text;
    sink.segment({ tag, elements: clean.split(element), number: counted, line });
  }

  /** The end of the input inside a segment: read what there is of it. */
  function last(element: string): void {
    const tagEnd = tagEndAt(buffer, at);
    if (tagEnd > 0 && buffer.startsWith(element, tagEnd)) {
      const text = buffer.slice(at).trimEnd();
      const nl = text.indexOf('\n');
      hand(nl < 0 ? text : text.slice(0, nl), buffer.slice(at, tagEnd), element);
      sink.truncated(line);
    } else garbage();
    advance(buffer.length);
  }

  /** No delimiters are known here: skip to the next thing that looks like a segment. */
  function lost(atEnd: boolean): boolean {
    const element = delimiters?.element ?? null;
    const next = landmarkIn(buffer, at + 1, buffer.length, element);
    garbage();
    if (next >= 0) advance(next);
    else if (atEnd) advance(buffer.length);
    else advance(Math.max(at + 1, buffer.length - RESYNC_TAIL));
    return next >= 0;
  }

  return {
    write(text: string): void {
      buffer = at < buffer.length ? buffer.slice(at) + text : text;
      at = 0;
      while (one(false));
    },
    end(): void {
      while (one(true));
    },
    /** Segments read so far. */
    count: () => counted,
  };
}

/** True where text at `at` opens an interchange or, in a file without one, a transaction set. */
function isOpening(text: string, at: number): boolean {
  return text.startsWith('ISA', at) && !isAlphanumeric(text.charCodeAt(at + 3));
}

/** The end of a segment tag (two or three characters) starting at `at`, or -1. */
function tagEndAt(text: string, at: number): number {
  let end = at;
  while (end < text.length && end - at < 4 && isTagChar(text.charCodeAt(end))) end++;
  return end - at === 2 || end - at === 3 ? end : -1;
}

function isTagChar(char: number): boolean {
  return (char >= 65 && char <= 90) || (char >= 48 && char <= 57);
}

/** Where the first landmark segment at the start of a line stands in text[from, to), or -1. */
function landmarkIn(text: string, from: number, to: number, element: string | null): number {
  let nl = text.indexOf('\n', from - 1);
  while (nl >= 0 && nl < to) {
    let start = nl + 1;
    while (text.charCodeAt(start) === 32 || text.charCodeAt(start) === 9) start++;
    if (isLandmark(text, start, element) && start < to) return start;
    nl = text.indexOf('\n', nl + 1);
  }
  return -1;
}

function isLandmark(text: string, at: number, element: string | null): boolean {
  const end = tagEndAt(text, at);
  if (end < 0 || !LANDMARKS.has(text.slice(at, end))) return false;
  const next = text.charAt(end);
  return element === null || isOpening(text, at)
    ? next !== '' && next > ' ' && !isAlphanumeric(next.charCodeAt(0))
    : next === element;
}

function unwrapped(text: string): string {
  return text.replaceAll('\r', '').replaceAll('\n', '');
}

/** The delimiters in force from a segment that opens a file or an interchange, or null. */
function delimitersAt(text: string, at: number): Delimiters | null {
  const tagEnd = tagEndAt(text, at);
  if (tagEnd < 0 || !LANDMARKS.has(text.slice(at, tagEnd))) return null;
  const element = text.charAt(tagEnd);
  if (element === '' || element === '\n' || isAlphanumeric(element.charCodeAt(0))) return null;
  // What stands before the second segment's tag ends the first, whatever the ISA claims.
  const window = text.slice(at, at + ISA_LOOKAHEAD);
  const terminator = terminatorBefore(window, element, tagEnd - at);
  return terminator === null ? null : { element, terminator };
}

/** The first character after which, blanks aside, a landmark segment follows. */
function terminatorBefore(window: string, element: string, from: number): string | null {
  for (let i = window.indexOf(element, from + 1); i >= 0; i = window.indexOf(element, i + 1)) {
    for (const length of [2, 3]) {
      const start = i - length;
      if (start <= from || !LANDMARKS.has(window.slice(start, i))) continue;
      let before = start - 1;
      while (before > 0 && window.charCodeAt(before) <= 32) before--;
      const terminator = window.charAt(before);
      const blank = before < start - 1;
      if (terminator === element || isAlphanumeric(terminator.charCodeAt(0))) {
        if (blank && window.slice(before, start).includes('\n')) return '\n';
        continue;
      }
      return terminator;
    }
  }
  return null;
}
