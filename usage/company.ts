import { cptCode, isDigit, isLetter } from './cpt.ts';
import type { Token } from './tokens.ts';
import {
  isNegation,
  isOtherCode,
  isOtherCpt,
  isState,
  isStateName,
  type Sense,
  senseOf,
} from './words.ts';

/** What stands to the left of a number, and what that makes of it. */
export interface LeftCompany {
  verdict: 'cue' | 'other' | 'none';
  /** How the cue reads: `cpt`, `field` (a named code field), `billing`, `code` (of some kind). */
  cue: 'cpt' | 'field' | 'billing' | 'code' | null;
  /** The cue's token, or -1. */
  at: number;
  /** Words of no known sense between cue and number. */
  strangers: number;
  /** A service is named, or minutes are given, right before the number. */
  service: boolean;
  /** The word touching the number on the left is one nobody knows: a label of some kind. */
  stranger: boolean;
}

/** Tokens looked at to the left of a number. */
const REACH = 26;
/** Unknown words a cue may be away: "CPT for this morning's extended visit: 90837". */
const CPT_REACH = 5;
const VERB_REACH = 3;

/**
 * Reads leftwards from a number to the first word that says what it is. The nearest label wins;
 * labels of other kinds must touch the number, give or take two words.
 */
export function leftCompany(tokens: Token[], first: number): LeftCompany {
  const found: LeftCompany = {
    verdict: 'none',
    cue: null,
    at: -1,
    strangers: 0,
    service: false,
    stranger: false,
  };
  if (afterPlace(tokens, first)) return { ...found, verdict: 'other' };
  const placed = PLACING.has(tokens[first - 1]?.word ?? '');
  const walk: Walk = { commas: 0, numbers: 0, words: 0, related: false, dxUsed: false, placed };
  for (let i = first - 1; i >= 0 && i >= first - REACH; i--) {
    const token = tokens[i]!;
    if (token.kind === 'mark') {
      if (endsClause(tokens, i)) break;
      if (token.word === ',') walk.commas++;
      if (token.word === '#' && !takesNumberSign(tokens, i)) return { ...found, verdict: 'other' };
      continue;
    }
    if (token.kind === 'number') {
      const stop = passNumber(tokens, i, walk, found);
      if (stop) break;
      continue;
    }
    const verdict = readWord(tokens, i, first, walk, found);
    if (verdict === 'stop') break;
    if (verdict !== 'on') return { ...found, verdict, at: i };
  }
  return found;
}

interface Walk {
  commas: number;
  numbers: number;
  /** Words passed that are no fillers. */
  words: number;
  /** "for", "with", "covers" was passed: a document before it speaks of the number. */
  related: boolean;
  /** "in", "from" or "near" stands before the number: only an outright cue makes it a code. */
  placed: boolean;
  /** A dotted or lettered diagnosis was passed: its label has been used up. */
  dxUsed: boolean;
}

function readWord(
  tokens: Token[],
  i: number,
  first: number,
  walk: Walk,
  found: LeftCompany,
): 'cue' | 'other' | 'stop' | 'on' {
  const { word } = tokens[i]!;
  const near = walk.words === 0 && walk.commas === 0;
  if (isIcd10(word)) {
    walk.dxUsed = true;
    return 'on';
  }
  switch (senseOf(word)) {
    case 'filler':
      return filler(tokens, i, walk, found);
    case 'ordinal':
      return ordinal(tokens, i, near, walk, found);
    case 'blank':
      return 'stop';
    case 'cue':
      return cue(tokens, i, first, walk, found);
    case 'code':
      return code(tokens, i, walk, found);
    case 'noun':
      if (isDateOfService(tokens, i)) return near && walk.numbers === 0 ? 'other' : 'stop';
      if (walk.words > 0 || walk.placed) return count(walk);
      return accept(found, 'billing');
    case 'verb':
      if (found.strangers > VERB_REACH) return 'stop';
      return walk.placed ? count(walk) : accept(found, 'billing');
    case 'service':
      return service(tokens, i, first, walk, found);
    case 'list':
      return walk.dxUsed || found.service ? 'on' : 'other';
    case 'document':
      if (walk.related) return accept(found, 'billing');
      return near && walk.numbers === 0 && !found.service ? 'other' : count(walk);
    case 'other':
      if (isMedCheck(tokens, i)) return service(tokens, i, first, walk, found);
      if (found.service || walk.numbers > 0 || walk.commas > 0) return count(walk);
      return found.strangers <= 2 ? 'other' : count(walk);
    case 'owner':
      return owner(tokens, i, near, walk);
    default:
      return stranger(tokens, i, first, walk, found);
  }
}

