import { cptCode, isDigit, modifier } from '../cpt.ts';
import { isMinutes } from './measures.ts';
import type { Token } from './tokens.ts';

/** A number in a line that has the form of a code, with what is attached to it. */
export interface Candidate {
  code: string;
  modifiers: string[];
  /** First and last token, both included; the last covers attached modifiers and units. */
  first: number;
  last: number;
  /** Units are attached: `x2`, `(x2)`, `2 units`. */
  units: boolean;
  /** The cue is part of the token itself: `CPT90834`, `HC:90837`. */
  cued: boolean;
  /** Read through a scanner's mistakes; trusted only right after a cue. */
  repaired: boolean;
}

/** Reads modifiers and units after the code. False where the tail rules the number out. */
export function takeTail(tokens: Token[], candidate: Candidate): boolean {
  for (;;) {
    const next = tokens[candidate.last + 1];
    if (!next) return true;
    const joined = joinedTail(tokens, candidate, next);
    if (joined === 'no') return false;
    if (joined === 'took') continue;
    if (takeNamed(tokens, candidate) || takeSpaced(tokens, candidate)) continue;
    return takeUnits(tokens, candidate);
  }
}

/** `-95`, `/25`, `:GT`, `*95` touching the code. A longer number behind a hyphen rules it out. */
function joinedTail(tokens: Token[], candidate: Candidate, next: Token): 'took' | 'no' | 'done' {
  if (next.kind !== 'mark') return 'done';
  if (next.gap > 0) return spacedHyphen(tokens, candidate, next) ? 'took' : 'done';
  if (next.word === '#' || next.word === '%' || next.word === '@' || next.word === '_') return 'no';
  const after = tokens[candidate.last + 2];
  if (!after || after.gap > 0) return next.word === '°' ? 'no' : 'done';
  const hyphen = next.word === '-' || next.word === '–';
  if (!hyphen && !'/:*|>^+'.includes(next.word)) return 'done';
  const found = modifierOf(after);
  if (found && candidate.modifiers.length < 4) {
    candidate.modifiers.push(found);
    candidate.last += 2;
    return 'took';
  }
  if (!hyphen) return 'done';
  if (after.kind === 'number' && !isCodeLike(after.word)) return 'no';
  return after.kind === 'word' && after.word.length === 1 ? 'no' : 'done';
}

/** `90834 -95`, `90834 - 95`: the hyphen belongs to the modifier. */
function spacedHyphen(tokens: Token[], candidate: Candidate, hyphen: Token): boolean {
  const at = candidate.last + 2;
  const token = tokens[at];
  if (!'-+|'.includes(hyphen.word) || !token) return false;
  const next = tokens[at + 1]?.word ?? '';
  const wide = token.gap > 0 && !(isNumber(token.word) && Number(token.word) > 90);
  return !wide && !isMinutes(next) && takeModifier(tokens, candidate, at, at);
}

/** A modifier as a token: two characters; numbers below 22 are none. */
function modifierOf(token: Token): string | null {
  const found = modifier(token.word);
  if (!found || (found.startsWith('X') && isDigit(found.charCodeAt(1)))) return null;
  return isNumber(found) && Number(found) < 22 ? null : found;
}

/** `modifier 95`, `mod: 95, GT`, `(59)` behind the code. */
function takeNamed(tokens: Token[], candidate: Candidate): boolean {
  let at = candidate.last + 1;
  if (markAt(tokens, at, ',') || markAt(tokens, at, '-')) at++;
  if (tokens[at]?.word === 'w' || tokens[at]?.word === 'with') at++;
  if (markAt(tokens, at, '/')) at++;
  if (tokens[at]?.word === 'a' || tokens[at]?.word === 'the') at++;
  const word = tokens[at]?.word ?? '';
  // "with a -25 modifier", "w/ 95 mod"
  const hyphen = markAt(tokens, at, '-') ? 1 : 0;
  if (MODIFIER_WORDS.has(tokens[at + hyphen + 1]?.word ?? ''))
    if (takeModifier(tokens, candidate, at + hyphen, at + hyphen + 1)) return true;
  const open = word === '(' ? 1 : 0;
  if (MODIFIER_WORDS.has(tokens[at + open]?.word ?? '')) {
    at += open + 1;
    while (tokens[at]?.kind === 'mark' && ':-#.='.includes(tokens[at]!.word)) at++;
    return takeModifier(tokens, candidate, at, at + (markAt(tokens, at + 1, ')') ? open : 0));
  }
  const inner = tokens[candidate.last + 2];
  return (
    markAt(tokens, candidate.last + 1, '(') &&
    markAt(tokens, candidate.last + 3, ')') &&
    inner !== undefined &&
    takeModifier(tokens, candidate, candidate.last + 2, candidate.last + 3)
  );
}

const MODIFIER_WORDS = new Set(['modifier', 'modifiers', 'mod', 'mods']);

function takeModifier(tokens: Token[], candidate: Candidate, at: number, last: number): boolean {
  const found = tokens[at] ? modifierOf(tokens[at]) : null;
  if (!found || candidate.modifiers.length >= 4) return false;
  candidate.modifiers.push(found);
  candidate.last = last;
  return true;
}

