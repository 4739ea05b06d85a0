import { endsClause, isAfterPlace, isPlacing, namesPlace } from './clause.ts';
import { isDuration, isIcd10, isMinutes, isTimes } from './measures.ts';
import type { Token } from './tokens.ts';
import { lexicalClassOf } from './lexicon.ts';
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
import {
  cue,
  type LeftContext,
  pass,
  service,
  touches,
  type Verdict,
  type ContextScan,
} from './context-scan.ts';
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
export function leftContext(tokens: Token[], first: number): LeftContext {
  const found: LeftContext = {
    verdict: 'none',
    cue: null,
    at: -1,
    unknownWords: 0,
    service: false,
    followsUnknownWord: false,
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
  const scan: ContextScan = { tokens, first, ...none, placed, skipTo: first, found };
  for (let i = first - 1; i >= 0 && i >= first - REACH; i--) {
    if (scan.skipTo < first && i > scan.skipTo) continue;
    const verdict = step(scan, i);
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

function step(scan: ContextScan, i: number): Verdict {
  const token = scan.tokens[i]!;
  if (token.kind === 'mark') return mark(scan, i);
  if (token.kind === 'number' || isTimes(token.word)) return number(scan, i);
  if (isIcd10(token.word)) {
    scan.dxUsed = true;
    return 'on';
  }
  return word(scan, i);
}

function mark(scan: ContextScan, i: number): Verdict {
  const { tokens, first, found } = scan;
  const { word: char } = tokens[i]!;
  if (char === ',') scan.commas++;
  const numbers = tokens[i + 1]?.kind === 'number' && i + 1 < first;
  if (char === '#' && !numbers && !takesNumberSign(tokens, i)) return 'other';
  if (!endsClause(tokens, i) || isNumbering(tokens, i, first)) return 'on';
  if (headsTable(tokens, i)) return cue(scan, 'field');
  // "55 minutes; 90837", "CPT; 90837", "CPT: | - 90837": what touches the break still speaks of
  // the number.
  if (scan.words + scan.numbers > 0 || scan.filled || i < first - BREAK_MAX) return 'stop';
  let j = i - 1;
  while (tokens[j]?.kind === 'mark') j--;
  const before = tokens[j];
  if (!before) return 'stop';
  if (isMinutes(before.word) && !scan.placed) found.service = true;
  return NAMING.has(lexicalClassOf(before.word) ?? '') ? 'on' : 'stop';
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
    if (lexicalClassOf(text) === 'cue') return true;
    if (kind === 'word' && !HEADINGS.has(text) && lexicalClassOf(text) !== 'code') return false;
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
function number(scan: ContextScan, i: number): Verdict {
  const { tokens, found } = scan;
  const { word: text } = tokens[i]!;
  if (text === '24d') return cue(scan, 'field');
  const minutes = isMinutes(tokens[i + 1]?.word ?? '') || isDuration(text);
  if (minutes && found.unknownWords === 0 && scan.words <= 1 && !scan.placed) found.service = true;
  scan.numbers++;
  return scan.numbers > 8 ? 'stop' : 'on';
}

function word(scan: ContextScan, i: number): Verdict {
  const { tokens, found } = scan;
  const { word: text } = tokens[i]!;
  switch (lexicalClassOf(text)) {
    case 'filler':
      return filler(scan, i);
    case 'ordinal':
      return ordinal(scan, i);
    case 'blank':
      return 'stop';
    case 'cue':
      return outright(scan, i);
    case 'code':
      return code(scan, i);
    case 'noun':
      if (isDateOfService(tokens, i)) return dateOfService(scan, i);
      if (scan.words > 0 || scan.placed) return pass(scan);
      return labelsBilling(tokens, i) ? 'other' : cue(scan, 'billing');
    case 'verb':
      if (found.unknownWords > VERB_REACH) return 'stop';
      if (SUMS.has(tokens[i - 1]?.word ?? '')) return 'other';
      return scan.placed ? pass(scan) : cue(scan, 'billing');
    case 'service':
      return service(scan, i);
    case 'list':
      return scan.dxUsed || found.service ? 'on' : 'other';
    case 'document':
      if (isPassing(tokens, i, scan.first)) return pass(scan);
      if (scan.related) return cue(scan, 'billing');
      return touches(scan) && !found.service ? 'other' : pass(scan);
    case 'other':
      return other(scan, i);
    case 'owner':
      return owner(scan, i);
    default:
      return followsUnknownWord(scan, i);
  }
}

/** "ZIP for billing is 90815" */
function labelsBilling(tokens: Token[], i: number): boolean {
  const sense = lexicalClassOf(tokens[i - 2]?.word ?? '');
  return tokens[i - 1]?.word === 'for' && (sense === 'other' || sense === 'list');
}

function filler(scan: ContextScan, i: number): Verdict {
  const { word: text } = scan.tokens[i]!;
  scan.filled = true;
  if (text.startsWith('mod') && scan.related && scan.words <= 1) return cue(scan, 'billing');
  if (RELATING.has(text)) scan.related = true;
  if (text !== 'cat' && text !== 'category') return 'on';
  // "Cat II", "category III": the sections of CPT by name.
  return SECTIONS.has(scan.tokens[i + 1]?.word ?? '') ? cue(scan, 'field') : 'on';
}

const RELATING = new Set(
  'for with w w/ under as to on shows lists listed reflects indicates'.split(' '),
);
const SECTIONS = new Set(['i', 'ii', 'iii', '1', '2', '3']);

/** "CPT", unless it is the therapy, the test or the trainer. */
function outright(scan: ContextScan, i: number): Verdict {
  const { tokens, first, found } = scan;
  const { word: text } = tokens[i]!;
  const next = tokens.slice(i + 1, first).find((token) => token.kind === 'word');
  const direct = found.unknownWords === 0 && scan.words === 0;
  if (text === 'cpt' && !direct && next && isOtherCpt(next.word)) return 'stop';
  if (text === 'cpt' && isNumberedTest(tokens, i)) return 'stop';
  if (found.unknownWords > CPT_REACH || (scan.accompanied && text === 'cpt')) return 'stop';
  return cue(scan, text.startsWith('cpt') ? 'cpt' : 'field');
}

/** CPT-3 is a test and NASM-CPT a trainer; CPT-4 is the code set. */
function isNumberedTest(tokens: Token[], i: number): boolean {
  const edition = tokens[i + 2]?.word;
  const hyphen = tokens[i + 1]?.word === '-' && tokens[i + 1]?.gap === 0;
  if (hyphen && (edition === '2' || edition === '3')) return true;
  return tokens[i - 1]?.word === '-' && tokens[i - 1]?.gap === 0 && tokens[i - 2]?.kind === 'word';
}

/** "code" is a procedure code by the word before it, a door's or a diagnosis's by another. */
function code(scan: ContextScan, i: number): Verdict {
  const { tokens, found } = scan;
  let j = i - 1;
  while (j >= 0 && tokens[j]!.kind === 'mark' && '/-®™&('.includes(tokens[j]!.word)) j--;
  const before = tokens[j];
  if (found.unknownWords > 2) return pass(scan);
  // "will code this as 90837": the verb.
  if (tokens.slice(i + 1, scan.first).some((token) => token.word === 'as'))
    return cue(scan, 'billing');
  if (before?.kind === 'number' && lexicalClassOf(tokens[j - 2]?.word ?? '') === 'list')
    return 'other';
  if (!before || before.kind !== 'word') return cue(scan, 'code');
  if (SECTIONS.has(before.word) && (tokens[j - 1]?.word ?? '').startsWith('cat'))
    return cue(scan, 'field');
  if (isOtherCode(before.word)) return 'other';
  const sense = lexicalClassOf(before.word);
  if (sense === 'cue') return cue(scan, before.word.startsWith('cpt') ? 'cpt' : 'field');
  if (sense === 'noun' || sense === 'service') return cue(scan, 'field');
  if (sense === 'filler' || sense === 'blank') return cue(scan, 'code');
  if (sense === 'verb') return cue(scan, 'billing');
  if (VISITS.has(before.word)) return cue(scan, 'field');
  // "Conference code": a word nobody knows makes it a code of that, unless the line is of care.
  if (sense !== undefined) return sense === 'list' && scan.dxUsed ? pass(scan) : 'other';
  return cue(scan, 'unknown');
}

/** What a code in a schedule is of. */
const VISITS = new Set('appt appointment encounter admin based timed untimed'.split(' '));

function followsUnknownWord(scan: ContextScan, i: number): Verdict {
  const { tokens, first, found } = scan;
  if (tokens[i]!.word === 'item' && tokens[i - 1]?.word === 'line') return cue(scan, 'billing');
  if (tokens[i]!.word === 'seen' && scan.related && !scan.placed) return cue(scan, 'billing');
  found.unknownWords++;
  if (scan.words === 0 && namesPlace(tokens, i)) return 'other';
  const between = tokens.slice(i + 1, first);
  if (touches(scan) && between.every((token) => LABEL_JOINTS.has(token.word)))
    found.followsUnknownWord = true;
  scan.words++;
  return found.unknownWords > CPT_REACH ? 'stop' : 'on';
}

const LABEL_JOINTS = new Set(['-', '=', '(', 'is', 'no', '.']);
