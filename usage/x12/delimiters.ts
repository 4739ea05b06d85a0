import { isAlphanumeric } from '../cpt.ts';

/** The characters that end elements and segments in one interchange. */
export interface Delimiters {
  element: string;
  terminator: string;
}

/** Tags by which a lost reader finds its place again, and that may open a file without ISA. */
const LANDMARKS = new Set(
  (
    'ISA IEA GS GE ST SE BHT BPR TRN HL NM1 N1 N3 N4 PRV REF CLM CLP SBR PAT DTP DTM HI LX SV1 ' +
    'SV2 SV3 SVC SVD CAS AMT PER DMG OI QTY MOA MIA LQ K3 NTE CL1 PWK CR1 CR2 CRC'
  ).split(' '),
);

/** True for a tag no other text has. */
export function isLandmark(tag: string): boolean {
  return LANDMARKS.has(tag);
}

/** True where an interchange opens at `at`. */
export function isIsa(text: string, at: number): boolean {
  return (
    text.charCodeAt(at) === 73 &&
    text.startsWith('ISA', at) &&
    !isAlphanumeric(text.charCodeAt(at + 3))
  );
}

/** The delimiters in force from the segment the window begins with, or null if it is none. */
export function delimitersAt(window: string): Delimiters | null {
  const tagEnd = landmarkEnd(window, 0);
  if (tagEnd < 0) return null;
  const element = window.charAt(tagEnd);
  if (!isSeparator(element)) return null;
  // What stands before the second segment's tag ends the first, whatever the ISA claims.
  const terminator = terminatorBefore(window, element, tagEnd);
  return terminator === null ? null : { element, terminator };
}

/**
 * Where the first landmark segment at the start of a line stands in text[from, to), or -1.
 * Without a known element separator any will do.
 */
export function landmarkIn(text: string, from: number, to: number, element: string | null): number {
  for (let feed = text.indexOf('\n', from - 1); feed >= 0 && feed < to;) {
    let start = feed + 1;
    while (text.charCodeAt(start) === 32 || text.charCodeAt(start) === 9) start++;
    const end = landmarkEnd(text, start);
    const next = text.charAt(end);
    const fits = element === null || isIsa(text, start) ? isSeparator(next) : next === element;
    if (end >= 0 && fits && start < to) return start;
    feed = text.indexOf('\n', feed + 1);
  }
  return -1;
}

/** The end of the landmark tag at `at`, or -1. */
function landmarkEnd(text: string, at: number): number {
  for (const length of [3, 2]) if (LANDMARKS.has(text.slice(at, at + length))) return at + length;
  return -1;
}

function isSeparator(char: string): boolean {
  return char > ' ' && !isAlphanumeric(char.charCodeAt(0));
}

/** The character before the second segment, blanks aside; a line feed where there is no other. */
function terminatorBefore(window: string, element: string, from: number): string | null {
  for (let i = window.indexOf(element, from + 1); i >= 0; i = window.indexOf(element, i + 1)) {
    const start = landmarkStart(window, i);
    if (start <= from) continue;
    const first = window.slice(0, start).trimEnd();
    const terminator = first.charAt(first.length - 1);
    const byLine = window.slice(first.length, start).includes('\n');
    // ISA16, the component separator, ends the ISA of a file whose segments end with their lines.
    const isComponent = byLine && isIsa(window, 0) && first.at(-2) === element;
    if (terminator !== element && isSeparator(terminator) && !isComponent) return terminator;
    if (byLine) return '\n';
  }
  return null;
}

/** Where a landmark tag that ends at `end` begins, or -1. */
function landmarkStart(window: string, end: number): number {
  for (const length of [3, 2])
    if (LANDMARKS.has(window.slice(end - length, end))) return end - length;
  return -1;
}
