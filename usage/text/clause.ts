import type { Token } from './tokens.ts';
import { lexicalClassOf } from './lexicon.ts';
import { isNegation, isState, isStateName } from './words.ts';

/** True where the mark at `i` ends a sentence or a clause to its right. */
export function endsClause(tokens: Token[], i: number): boolean {
  const { word } = tokens[i]!;
  if (word === ';' || word === '|' || word === '!' || word === '?' || word === '•') return true;
  if (word !== '.') return false;
  const next = tokens[i + 1];
  const before = tokens[i - 1];
  if (!next || next.gap === 0 || before?.word === '.') return false;
  // "proc. 90834", "lic. 48213": an abbreviation's dot ends nothing.
  return !(before && ABBREVIATIONS.has(before.word));
}

const ABBREVIATIONS = new Set(
  (
    '24d proc svc no nr nos num lic acct ext auth ref tel inv rm ste apt dx px conf ' +
    'ind fam dr st'
  ).split(' '),
);

/** True where the number follows a state, and so is a postal code. */
export function isAfterPlace(tokens: Token[], first: number): boolean {
  const state = tokens[first - 1];
  if (!state || state.kind !== 'word') return false;
  if (isStateName(state.word)) return true;
  if (state.end - state.start !== 2 || !isState(state.word)) return false;
  const before = tokens[first - 2];
  if (!before || before.word === ',') return true;
  // States that are also words or degrees count only behind a comma.
  if (!state.capital || AMBIGUOUS.has(state.word)) return false;
  return (
    before.kind === 'word' && lexicalClassOf(before.word) !== 'filler' && before.word.length > 2
  );
}

const AMBIGUOUS = new Set(['or', 'in', 'me', 'hi', 'ok', 'id', 'oh', 'pa', 'md', 'ma', 'tx']);

const PLACING = new Set(['at', 'in', 'from', 'near', 'around', 'since', 'until']);

/** "in", "from", "near": what follows is a place, not a code. */
export function isPlacing(tokens: Token[], i: number): boolean {
  const token = tokens[i];
  if (!token || !PLACING.has(token.word)) return false;
  // A check-in is no place.
  return !(token.gap === 0 && tokens[i - 1]?.word === '-');
}

/** "in Long Beach 90807", "from Lakewood 90713": `i` is the last word of the place. */
export function namesPlace(tokens: Token[], i: number): boolean {
  let j = i;
  while (j > i - 3 && tokens[j]?.capital && tokens[j]!.kind === 'word') j--;
  return j < i && isPlacing(tokens, j);
}

/** Words after which a new statement begins. */
const TURNS = new Set(['so', 'but', 'therefore', 'however', 'and', 'then']);

/** True where a negation stands among the tokens [from, to) and reaches the end of them. */
export function negatedWithin(tokens: Token[], from: number, to: number): boolean {
  for (let i = to - 1; i >= from; i--) {
    const token = tokens[i]!;
    if (token.kind === 'mark' && (token.word === ',' || endsClause(tokens, i))) return false;
    if (token.kind !== 'word') continue;
    if (TURNS.has(token.word)) return false;
    if (token.word === 'no' && isNumbering(tokens[i + 1])) continue;
    if (isNegation(token.word)) return true;
    if (token.word === 'of' && tokens[i - 1]?.word === 'instead') return true;
  }
  return false;
}

/** "no. 90837", "no: 90837" */
function isNumbering(next: Token | undefined): boolean {
  return next?.word === '.' || next?.word === ':' || next?.word === '#';
}
