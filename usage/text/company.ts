import { endsClause, isAfterPlace, isPlacing, namesPlace } from './clause.ts';
import { isDuration, isIcd10, isMinutes, isTimes } from './measures.ts';
import type { Token } from './tokens.ts';
import { senseOf } from './senses.ts';
import {
  dateOfService,
  isPassing,
  isDateOfService,
  ordinal,
  other,
  owner,
  SUMS,
  takesNumberSign,
} from './other-labels.ts';
import { cue, type LeftCompany, pass, service, touches, type Verdict, type Walk } from './walk.ts';
import { isOtherCode, isOtherCpt } from './words.ts';

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
  if (isAfterPlace(tokens, first) || isMeasured(tokens, first))
    return { ...found, verdict: 'other' };
  const placed = isPlacing(tokens, first - 1);
  const none = {
    commas: 0,
    numbers: 0,
    words: 0,
    related: false,
    filled: false,
    accompanied: false,
    dxUsed: false,
  };
  const walk: Walk = { tokens, first, ...none, placed, skipTo: first, found };
  for (let i = first - 1; i >= 0 && i >= first - REACH; i--) {
    if (walk.skipTo < first && i > walk.skipTo) continue;
    const verdict = step(walk, i);
    if (verdict === 'on') continue;
    return verdict === 'stop' ? found : { ...found, verdict, at: i };
  }
  return found;
}

const MEASURES = new Set('hours hrs minutes mins units'.split(' '));

/** "hours: 12034", "units: 10450": the label of a quantity. */
function isMeasured(tokens: Token[], first: number): boolean {
  const label = tokens[first - 2]?.word ?? '';
  if (tokens[first - 3]?.kind === 'number' || tokens[first - 3]?.word === '/') return false;
  return tokens[first - 1]?.word === ':' && MEASURES.has(label);
}

function step(walk: Walk, i: number): Verdict {
  const token = walk.tokens[i]!;
  if (token.kind === 'mark') return mark(walk, i);
  if (token.kind === 'number' || isTimes(token.word)) return number(walk, i);
  if (isIcd10(token.word)) {
    walk.dxUsed = true;
    return 'on';
  }
  return word(walk, i);
}

function mark(walk: Walk, i: number): Verdict {
  const { tokens, first, found } = walk;
  const { word: char } = tokens[i]!;
  if (char === ',') walk.commas++;
  const numbers = tokens[i + 1]?.kind === 'number' && i + 1 < first;
  if (char === '#' && !numbers && !takesNumberSign(tokens, i)) return 'other';
  if (!endsClause(tokens, i) || isNumbering(tokens, i, first)) return 'on';
  if (headsTable(tokens, i)) return cue(walk, 'field');
  // "55 minutes; 90837", "CPT; 90837", "CPT: | - 90837": what touches the break still speaks of
  // the number.
  if (walk.words + walk.numbers > 0 || walk.filled || i < first - BREAK_MAX) return 'stop';
  let j = i - 1;
  while (tokens[j]?.kind === 'mark') j--;
  const before = tokens[j];
  if (!before) return 'stop';
  if (isMinutes(before.word) && !walk.placed) found.service = true;
  return NAMING.has(senseOf(before.word) ?? '') ? 'on' : 'stop';
}

/** "1. 90791": the numbering of a list. */
function isNumbering(tokens: Token[], i: number, first: number): boolean {
  const before = tokens[i - 1];
  return i === first - 1 && before?.kind === 'number' && before.word.length <= 2;
}

/** "CPT | Units | 90837": nothing but headings and figures of a table stands back to its cue. */
function headsTable(tokens: Token[], i: number): boolean {
  if (tokens[i]!.word !== '|') return false;
  for (let j = i - 1; j >= 0 && j > i - REACH; j--) {
    const { kind, word: text } = tokens[j]!;
    if (senseOf(text) === 'cue') return true;
    if (kind === 'word' && !HEADINGS.has(text) && senseOf(text) !== 'code') return false;
  }
  return false;
}

const HEADINGS = new Set(
  'units unit qty mod modifier pos fee fees charge charges amount'.split(' '),
);

/** Marks that may stand between a label and its number. */
const BREAK_MAX = 5;

const NAMING: ReadonlySet<string> = new Set(['cue', 'code', 'noun', 'verb']);

/** A number on the way: dates, times and other codes are passed, a label's own value is not. */
function number(walk: Walk, i: number): Verdict {
  const { tokens, found } = walk;
  const { word: text } = tokens[i]!;
  if (text === '24d') return cue(walk, 'field');
  const minutes = isMinutes(tokens[i + 1]?.word ?? '') || isDuration(text);
  if (minutes && found.strangers === 0 && walk.words <= 1 && !walk.placed) found.service = true;
  walk.numbers++;
  return walk.numbers > 8 ? 'stop' : 'on';
}

