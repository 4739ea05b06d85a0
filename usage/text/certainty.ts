import type { Candidate } from './code-tail.ts';
import { negatedWithin } from './clause.ts';
import type { Certainty } from '../finding.ts';
import type { Token } from './tokens.ts';
import { isCondition, isNegation, NOT_A_RECORD } from './words.ts';

/** Weak where the text denies the use, makes it conditional, or only lists codes. */
export function certaintyOf(tokens: Token[], group: Candidate[]): Certainty {
  const head = group[0]!;
  const tail = group.at(-1)!;
  if (negatedWithin(tokens, Math.max(0, head.first - 8), head.first)) return 'weak';
  if (deniedAfter(tokens, tail.last + 1)) return 'weak';
  if (conditional(tokens, head.first, tail.last)) return 'weak';
  return speaksOf(tokens, NOT_A_RECORD) ? 'weak' : 'sure';
}

/** One of the phrases stands among the tokens, word by word. */
function speaksOf(tokens: Token[], phrases: readonly string[][]): boolean {
  for (let i = 0; i < tokens.length; i++) {
    if (!OPENINGS.has(tokens[i]!.word)) continue;
    for (const phrase of phrases)
      if (phrase.every((word, n) => tokens[i + n]?.word === word)) return true;
  }
  return false;
}

const OPENINGS = new Set(NOT_A_RECORD.map((phrase) => phrase[0]));

const USED_AFTER = new Set(
  (
    'billed used submitted charged coded performed rendered done needed applicable appropriate ' +
    'billable reported provided'
  ).split(' '),
);

/** "90837 was not billed", "90837 not used"; "not covered" and "not paid" deny nothing. */
function deniedAfter(tokens: Token[], from: number): boolean {
  let denied = false;
  for (let i = from; i < tokens.length && i < from + 5; i++) {
    const token = tokens[i]!;
    if (token.kind === 'mark') return false;
    if (isNegation(token.word)) denied = true;
    else if (denied && USED_AFTER.has(token.word)) return true;
  }
  return false;
}

/** "would have been 90837", "use 90837 if the session runs over". */
function conditional(tokens: Token[], first: number, last: number): boolean {
  for (let i = first - 1; i >= 0 && i >= first - 8; i--) {
    const { word, kind } = tokens[i]!;
    if (kind === 'mark' && (word === '.' || word === ';')) break;
    if (isCondition(word)) return true;
  }
  for (let i = last + 1; i < tokens.length && i <= last + 4; i++) {
    const { word, kind } = tokens[i]!;
    if (kind === 'mark' && word !== ',') break;
    if (word === 'if' || word === 'unless') return true;
  }
  return false;
}
