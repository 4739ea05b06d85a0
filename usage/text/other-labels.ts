import { senseOf } from './senses.ts';
import type { Token } from './tokens.ts';
import { cue, pass, service, touches, type Verdict, type Walk } from './walk.ts';

/** "total billed 10450" */
export const SUMS = new Set(['total', 'amount', 'sum', 'balance', 'cost', 'price']);

const LABELLED: ReadonlySet<string> = new Set(['other', 'document', 'owner', 'service', 'noun']);

/** "number", "no", "id": what they number is told by the word before them. */
export function ordinal(walk: Walk, i: number): Verdict {
  const { tokens } = walk;
  const before = tokens[i - 1]?.word ?? '';
  const sense = senseOf(before);
  if (sense === 'cue' && !before.startsWith('superbill')) return cue(walk, 'cpt');
  if (sense === 'code' || before.startsWith('proc')) return 'on';
  const next = tokens[i + 1]?.word;
  const labelled = LABELLED.has(sense ?? '');
  if (tokens[i]!.word === 'no' && next !== '.' && next !== ':' && !labelled) return pass(walk);
  return touches(walk) ? 'other' : pass(walk);
}

export function other(walk: Walk, i: number): Verdict {
  const { tokens, found } = walk;
  const { word: text } = tokens[i]!;
  const before = tokens[i - 1]?.word ?? '';
  // A med check and a check-in are visits; a line item is a service line.
  const next = tokens[i + 1]?.word === '-' ? tokens[i + 2]?.word : tokens[i + 1]?.word;
  if (text === 'check' && (before.startsWith('med') || next === 'in')) return service(walk, i);
  if ((text === 'phone' || text === 'telephone') && CALLS.has(next ?? '')) return service(walk, i);
  if (walk.related && SUMS.has(text) && walk.words === 0) return cue(walk, 'billing');
  if (found.service || walk.numbers > 0 || walk.commas > 0) return pass(walk);
  return found.strangers <= 2 ? 'other' : pass(walk);
}

const CALLS = new Set('call calls visit session contact check consult consultation f/u'.split(' '));

export function owner(walk: Walk, i: number): Verdict {
  const { tokens } = walk;
  const { word: text } = tokens[i]!;
  const before = tokens[tokens[i - 1]?.word === '/' ? i - 2 : i - 1]?.word ?? '';
  if (text === 'call' && (before === 'phone' || before === 'telephone')) return service(walk, i);
  if (text === 'line') {
    if (CLAIM_LINES.has(before)) return cue(walk, 'billing');
    if (walk.numbers > 0) return 'on';
  }
  if (text === 'unit' && tokens[i - 1]?.kind === 'number' && !walk.placed) return service(walk, i);
  if (text === 'plan' && TREATMENT.has(before)) return service(walk, i);
  if (text === 'pt' || text === 'patient')
    if (before === 'est' || before === 'new' || before === 'established') return service(walk, i);
  if (PREMISES.has(text) && (before === 'in' || before === 'at')) return pass(walk);
  if (before === 'this' || before === 'that' || isPassing(tokens, i, walk.first)) return pass(walk);
  if (ACCOMPANYING.has(before)) walk.accompanied ||= touches(walk) && PERSONS.has(text);
  if (!touches(walk) || walk.related || ACCOMPANYING.has(before)) return pass(walk);
  return INSURERS.has(text) && isBilledTo(tokens, i) ? pass(walk) : 'other';
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
    const sense = senseOf(tokens[j]!.word);
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
export function dateOfService(walk: Walk, i: number): Verdict {
  const { tokens } = walk;
  for (let j = i - 3; j >= i - 5 && j >= 0; j--) {
    const { word: text } = tokens[j]!;
    if (text !== 'for' && text !== 'on') continue;
    walk.skipTo = j;
    return 'on';
  }
  return touches(walk) ? 'other' : 'stop';
}

/** `CPT #90837` and `code #` name a code; `#` behind anything else numbers that. */
export function takesNumberSign(tokens: Token[], i: number): boolean {
  let j = i - 1;
  while (tokens[j]?.kind === 'mark' && ':(®™'.includes(tokens[j]!.word)) j--;
  const before = tokens[j];
  if (!before) return j < i - 1;
  const sense = senseOf(before.word);
  if (before.word.startsWith('superbill')) return false;
  return sense === 'cue' || sense === 'code' || before.word.startsWith('proc');
}
