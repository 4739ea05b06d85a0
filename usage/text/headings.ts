import { tokenise } from './tokens.ts';
import { lexicalClassOf } from './lexicon.ts';
import { isOtherCode } from './words.ts';

/** Lines a list may run below its heading. */
const LIST_MAX = 8;
/** Words of a label before its colon of which one must name codes. */
const LABEL_WORDS = 4;
/** A heading has few words; a sentence has more. */
const HEADING_WORDS = 14;

/**
 * True where the lines above (nearest first) put a code heading over this line: directly, or over
 * a list whose other lines all begin with numbers.
 */
export function headingAbove(above: string[]): boolean {
  let blank = 0;
  let half = '';
  for (const text of above.slice(0, LIST_MAX)) {
    const trimmed = text.trim();
    if (trimmed === '') {
      if (++blank > 1) return false;
      continue;
    }
    const tokens = tokenise(trimmed, 0, Math.min(trimmed.length, 200));
    const first = tokens.find((token) => token.kind !== 'mark');
    if (first?.kind === 'number' && first.word !== '24d') continue;
    const words = tokens.map((token) => token.word);
    // "Procedure" over "Code": a heading broken in two.
    if (half === '' && words.length === 1 && lexicalClassOf(words[0]!) === 'code') half = words[0]!;
    else return endsInCue(half === '' ? words : [...words, half]);
  }
  return false;
}

/** A heading that names a code column or ends in a code label. */
function endsInCue(words: string[]): boolean {
  const named = words.filter((word) => /[a-z0-9]/.test(word));
  if (named.length === 0 || named.length > HEADING_WORDS) return false;
  const last = named.at(-1)!;
  if (lexicalClassOf(last) === 'blank') return false;
  const colon = words.at(-1) === ':';
  // "CPT codes billed:", "Procedure code(s) for today:"
  if (colon) return named.some((_, i) => i >= named.length - LABEL_WORDS && isCue(named, i));
  if (isCue(named, named.length - 1)) return true;
  // "Date  CPT  Units  Fee": every word heads a column, so none is a sentence's.
  const columns = named.every((word) => lexicalClassOf(word) !== undefined || COLUMNS.has(word));
  if (!columns) return false;
  return named.some((_, i) => isCue(named, i) || (isBareCode(named, i) && named.length > 2));
}

function isCue(words: string[], at: number): boolean {
  const sense = lexicalClassOf(words[at]!);
  if (sense === 'cue') return true;
  if (sense === 'noun') return true;
  if (sense !== 'code') return false;
  const before = lexicalClassOf(words[at - 1] ?? '');
  return before === 'cue' || before === 'noun' || before === 'service' || before === 'verb';
}

/** "Date | Code | Fee": in a row of columns, `Code` is no other code's unless it says so. */
function isBareCode(words: string[], at: number): boolean {
  const before = words[at - 1] ?? '';
  return (
    lexicalClassOf(words[at]!) === 'code' &&
    !isOtherCode(before) &&
    lexicalClassOf(before) !== 'list'
  );
}

const COLUMNS = new Set(
  'description desc qty quantity name clinician provider mod diagnosis pos charge balance'.split(
    ' ',
  ),
);
