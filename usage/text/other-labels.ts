import { lexicalClassOf } from './lexicon.ts';
import type { Token } from './tokens.ts';
import { cue, pass, service, touches, type Verdict, type ContextScan } from './context-scan.ts';

/** "total billed 10450" */
export const SUMS = new Set(['total', 'amount', 'sum', 'balance', 'cost', 'price']);

const LABELLED: ReadonlySet<string> = new Set(['other', 'document', 'owner', 'service', 'noun']);

/** "number", "no", "id": what they number is told by the word before them. */
export function ordinal(scan: ContextScan, i: number): Verdict {
  const { tokens } = scan;
  const before = tokens[i - 1]?.word ?? '';
  const sense = lexicalClassOf(before);
  if (sense === 'cue' && !before.startsWith('superbill')) return cue(scan, 'cpt');
  if (sense === 'code' || before.startsWith('proc')) return 'on';
  const next = tokens[i + 1]?.word;
  const labelled = LABELLED.has(sense ?? '');
  if (tokens[i]!.word === 'no' && next !== '.' && next !== ':' && !labelled) return pass(scan);
  return touches(scan) ? 'other' : pass(scan);
}

export function other(scan: ContextScan, i: number): Verdict {
  const { tokens, found } = scan;
  const { word: text } = tokens[i]!;
  const before = tokens[i - 1]?.word ?? '';
  // A med check and a check-in are visits; a line item is a service line.
  const next = tokens[i + 1]?.word === '-' ? tokens[i + 2]?.word : tokens[i + 1]?.word;
  if (text === 'check' && (before.startsWith('med') || next === 'in')) return service(scan, i);
  if ((text === 'phone' || text === 'telephone') && CALLS.has(next ?? '')) return service(scan, i);
  if (scan.related && SUMS.has(text) && scan.words === 0) return cue(scan, 'billing');
  if (found.service || scan.numbers > 0 || scan.commas > 0) return pass(scan);
  return found.unknownWords <= 2 ? 'other' : pass(scan);
}

const CALLS = new Set('call calls visit session contact check consult consultation f/u'.split(' '));

export function owner(scan: ContextScan, i: number): Verdict {
  const { tokens } = scan;
  const { word: text } = tokens[i]!;
  const before = tokens[tokens[i - 1]?.word === '/' ? i - 2 : i - 1]?.word ?? '';
  if (text === 'call' && (before === 'phone' || before === 'telephone')) return service(scan, i);
  if (text === 'line') {
    if (CLAIM_LINES.has(before)) return cue(scan, 'billing');
    if (scan.numbers > 0) return 'on';
  }
  if (text === 'unit' && tokens[i - 1]?.kind === 'number' && !scan.placed) return service(scan, i);
  if (text === 'plan' && TREATMENT.has(before)) return service(scan, i);
  if (text === 'pt' || text === 'patient')
    if (before === 'est' || before === 'new' || before === 'established') return service(scan, i);
  if (PREMISES.has(text) && (before === 'in' || before === 'at')) return pass(scan);
  if (before === 'this' || before === 'that' || isPassing(tokens, i, scan.first)) return pass(scan);
  if (ACCOMPANYING.has(before)) scan.accompanied ||= touches(scan) && PERSONS.has(text);
  if (!touches(scan) || scan.related || ACCOMPANYING.has(before)) return pass(scan);
  return INSURERS.has(text) && isBilledTo(tokens, i) ? pass(scan) : 'other';
}

/** "on the claim was 90834", "for the client is": what is spoken of stands further left. */
export function isPassing(tokens: Token[], i: number, first: number): boolean {
  const copula = tokens[i + 1]?.word ?? '';
  if (i + 1 >= first || !COPULAS.has(copula)) return false;
  const article = ARTICLES.has(tokens[i - 1]?.word ?? '') ? 1 : 0;
  return PREPOSITIONS.has(tokens[i - 1 - article]?.word ?? '');
}

const COPULAS = new Set(['is', 'was', 'are', 'were']);
const ARTICLES = new Set(['the', 'a', 'an', 'this', 'that', 'our', 'my', 'your', 'her', 'his']);
const PREPOSITIONS = new Set(['on', 'for', 'with', 'of', 'in', 'per', 'from']);
const PERSONS = new Set('client patient pt ct member consumer cl cliente paciente'.split(' '));
const PREMISES = new Set(['office', 'clinic', 'home', 'house', 'hospital', 'school']);
const TREATMENT = new Set(['treatment', 'tx', 'care']);
const CLAIM_LINES = new Set(['claim', 'service', 'charge', 'billing']);
const ACCOMPANYING = new Set('with w without w/o wo sin con'.split(' '));
const INSURERS = new Set(['insurance', 'insurer', 'carrier', 'plan']);

/** "billed insurance", "submitted to the plan": the one it went to is no label. */
function isBilledTo(tokens: Token[], i: number): boolean {
  for (let j = i - 1; j >= 0 && j >= i - 3; j--) {
    const sense = lexicalClassOf(tokens[j]!.word);
    if (sense === 'verb') return true;
    if (sense !== 'filler') return false;
  }
  return false;
}

/** "date of service", "place of service": labels of a date and of a place. */
export function isDateOfService(tokens: Token[], i: number): boolean {
  const head = tokens[i - 2]?.word ?? '';
  return (
    tokens[i - 1]?.word === 'of' && (head.startsWith('date') || head === 'place' || head === 'code')
  );
}

/** "for this date of service" is said in passing; "date of service: 45321" labels its number. */
export function dateOfService(scan: ContextScan, i: number): Verdict {
  const { tokens } = scan;
  for (let j = i - 3; j >= i - 5 && j >= 0; j--) {
    const { word: text } = tokens[j]!;
    if (text !== 'for' && text !== 'on') continue;
    scan.skipTo = j;
    return 'on';
  }
  return touches(scan) ? 'other' : 'stop';
}

/** `CPT #90837` and `code #` name a code; `#` behind anything else numbers that. */
export function takesNumberSign(tokens: Token[], i: number): boolean {
  let j = i - 1;
  while (tokens[j]?.kind === 'mark' && ':(®™'.includes(tokens[j]!.word)) j--;
  const before = tokens[j];
  if (!before) return j < i - 1;
  const sense = lexicalClassOf(before.word);
  if (before.word.startsWith('superbill')) return false;
  return sense === 'cue' || sense === 'code' || before.word.startsWith('proc');
}
