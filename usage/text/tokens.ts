import { isDigit, isLetter } from '../cpt.ts';
import { lexicalClassOf } from './lexicon.ts';

/** A word, a number or one punctuation mark of a line. */
export interface Token {
  /** Lower case. */
  word: string;
  start: number;
  end: number;
  /** `word` begins with a letter, `number` with a digit, anything else is one `mark`. */
  kind: 'word' | 'number' | 'mark';
  /** It begins with a capital letter. */
  capital: boolean;
  /** Characters of blank space before it. */
  gap: number;
}

/**
 * Cuts text[from, to) into tokens. Slashes and ampersands join single letters (E/M, R/O, N/A),
 * apostrophes join words, dots and commas join digits of one amount.
 */
export function tokenise(text: string, from: number, to: number): Token[] {
  const tokens: Token[] = [];
  let last = from;
  for (let at = from; at < to;) {
    const char = text.charCodeAt(at);
    if (char <= 32 || char === 0xa0) {
      at++;
      continue;
    }
    let end = at + 1;
    let kind: Token['kind'] = 'mark';
    if (char === BACKSLASH && isEscape(text.charCodeAt(end))) {
      // A line break written as \n sets apart what a bar would.
      tokens.push({ word: '|', start: at, end: end + 1, kind, capital: false, gap: at - last });
      last = at = end + 1;
      continue;
    }
    if (isDigit(char)) {
      kind = 'number';
      end = numberEnd(text, at, to);
    } else if (isWordChar(char)) {
      kind = 'word';
      end = wordEnd(text, at, to);
    }
    // A leader of dots is one mark, and no full stop.
    while (char === DOT && end < to && text.charCodeAt(end) === DOT) end++;
    const mark = end - at > 2 ? '…' : text.charAt(at);
    const word = kind === 'mark' ? mark : lower(text.slice(at, end));
    const capital = char >= 65 && char <= 90;
    tokens.push({ word, start: at, end, kind, capital, gap: at - last });
    if (word === 'pt') broken(tokens);
    if (end - at === 1 && kind === 'word') joinLetters(tokens, text, end);
    last = end;
    at = end;
  }
  return tokens;
}

/** Joins a single letter to those before it where they are one word set apart. */
function joinLetters(tokens: Token[], text: string, end: number): void {
  const { word } = tokens.at(-1)!;
  if (word === 't') spelled(tokens);
  else if (word === 'd') boxed(tokens);
  else if (word === 'm') evaluation(tokens);
  const goesOn = text.charCodeAt(end) === BLANK && isLetter(text.charCodeAt(end + 1));
  if (!goesOn || isLetter(text.charCodeAt(end + 2))) spaced(tokens);
}

/** "E & M", "E / M": evaluation and management. */
function evaluation(tokens: Token[]): void {
  const mark = tokens.at(-2);
  const e = tokens.at(-3);
  if ((mark?.word !== '&' && mark?.word !== '/') || e?.word !== 'e' || mark.gap > 1) return;
  tokens.splice(-3, 3, { ...e, word: 'e/m', end: tokens.at(-1)!.end });
}

/** "C P T" and "C.P.T.": one word, as scanners and headings space it. */
function spelled(tokens: Token[]): void {
  const step = tokens.at(-2)?.word === '.' ? 2 : 1;
  const p = tokens.at(-1 - step);
  const c = tokens.at(-1 - 2 * step);
  if (p?.word !== 'p' || c?.word !== 'c' || (tokens.at(-1)?.gap ?? 9) > 1) return;
  const { end } = tokens.at(-1)!;
  tokens.splice(-1 - 2 * step, 2 * step + 1, { ...c, word: 'cpt', end });
}

/** "C PT": torn apart by a scanner. */
function broken(tokens: Token[]): void {
  const c = tokens.at(-2);
  const pt = tokens.at(-1)!;
  if (c?.word !== 'c' || !c.capital || !pt.capital || pt.gap !== 1) return;
  tokens.splice(-2, 2, { ...c, word: 'cpt', end: pt.end });
}