function word(walk: Walk, i: number): Verdict {
  const { tokens, found } = walk;
  const { word: text } = tokens[i]!;
  switch (senseOf(text)) {
    case 'filler':
      return filler(walk, i);
    case 'ordinal':
      return ordinal(walk, i);
    case 'blank':
      return 'stop';
    case 'cue':
      return outright(walk, i);
    case 'code':
      return code(walk, i);
    case 'noun':
      if (isDateOfService(tokens, i)) return dateOfService(walk, i);
      if (walk.words > 0 || walk.placed) return pass(walk);
      return labelsBilling(tokens, i) ? 'other' : cue(walk, 'billing');
    case 'verb':
      if (found.strangers > VERB_REACH) return 'stop';
      if (SUMS.has(tokens[i - 1]?.word ?? '')) return 'other';
      return walk.placed ? pass(walk) : cue(walk, 'billing');
    case 'service':
      return service(walk, i);
    case 'list':
      return walk.dxUsed || found.service ? 'on' : 'other';
    case 'document':
      if (isPassing(tokens, i, walk.first)) return pass(walk);
      if (walk.related) return cue(walk, 'billing');
      return touches(walk) && !found.service ? 'other' : pass(walk);
    case 'other':
      return other(walk, i);
    case 'owner':
      return owner(walk, i);
    default:
      return stranger(walk, i);
  }
}

/** "ZIP for billing is 90815" */
function labelsBilling(tokens: Token[], i: number): boolean {
  const sense = senseOf(tokens[i - 2]?.word ?? '');
  return tokens[i - 1]?.word === 'for' && (sense === 'other' || sense === 'list');
}

function filler(walk: Walk, i: number): Verdict {
  const { word: text } = walk.tokens[i]!;
  walk.filled = true;
  if (text.startsWith('mod') && walk.related && walk.words <= 1) return cue(walk, 'billing');
  if (RELATING.has(text)) walk.related = true;
  if (text !== 'cat' && text !== 'category') return 'on';
  // "Cat II", "category III": the sections of CPT by name.
  return SECTIONS.has(walk.tokens[i + 1]?.word ?? '') ? cue(walk, 'field') : 'on';
}

const RELATING = new Set(
  'for with w w/ under as to on shows lists listed reflects indicates'.split(' '),
);
const SECTIONS = new Set(['i', 'ii', 'iii', '1', '2', '3']);

/** "CPT", unless it is the therapy, the test or the trainer. */
function outright(walk: Walk, i: number): Verdict {
  const { tokens, first, found } = walk;
  const { word: text } = tokens[i]!;
  const next = tokens.slice(i + 1, first).find((token) => token.kind === 'word');
  const direct = found.strangers === 0 && walk.words === 0;
  if (text === 'cpt' && !direct && next && isOtherCpt(next.word)) return 'stop';
  if (text === 'cpt' && isNumberedTest(tokens, i)) return 'stop';
  if (found.strangers > CPT_REACH || (walk.accompanied && text === 'cpt')) return 'stop';
  return cue(walk, text.startsWith('cpt') ? 'cpt' : 'field');
}

/** CPT-3 is a test and NASM-CPT a trainer; CPT-4 is the code set. */
function isNumberedTest(tokens: Token[], i: number): boolean {
  const edition = tokens[i + 2]?.word;
  const hyphen = tokens[i + 1]?.word === '-' && tokens[i + 1]?.gap === 0;
  if (hyphen && (edition === '2' || edition === '3')) return true;
  return tokens[i - 1]?.word === '-' && tokens[i - 1]?.gap === 0 && tokens[i - 2]?.kind === 'word';
}

/** "code" is a procedure code by the word before it, a door's or a diagnosis's by another. */
function code(walk: Walk, i: number): Verdict {
  const { tokens, found } = walk;
  let j = i - 1;
  while (j >= 0 && tokens[j]!.kind === 'mark' && '/-®™&('.includes(tokens[j]!.word)) j--;
  const before = tokens[j];
  if (found.strangers > 2) return pass(walk);
  // "will code this as 90837": the verb.
  if (tokens.slice(i + 1, walk.first).some((token) => token.word === 'as'))
    return cue(walk, 'billing');
  if (before?.kind === 'number' && senseOf(tokens[j - 2]?.word ?? '') === 'list') return 'other';
  if (!before || before.kind !== 'word') return cue(walk, 'code');
  if (SECTIONS.has(before.word) && (tokens[j - 1]?.word ?? '').startsWith('cat'))
    return cue(walk, 'field');
  if (isOtherCode(before.word)) return 'other';
  const sense = senseOf(before.word);
  if (sense === 'cue') return cue(walk, before.word.startsWith('cpt') ? 'cpt' : 'field');
  if (sense === 'noun' || sense === 'service') return cue(walk, 'field');
  if (sense === 'filler' || sense === 'blank') return cue(walk, 'code');
  if (sense === 'verb') return cue(walk, 'billing');
  if (VISITS.has(before.word)) return cue(walk, 'field');
  // "Conference code": a word nobody knows makes it a code of that, unless the line is of care.
  if (sense !== undefined) return sense === 'list' && walk.dxUsed ? pass(walk) : 'other';
  return cue(walk, 'unknown');
}

/** What a code in a schedule is of. */
const VISITS = new Set('appt appointment encounter admin based timed untimed'.split(' '));

function stranger(walk: Walk, i: number): Verdict {
  const { tokens, first, found } = walk;
  if (tokens[i]!.word === 'item' && tokens[i - 1]?.word === 'line') return cue(walk, 'billing');
  if (tokens[i]!.word === 'seen' && walk.related && !walk.placed) return cue(walk, 'billing');
  found.strangers++;
  if (walk.words === 0 && namesPlace(tokens, i)) return 'other';
  const between = tokens.slice(i + 1, first);
  if (touches(walk) && between.every((token) => LABEL_JOINTS.has(token.word)))
    found.stranger = true;
  walk.words++;
  return found.strangers > CPT_REACH ? 'stop' : 'on';
}

const LABEL_JOINTS = new Set(['-', '=', '(', 'is', 'no', '.']);