/** `90837 95 U4 1 unit $165`: bare modifiers in a billing line, followed by more of its fields. */
function takeSpaced(tokens: Token[], candidate: Candidate): boolean {
  const at = candidate.last + 1;
  const token = tokens[at]!;
  if (token.gap === 0 || token.end - token.start !== 2) return false;
  const found = modifierOf(token);
  if (!found) return false;
  const next = tokens[at + 1];
  const lettered = !isNumber(found) && isDigit(found.charCodeAt(1));
  const known = token.capital && LETTERED.has(found);
  if (!known && !lettered && !isField(next)) return false;
  if (!known && !lettered && !isNumber(found) && next?.word !== '$') return false;
  return takeModifier(tokens, candidate, at, at);
}

/** The end of the line, or what follows the modifiers in a billing line. */
function isField(token: Token | undefined): boolean {
  if (!token || token.word === '$' || token.word === '|' || isPointer(token)) return true;
  if (token.kind === 'number') return token.gap > 0;
  if (token.capital && LETTERED.has(token.word.toUpperCase())) return true;
  const digit = isDigit(token.word.charCodeAt(1));
  return token.kind === 'word' && token.end - token.start === 2 && digit && !!modifierOf(token);
}

/** `A`, `AB`: the diagnoses a service line points to. */
export function isPointer(token: Token | undefined): boolean {
  if (!token?.capital || token.end - token.start > 4) return false;
  for (const char of token.word) if (char < 'a' || char > 'd') return false;
  return true;
}

/**
 * Modifiers of two letters that behavioural health and its neighbours write, in capitals and
 * apart from their code. Published by CMS as HCPCS Level II; others count where they are joined.
 */
const LETTERED = new Set(
  (
    'AF AG AH AI AJ AM CR CS ET FQ FR FS GC GE GN GO GP GQ GT HA HB HC HD HE HF HG HH HI HJ HK ' +
    'HL HM HN HO HP HQ HR HS HT HU HV HW HX HY HZ KX SA SC TD TE TF TG TH TJ UA UB UC UD XE XP ' +
    'XS XU'
  ).split(' '),
);

/** `x2`, `x 2`, `(x2)`, `2 units`, `1u` behind the code. */
function takeUnits(tokens: Token[], candidate: Candidate): boolean {
  let at = candidate.last + 1;
  const open = markAt(tokens, at, '(');
  if (open || markAt(tokens, at, ',') || markAt(tokens, at, '-')) at++;
  const token = tokens[at];
  if (!token) return true;
  let last = -1;
  const field = unitsField(tokens, candidate.last + 1);
  if (field > 0) last = field;
  else if (token.kind === 'word' && token.word[0] === 'x' && isCount(token.word.slice(1)))
    last = at;
  else if ((token.word === 'x' || token.word === '×') && isCount(tokens[at + 1]?.word ?? ''))
    last = at + 1;
  else if (token.kind === 'number' && isUnitWord(tokens[at + 1]?.word ?? '')) last = at + 1;
  else if (token.kind === 'number' && token.word.endsWith('u') && isCount(token.word)) last = at;
  if (last < 0) return true;
  if (isUnitWord(tokens[last + 1]?.word ?? '')) last++;
  if (open && markAt(tokens, last + 1, ')')) last++;
  candidate.units = true;
  candidate.last = last;
  return true;
}

/** `Units: 1`, `| Qty 2`: the last token of such a field, or -1. */
function unitsField(tokens: Token[], from: number): number {
  let at = from;
  while (at < from + 2 && tokens[at]?.kind === 'mark' && tokens[at]!.word !== '.') at++;
  if (!isUnitWord(tokens[at]?.word ?? '') && !QUANTITY.has(tokens[at]?.word ?? '')) return -1;
  at++;
  while (at < from + 7 && '(s):=-#'.includes(tokens[at]?.word ?? '?')) at++;
  const count = tokens[at]?.word ?? '';
  return isNumber(count) && count.length <= 3 ? at : -1;
}

/** `4`, `12u` */
function isCount(text: string): boolean {
  return text.length < 5 && isNumber(text.endsWith('u') ? text.slice(0, -1) : text);
}

const QUANTITY = new Set(['qty', 'quantity']);

function isUnitWord(word: string): boolean {
  return word === 'unit' || word === 'units' || word === 'u' || word === 'un';
}

/** A number with the form of a code, with or without something glued to it. */
export function isCodeLike(word: string): boolean {
  return word.length >= 5 && cptCode(word.slice(0, 5)) !== null && word.length <= 7;
}

function markAt(tokens: Token[], at: number, mark: string): boolean {
  return tokens[at]?.word === mark && tokens[at].kind === 'mark';
}

/** Digits only, and at least one. */
export function isNumber(text: string): boolean {
  if (text === '') return false;
  for (let i = 0; i < text.length; i++) if (!isDigit(text.charCodeAt(i))) return false;
  return true;
}