/** "Cat II", "category III": the sections of CPT by name; other fillers say nothing. */
function filler(tokens: Token[], i: number, walk: Walk, found: LeftCompany): 'cue' | 'on' {
  const { word } = tokens[i]!;
  if (RELATING.has(word)) walk.related = true;
  if (word !== 'cat' && word !== 'category') return 'on';
  return SECTIONS.has(tokens[i + 1]?.word ?? '') ? accept(found, 'field') : 'on';
}

const SECTIONS = new Set(['i', 'ii', 'iii', '1', '2', '3']);

/** "date of service", "place of service": labels of a date and of a place. */
function isDateOfService(tokens: Token[], i: number): boolean {
  const head = tokens[i - 2]?.word ?? '';
  return tokens[i - 1]?.word === 'of' && (head.startsWith('date') || head === 'place');
}

function owner(tokens: Token[], i: number, near: boolean, walk: Walk): 'other' | 'on' {
  const { word } = tokens[i]!;
  // "Service line 1: 90834"
  if (word === 'line' && walk.numbers > 0) return 'on';
  const before = tokens[tokens[i - 1]?.word === '/' ? i - 2 : i - 1]?.word ?? '';
  const accompanied = before === 'with' || before === 'w' || before === 'without';
  if (!near || walk.numbers > 0 || accompanied || isBilledTo(tokens, i)) return count(walk);
  return 'other';
}

/** "billed insurance", "submitted to the payer": the one it went to is no label. */
function isBilledTo(tokens: Token[], i: number): boolean {
  for (let j = i - 1; j >= 0 && j >= i - 3; j--) {
    const sense = senseOf(tokens[j]!.word);
    if (sense === 'verb') return true;
    if (sense !== 'filler') return false;
  }
  return false;
}

const PLACING = new Set(['at', 'in', 'from', 'near', 'around', 'since', 'until']);
const RELATING = new Set(['for', 'with', 'under', 'as']);

/** A service's name; "group" alone, touching the number, is as often an insurance group. */
function service(tokens: Token[], i: number, first: number, walk: Walk, found: LeftCompany): 'on' {
  const group = tokens[i]!.word === 'group' && i === first - 1;
  if (!group && found.strangers === 0 && walk.numbers <= 1 && walk.words < 4) found.service = true;
  return count(walk);
}

/** "Med check", "medication check": a visit, not a cheque. */
function isMedCheck(tokens: Token[], i: number): boolean {
  const before = tokens[i - 1]?.word ?? '';
  return tokens[i]!.word === 'check' && before.startsWith('med');
}

function accept(found: LeftCompany, kind: NonNullable<LeftCompany['cue']>): 'cue' {
  found.cue = kind;
  return 'cue';
}

function count(walk: Walk): 'on' {
  walk.words++;
  return 'on';
}

function stranger(
  tokens: Token[],
  i: number,
  first: number,
  walk: Walk,
  found: LeftCompany,
): 'other' | 'stop' | 'on' {
  found.strangers++;
  if (walk.words === 0 && isPlaceName(tokens, i)) return 'other';
  if (walk.words === 0 && walk.commas === 0 && walk.numbers === 0 && i >= first - 3)
    found.stranger = !tokens.slice(i + 1, first).some((t) => t.word === '(' || t.word === ':');
  walk.words++;
  return found.strangers > CPT_REACH ? 'stop' : 'on';
}

