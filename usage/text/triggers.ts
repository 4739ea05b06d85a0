import { isDigit, isLetter } from '../cpt.ts';
import { lexicalClassOf } from './lexicon.ts';
import { isState } from './words.ts';

/** What a character may be part of: nothing of interest, a number, or a number badly scanned. */
const NOTHING = 0;
const DIGIT = 1;
const BETWEEN = 2;
const BLANK = 32;

/** By character code: letters that scanners make of digits may stand inside a number. */
const KINDS = new Uint8Array(256);
for (let char = 48; char <= 57; char++) KINDS[char] = DIGIT;
for (const char of 'OolISBZ') KINDS[char.charCodeAt(0)] = BETWEEN;

/** Letters that end a code of four digits. */
const SUFFIXES = new Set([...'FTUMAftuma'].map((letter) => letter.charCodeAt(0)));

/**
 * Steps between the characters looked at. Of a code, be it plain (five digits, or four and a
 * letter), spaced (`9 0 8 3 7`) or with one letter for a digit (`9O837`), every third character
 * from anywhere includes a digit, or the letter between two.
 */
const STRIDE = 3;
/** How far back from a sampled character a badly scanned number may begin. */
const BACK = 12;

/**
 * Where in bytes[from, limit) the next number stands that may be a code: five digits, four and a
 * letter, or what a scanner leaves of them. `limit` or more if there is none. Looks at every
 * third character only, and at bytes, not at text: that is what makes reading notes fast.
 */
export function nextTrigger(bytes: Uint8Array, from: number, limit: number): number {
  const length = bytes.length;
  let at = from;
  let checked = from;
  while (at < limit) {
    const kind = KINDS[bytes[at]!];
    if (kind === NOTHING) {
      at += STRIDE;
      continue;
    }
    if (kind === BETWEEN && !isBetween(bytes, at)) {
      at += STRIDE;
      continue;
    }
    let first = at;
    while (first > from && isDigit(bytes[first - 1]!)) first--;
    let end = at;
    while (end < length && isDigit(bytes[end]!)) end++;
    if (end - first === 5 && kind === DIGIT && startsHere(bytes, first)) return first;
    if (!isBroken(bytes, first, end)) {
      at = end + STRIDE;
      continue;
    }
    const found = slowly(bytes, at, from, checked);
    if (found >= 0) return found;
    checked = Math.max(checked, -found);
    at = Math.max(-found, at + 1);
  }
  return at;
}

/** No digit stands before: a number that began before `from` has been looked at. */
function startsHere(bytes: Uint8Array, first: number): boolean {
  return first === 0 || !isDigit(bytes[first - 1]!);
}

/** The digits [first, end) may be part of a code that is not five plain digits. */
function isBroken(bytes: Uint8Array, first: number, end: number): boolean {
  if (end - first > 5) return false;
  const next = end < bytes.length ? bytes[end]! : 0;
  if (KINDS[next] === BETWEEN || (end - first === 4 && SUFFIXES.has(next))) return true;
  if (next === BLANK && end + 1 < bytes.length && isDigit(bytes[end + 1]!)) return true;
  const before = first > 0 ? bytes[first - 1]! : 0;
  if (KINDS[before] === BETWEEN) return true;
  return before === BLANK && first > 1 && isDigit(bytes[first - 2]!);
}

/**
 * Looks for a code around `at`, step by step: its place, or the negative of where it ended. None
 * begins before `checked`.
 */
function slowly(bytes: Uint8Array, at: number, from: number, checked: number): number {
  let start = at;
  while (start > checked && start > at - BACK && isPart(bytes, start - 1)) start--;
  if (start === from && isDigitAt(bytes, from - 1)) start = digitsEnd(bytes, from);
  for (; start <= at; start++) {
    if (!isDigitAt(bytes, start)) continue;
    const end = triggerEnd(bytes, start);
    if (end > 0) return start;
    start = -end - 1;
  }
  return -start;
}

/** A misread letter with a digit beside it. */
function isBetween(bytes: Uint8Array, at: number): boolean {
  return isDigitAt(bytes, at - 1) || isDigitAt(bytes, at + 1);
}