/** "P r o c e d u r e", "C o d e": letters set wide by a scanner; only words we know are joined. */
function spaced(tokens: Token[]): void {
  let first = tokens.length - 1;
  const least = Math.max(0, first - SPACED_MAX);
  while (first > least && isSpacedLetter(tokens, first)) first--;
  const count = tokens.length - first;
  if (count < 4 || tokens[first]!.end - tokens[first]!.start !== 1) return;
  const { start } = tokens[first]!;
  const { end } = tokens.at(-1)!;
  const word = tokens.slice(first).reduce((all, token) => all + token.word, '');
  if (lexicalClassOf(word) === undefined) return;
  tokens.splice(first, count, { ...tokens[first]!, word, start, end });
}

/** Letters of the longest word looked for: "procedure". */
const SPACED_MAX = 12;

/** One letter, one blank after the letter before it. */
function isSpacedLetter(tokens: Token[], i: number): boolean {
  const { start, end, gap, kind } = tokens[i]!;
  const before = tokens[i - 1]!;
  return kind === 'word' && end - start === 1 && gap === 1 && before.end - before.start === 1;
}

const BACKSLASH = 92;
const BLANK = 32;
const DOT = 46;

/** The letter of \n, \r or \t. */
function isEscape(char: number): boolean {
  return char === 110 || char === 114 || char === 116;
}

/** "24 D", "24.D": the box of a paper claim that holds the code. */
function boxed(tokens: Token[]): void {
  const step = tokens.at(-2)?.word === '.' ? 2 : 1;
  const number = tokens.at(-1 - step);
  if (number?.word !== '24' || (tokens.at(-1)?.gap ?? 9) > 1) return;
  const { end } = tokens.at(-1)!;
  tokens.splice(-1 - step, step + 1, { ...number, word: '24d', end });
}

function lower(word: string): string {
  const low = word.toLowerCase();
  return low.includes('’') ? low.replaceAll('’', "'") : low;
}

function numberEnd(text: string, at: number, to: number): number {
  let end = at;
  let joined = at;
  while (end < to) {
    const char = text.charCodeAt(end);
    const joint = (char === 46 || char === 44) && isDigit(text.charCodeAt(end - 1));
    if (isDigit(char) || isLetter(char)) end++;
    // "175.00" and "90,834.00", but "90837,90834" are two.
    else if (joint && isAmountTail(text, end, char) && isAmountHead(char, end - joined)) {
      joined = end + 1;
      end++;
    } else break;
  }
  return end;
}

/** A comma sets apart three digits at most: "12,500", but not "90834,140.00". */
function isAmountHead(joint: number, digits: number): boolean {
  return joint !== 44 || digits <= 3;
}

function isAmountTail(text: string, at: number, joint: number): boolean {
  let digits = 0;
  while (digits < 5 && isDigit(text.charCodeAt(at + 1 + digits))) digits++;
  return joint === 44 ? digits === 3 : digits > 0 && digits < 5;
}

function wordEnd(text: string, at: number, to: number): number {
  let end = at;
  while (end < to && (isWordChar(text.charCodeAt(end)) || isDigit(text.charCodeAt(end)))) end++;
  const joint = text.charAt(end);
  if (end - at === 1 && (joint === '/' || joint === '&') && isLetter(text.charCodeAt(end + 1))) {
    const after = text.charCodeAt(end + 2);
    if (!isWordChar(after) && !isDigit(after)) return end + 2;
  }
  if ((joint === "'" || joint === '’') && isLetter(text.charCodeAt(end + 1))) {
    return wordEnd(text, end + 1, to);
  }
  return end;
}

/** Letters of any script: everything beyond ASCII that is no mark or blank we know. */
function isWordChar(char: number): boolean {
  return isLetter(char) || (char >= 0xc0 && char < 0x2000);
}