/** "number", "no", "id": what they number is told by the word before them. */
function ordinal(
  tokens: Token[],
  i: number,
  near: boolean,
  walk: Walk,
  found: LeftCompany,
): 'cue' | 'other' | 'on' {
  const before = senseOf(tokens[i - 1]?.word ?? '');
  const superbill = tokens[i - 1]?.word.startsWith('superbill') ?? false;
  if (before === 'cue' && !superbill) return accept(found, 'cpt');
  if (before === 'code' || before === 'noun') return 'on';
  const { word } = tokens[i]!;
  if (word === 'no' && tokens[i + 1]?.word !== '.' && tokens[i + 1]?.word !== ':') return count(walk);
  return near && walk.numbers === 0 ? 'other' : count(walk);
}

function cue(
  tokens: Token[],
  i: number,
  first: number,
  walk: Walk,
  found: LeftCompany,
): 'cue' | 'stop' | 'on' {
  const { word } = tokens[i]!;
  const next = nextWord(tokens, i, first);
  const direct = found.strangers === 0 && walk.words === 0;
  if (word === 'cpt' && !direct && next !== null && isOtherCpt(next)) return 'stop';
  // CPT-3 is a test and "NASM-CPT" a trainer; CPT-4 is the code set.
  if (word === 'cpt' && isNumberedTest(tokens, i)) return 'stop';
  if (found.strangers > CPT_REACH) return 'stop';
  return accept(found, word.startsWith('cpt') ? 'cpt' : 'field');
}

function isNumberedTest(tokens: Token[], i: number): boolean {
  const number = tokens[i + 2]?.word;
  const joined = tokens[i + 1]?.word === '-' && tokens[i + 1]?.gap === 0;
  if (joined && (number === '2' || number === '3')) return true;
  return tokens[i - 1]?.word === '-' && tokens[i - 1]?.gap === 0 && tokens[i - 2]?.kind === 'word';
}

/** "code" is a procedure code by the word before it, a door's or a diagnosis's by another. */
function code(tokens: Token[], i: number, walk: Walk, found: LeftCompany): 'cue' | 'other' | 'on' {
  let j = i - 1;
  while (j >= 0 && tokens[j]!.kind === 'mark' && '/-®™&'.includes(tokens[j]!.word)) j--;
  const before = tokens[j];
  if (found.strangers > 2) return count(walk);
  if (!before || before.kind !== 'word') return accept(found, 'code');
  if (isOtherCode(before.word)) return 'other';
  const sense = senseOf(before.word);
  if (sense === 'cue') return accept(found, before.word.startsWith('cpt') ? 'cpt' : 'field');
  if (sense === 'noun' || sense === 'service') return accept(found, 'field');
  if (sense === 'list' || sense === 'owner') return 'other';
  if (sense === 'other' || sense === 'document') return 'other';
  // "Conference code": a word nobody knows makes it a code of that.
  if (sense === undefined) return count(walk);
  return accept(found, sense === 'verb' ? 'billing' : 'code');
}

/** A number on the way: dates, times and other codes are passed, a label's own value is not. */
function passNumber(tokens: Token[], i: number, walk: Walk, found: LeftCompany): boolean {
  const { word } = tokens[i]!;
  if (word === '24d') {
    found.cue = 'field';
    found.verdict = 'cue';
    found.at = i;
    return true;
  }
  const next = tokens[i + 1]?.word ?? '';
  if (isMinutes(next) && found.strangers === 0 && walk.words <= 1) found.service = true;
  walk.numbers++;
  return walk.numbers > 8;
}

/** True for the words minutes and hours are given in. */
export function isMinutes(word: string): boolean {
  return MINUTES.has(word);
}

const MINUTES = new Set(
  'min mins minute minutes hr hrs hour hours m'.split(' '),
);