/** A character of a number, however badly scanned: also a blank between two digits. */
function isPart(bytes: Uint8Array, at: number): boolean {
  const byte = bytes[at]!;
  if (byte === BLANK) return isDigitAt(bytes, at - 1) && isDigitAt(bytes, at + 1);
  return KINDS[byte] === DIGIT || (KINDS[byte] === BETWEEN && isBetween(bytes, at));
}

function isDigitAt(bytes: Uint8Array, at: number): boolean {
  return at >= 0 && at < bytes.length && isDigit(bytes[at]!);
}

function digitsEnd(bytes: Uint8Array, from: number): number {
  let end = from;
  while (isDigitAt(bytes, end)) end++;
  return end;
}

/**
 * The end of the digits at `at` if they may be a code: five of them, four and a letter, or a
 * pattern as scanners leave it. Otherwise the negative of where to read on.
 */
function triggerEnd(bytes: Uint8Array, at: number): number {
  const end = digitsEnd(bytes, at);
  const digits = end - at;
  if (digits > 5 || isDigitAt(bytes, at - 1)) return -end;
  if (digits === 5) return end;
  const next = bytes[end] ?? 0;
  const misread = KINDS[next] === BETWEEN;
  if (digits === 4 && (SUFFIXES.has(next) || misread)) return end;
  const after = bytes[end + 1] ?? 0;
  if (next === BLANK && isDigitAt(bytes, end + 1) && joinsToFive(bytes, at)) return end;
  const goesOn = KINDS[after] !== NOTHING;
  return misread && goesOn && !isLetter(bytes[at - 1] ?? 0) ? end : -end;
}

/** Groups of digits with single spaces between them that make five: `9 0 8 3 7`, `90 834`. */
function joinsToFive(bytes: Uint8Array, at: number): boolean {
  let digits = 0;
  for (let i = at; digits < 6; i++) {
    if (isDigitAt(bytes, i)) digits++;
    else if (bytes[i] !== BLANK || !isDigitAt(bytes, i + 1)) break;
  }
  return digits === 5;
}

/** One byte for each character of a text, so that places in one are places in the other. */
export function bytesOf(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}

/** `bytesOf` for one buffer after the other, in the same memory. */
export function createByteView() {
  let memory = Buffer.alloc(0);
  return {
    of(text: string): Buffer {
      if (memory.length < text.length) memory = Buffer.allocUnsafeSlow(text.length * 2);
      return memory.subarray(0, memory.write(text, 0, 'latin1'));
    },
  };
}

/**
 * True where the word before the number at `at` settles at a glance that it is no code: a postal
 * code, an id. Saves the full judgement for most numbers of a chart; what it lets pass is judged.
 */
export function isLabelled(text: string, at: number, lineFrom: number): boolean {
  let end = at;
  while (end > lineFrom && ' :#'.includes(text.charAt(end - 1))) end--;
  if (at - end > 4) return false;
  let start = end;
  while (start > lineFrom && end - start < 12 && isLetter(text.charCodeAt(start - 1))) start--;
  const word = text.slice(start, end);
  if (word.length === 2 && at - end === 1 && isPostal(text, word, start)) return true;
  const low = word.toLowerCase();
  if (low === 'id') return text.charCodeAt(start - 1) === 32 && isPerson(text, start - 1);
  return PLAIN_LABELS.has(low) && lexicalClassOf(low) === 'other';
}

const PLAIN_LABELS = new Set('zip mrn ext room rm suite ste apt phone fax npi'.split(' '));

/** "Long Beach, CA 90804": two capitals behind a comma. */
function isPostal(text: string, word: string, start: number): boolean {
  if (word !== word.toUpperCase() || !isState(word.toLowerCase())) return false;
  return text.charAt(start - 1) === ' ' && text.charAt(start - 2) === ',';
}

/** "Client ID", "Patient ID" */
function isPerson(text: string, end: number): boolean {
  let start = end;
  while (end - start < 12 && isLetter(text.charCodeAt(start - 1))) start--;
  return lexicalClassOf(text.slice(start, end).toLowerCase()) === 'owner';
}
