import { cptCode, isDigit, isLetter, modifier } from '../cpt.ts';
import { type Candidate, isCodeLike, isNumber, takeTail } from './code-tail.ts';
import { lexicalClassOf } from './lexicon.ts';
import type { Token } from './tokens.ts';

/** Every candidate in a line's tokens, in order, without numbers whose form rules them out. */
export function candidatesIn(tokens: Token[]): Candidate[] {
  const found: Candidate[] = [];
  for (let i = 0; i < tokens.length; i++) {
    const candidate = candidateAt(tokens, i) ?? repairedAt(tokens, i);
    if (!candidate) continue;
    found.push(candidate);
    i = candidate.last;
  }
  return found;
}

function candidateAt(tokens: Token[], i: number): Candidate | null {
  const token = tokens[i]!;
  if (token.end - token.start < 5 || token.end - token.start > LONGEST) return null;
  const glued = token.kind === 'word' ? cueLength(token.word) : 0;
  const cued = glued > 0;
  const word = token.word.slice(glued);
  if (!isDigit(word.charCodeAt(0))) return null;
  const code = cptCode(word.slice(0, 5));
  const rest = word.slice(5);
  if (!code || !plausible(code)) return null;
  const attached = attachedTo(rest);
  if (!attached) return null;
  const qualified = qualifierBefore(tokens, i);
  if (!cued && !qualified && brokenBefore(tokens, i)) return null;
  const candidate: Candidate = {
    code,
    modifiers: attached.modifiers,
    first: i,
    last: i,
    units: attached.units,
    cued: cued || qualified,
    repaired: false,
  };
  return takeTail(tokens, candidate) ? candidate : null;
}

/** `procedurecode90837` and units, modifiers or the next field behind it. */
const LONGEST = 26;

/** The length of the cue a word begins with, if a number follows it: `cpt90834`, `cptcode90837`. */
function cueLength(word: string): number {
  let letters = 0;
  while (isLetter(word.charCodeAt(letters))) letters++;
  if (letters < 2 || letters === word.length) return 0;
  const cue = word.slice(0, letters);
  return lexicalClassOf(cue) === 'cue' || cue === 'proc' || cue === 'svc' ? letters : 0;
}

/** Only Category II starts with any digit; the others of four digits and a letter start with 0. */
function plausible(code: string): boolean {
  return isDigit(code.charCodeAt(4)) || code[4] === 'F' || code[0] === '0';
}

function attachedTo(rest: string): { modifiers: string[]; units: boolean } | null {
  if (rest === '') return { modifiers: [], units: false };
  if (rest[0] === 'x' && rest.length <= 3 && isNumber(rest.slice(1)))
    return { modifiers: [], units: true };
  const found = rest.length === 2 && isLetter(rest.charCodeAt(0)) ? modifier(rest) : null;
  if (found) return { modifiers: [found], units: false };
  // "90834Mod95"
  const named = rest.startsWith('mod') ? modifier(rest.slice(3)) : null;
  if (named) return { modifiers: [named], units: false };
  // "90853Units:1", "90837Mod": the next field's name lost its blank.
  return GLUED_FIELDS.has(rest) ? { modifiers: [], units: false } : null;
}

const GLUED_FIELDS = new Set('units unit mod modifier modifiers dx pos charge fee'.split(' '));

/** `HC:90837`, `HC|90837`: the qualifier of a claim's service line. */
function qualifierBefore(tokens: Token[], i: number): boolean {
  const mark = tokens[i - 1];
  const qualifier = tokens[i - 2];
  return (
    mark?.kind === 'mark' && tokens[i]!.gap === 0 && mark.gap === 0 && qualifier?.word === 'hc'
  );
}

/** True where what touches the number from the left makes it part of something else. */
function brokenBefore(tokens: Token[], i: number): boolean {
  const mark = tokens[i - 1];
  if (!mark) return false;
  if ('$€£'.includes(mark.word) && mark.kind === 'mark') return true;
  if (tokens[i]!.gap > 0 || mark.kind !== 'mark') return false;
  const before = tokens[i - 2];
  const touching = before !== undefined && mark.gap === 0 && before.kind !== 'mark';
  if (mark.word === '_') return !(touching && lexicalClassOf(before.word) === 'cue');
  if (mark.word === '@' || mark.word === '%') return true;
  if (mark.word === '+') return before?.kind === 'number' && touching && before.word.length < 5;
  if (mark.word === '-' || mark.word === '–') return touching && !opensRange(tokens, i);
  if (mark.word === '/' || mark.word === '.')
    return touching && before.kind === 'number' && !isCodeLike(before.word);
  return false;
}

/** The hyphen before this number belongs to a range, a cue (CPT-90837) or a word, not to an id. */
function opensRange(tokens: Token[], i: number): boolean {
  const before = tokens[i - 2]!;
  if (before.kind === 'number') return isCodeLike(before.word);
  return before.word.length > 2 || before.word === 'px';
}

/** Characters a scanner takes for digits. */
const MISREAD: Record<string, string> = { o: '0', l: '1', i: '1', s: '5', b: '8', z: '2' };

/**
 * `9 0 8 3 7`, `90 834`, `9O791`: a code broken by a scanner or by letter spacing. It is believed
 * only behind a cue, so the caller checks that one stands right before it.
 */
function repairedAt(tokens: Token[], i: number): Candidate | null {
  if (tokens[i]!.kind !== 'number' || tokens[i]!.end - tokens[i]!.start > 5) return null;
  let text = '';
  let digits = 0;
  let last = i;
  for (let at = i; at < tokens.length && text.length < 5; at++) {
    const token = tokens[at]!;
    if (token.kind === 'mark' || (at > i && token.gap !== 1)) return null;
    for (const char of token.word) {
      if (isDigit(char.charCodeAt(0))) digits++;
      text += MISREAD[char] ?? char;
    }
    last = at;
  }
  const next = tokens[last + 1];
  const runsOn = next !== undefined && next.kind === 'number' && next.gap <= 1;
  if (digits < 3 || text.length !== 5 || runsOn || (last === i && digits === 5)) return null;
  const code = cptCode(text);
  if (!code || !isNumber(code)) return null;
  const candidate = { code, modifiers: [], first: i, last, units: false, cued: false };
  const repaired: Candidate = { ...candidate, repaired: true };
  return takeTail(tokens, repaired) ? repaired : null;
}