/** `CPT #90837` and `code #` name a code; `#` behind anything else numbers that. */
function takesNumberSign(tokens: Token[], i: number): boolean {
  const before = tokens[i - 1];
  if (!before || before.kind !== 'word') return before === undefined || before.word === '(';
  const sense = senseOf(before.word);
  return (sense === 'cue' && !before.word.startsWith('superbill')) || sense === 'code' ||
    (sense === 'noun' && before.word.startsWith('proc')) || sense === 'ordinal';
}

/** True where the mark at `i` ends a sentence or a clause to its right. */
function endsClause(tokens: Token[], i: number): boolean {
  const { word } = tokens[i]!;
  // "CPT | 90834": the bar of a table between a label and its value.
  if (word === '|') return !NAMES_CODE.has(senseOf(tokens[i - 1]?.word ?? '') ?? 'blank');
  if (word === ';' || word === '!' || word === '?' || word === '•') return true;
  if (word !== '.') return false;
  const next = tokens[i + 1];
  const before = tokens[i - 1];
  if (!next || next.gap === 0) return false;
  // "proc. 90834", "lic. 48213": an abbreviation's dot ends nothing.
  return !(before && ABBREVIATIONS.has(before.word));
}

const NAMES_CODE: ReadonlySet<Sense> = new Set<Sense>(['cue', 'code', 'noun']);
const ABBREVIATIONS = new Set('24d proc svc no nr lic acct ext auth ref tel inv rm ste apt dx px conf'.split(' '));

/** A postal code: behind a state, or behind "in"/"from"/"near" and a capitalised place. */
function afterPlace(tokens: Token[], first: number): boolean {
  let i = first - 1;
  while (tokens[i]?.word === ',' || tokens[i]?.word === '.') i--;
  const state = tokens[i];
  if (!state || state.kind !== 'word') return false;
  const before = tokens[i - 1];
  if (isStateName(state.word) && i === first - 1) return true;
  if (state.end - state.start !== 2 || !isState(state.word) || i !== first - 1) return false;
  if (!before) return true;
  if (before.word === ',') return true;
  return before.kind === 'word' && senseOf(before.word) !== 'filler' && before.word.length > 2 &&
    !CONJUNCTIONS.has(state.word);
}

/** "in Long Beach 90807", "from Lakewood 90713". */
function isPlaceName(tokens: Token[], i: number): boolean {
  let j = i;
  while (j > i - 3 && tokens[j]?.capital && tokens[j]!.kind === 'word') j--;
  return j < i && PLACING.has(tokens[j]?.word ?? '');
}

/** States that are also words between two codes. */
const CONJUNCTIONS = new Set(['or', 'in', 'me', 'hi', 'ok', 'id', 'oh', 'pa', 'md', 'ma']);

function nextWord(tokens: Token[], i: number, before: number): string | null {
  for (let j = i + 1; j < before; j++) if (tokens[j]!.kind === 'word') return tokens[j]!.word;
  return null;
}

/** A letter, two digits and perhaps more: F41.1, F331, Z63.0. */
export function isIcd10(word: string): boolean {
  if (word.length < 3 || word.length > 8 || !isLetter(word.charCodeAt(0))) return false;
  if (!isDigit(word.charCodeAt(1)) || word === 'u4' || cptCode(word) !== null) return false;
  const third = word.charCodeAt(2);
  return (isDigit(third) || isLetter(third)) && !(word.length === 5 && /^[a-v]\d{4}$/.test(word));
}

/** True where a negation stands among the tokens [from, to) without a comma behind it. */
export function negatedWithin(tokens: Token[], from: number, to: number): boolean {
  for (let i = to - 1; i >= from; i--) {
    const token = tokens[i]!;
    if (token.kind === 'mark' && (token.word === ',' || endsClause(tokens, i))) return false;
    if (token.kind !== 'word') continue;
    if (TURNS.has(token.word)) return false;
    if (isNegation(token.word)) return true;
    if (token.word === 'of' && tokens[i - 1]?.word === 'instead') return true;
  }
  return false;
}

/** Words after which a new statement begins. */
const TURNS = new Set(['so', 'but', 'therefore', 'however', 'and', 'then']);
