import { type Candidate, isNumber, isPointer } from './code-tail.ts';
import type { LeftContext } from './context-scan.ts';
import { isDuration, isIcd10, isMinutes, isPrice } from './measures.ts';
import type { Token } from './tokens.ts';
import { lexicalClassOf } from './lexicon.ts';

/** Evidence a number without a cue needs: two points. */
export const ENOUGH = 2;

/** Points for what is attached to a number or stands next to it. */
export function evidence(tokens: Token[], candidate: Candidate, left: LeftContext): number {
  let points = left.followsUnknownWord ? -2 : 0;
  if (left.service) points += 2;
  if (candidate.modifiers.length > 0) points += 2;
  if (candidate.units) points += 4;
  if (afterDate(tokens, candidate)) points += 1;
  if (inBoxes(tokens, candidate) || afterUnits(tokens, candidate)) points += 2;
  points += rightEvidence(tokens, candidate);
  return points;
}

/** `D. 90837 E. A`: the boxes of a paper claim, by their letters. */
function inBoxes(tokens: Token[], candidate: Candidate): boolean {
  const from = candidate.first;
  const before = tokens[from - 1]?.kind === 'mark' ? tokens[from - 2] : tokens[from - 1];
  if (before?.word !== 'd' && before?.word !== '24d') return false;
  for (let i = candidate.last + 1; i <= candidate.last + 3; i++)
    if (tokens[i]?.word === 'e' || tokens[i]?.word === '24e') return true;
  return false;
}

/** `Qty 1  90837`, `Units: 2 90834` */
function afterUnits(tokens: Token[], candidate: Candidate): boolean {
  const count = tokens[candidate.first - 1];
  if (count?.kind !== 'number' || count.word.length > 2) return false;
  const mark = tokens[candidate.first - 2]?.kind === 'mark' ? 1 : 0;
  const label = tokens[candidate.first - 2 - mark]?.word;
  return label === 'qty' || label === 'units' || label === 'unit';
}

function rightEvidence(tokens: Token[], candidate: Candidate): number {
  let points = 0;
  let service = false;
  let words = 0;
  if (hasCharge(tokens, candidate)) points += chargeTouches(tokens, candidate) ? 2 : 1;
  for (let i = candidate.last + 1; i < tokens.length && i <= candidate.last + 8; i++) {
    const token = tokens[i]!;
    if (token.kind === 'mark') {
      if (token.word === '.' && (tokens[i + 1]?.gap ?? 1) > 0) break;
      if (token.word === ';') break;
      continue;
    }
    const sense = lexicalClassOf(token.word);
    // "member 90837": a label with a value of its own.
    if (sense === 'owner' && tokens[i + 1]?.kind === 'number') break;
    if (sense === 'document' && isMoney(tokens, i + 1)) continue;
    if ((sense === 'other' && token.word !== 'total') || sense === 'document') break;
    const near = words < 3;
    if (token.kind === 'number') {
      if (isMinutes(tokens[i + 1]?.word ?? '') || isDuration(token.word)) {
        service ||= near;
        // Minutes right behind the number tell, whatever unknown word stands before it.
        if (words === 0 && i <= candidate.last + 2) points += 2;
      }
      continue;
    }
    if (sense === 'service' && near) service = true;
    if (sense === 'verb' && words === 0 && !isBilledAfter(token.word)) points += 2;
    // "90837 billed to insurance" says so even of a number behind an unknown word.
    if (isBilledAfter(token.word) && near) points += words === 0 ? 4 : 2;
    else if (sense === 'cue' && near) points += 2;
    else if (sense === 'code' && namesProcedure(tokens[i - 1])) points += 2;
    if (token.word === 'pos') points += words === 0 ? 2 : 1;
    else if (isIcd10(token.word) || token.word === 'dx') points++;
    if (sense !== 'filler') words++;
  }
  return points + (service ? 2 : 0);
}

/** "selected as the billing code", "used as CPT code" */
function namesProcedure(before: Token | undefined): boolean {
  const sense = lexicalClassOf(before?.word ?? '');
  return sense === 'cue' || sense === 'noun';
}

function isBilledAfter(word: string): boolean {
  return BILLED_AFTER.has(word);
}

const BILLED_AFTER = new Set(
  'billed submitted coded charged rebilled resubmitted reimbursed cpt'.split(' '),
);

/** An amount of money stands behind the code: `$175.00`, `@ 140.00`, `175.00`. */
export function hasCharge(tokens: Token[], candidate: Candidate): boolean {
  for (let i = candidate.last + 1; i < tokens.length && i <= candidate.last + 10; i++) {
    const token = tokens[i]!;
    if (isMoney(tokens, i)) return true;
    if (token.word === ';') return false;
    if (token.kind === 'word' && lexicalClassOf(token.word) === 'other') return false;
  }
  return false;
}

/** Nothing but marks stands between the code and its charge. */
function chargeTouches(tokens: Token[], candidate: Candidate): boolean {
  let i = candidate.last + 1;
  const most = i + 16;
  while (i < most && isBetweenFields(tokens, i)) i++;
  return isMoney(tokens, i);
}

/** Units, the diagnosis pointed to and the marks between a line's code and its charge. */
function isBetweenFields(tokens: Token[], i: number): boolean {
  const token = tokens[i];
  if (!token || isMoney(tokens, i)) return false;
  if (token.kind === 'mark')
    return token.word !== '.' || tokens[i + 1]?.gap === 0 || tokens[i - 1]?.word === '.';
  if (token.kind === 'number') return token.word.length <= 2;
  return isPointer(token) || isIcd10(token.word);
}

/** `$`, `@` or an amount stands at `i`. */
function isMoney(tokens: Token[], i: number): boolean {
  const token = tokens[i];
  if (!token) return false;
  return token.word === '$' || token.word === '@' || isAmount(tokens, i);
}

/** `175.00`, or `175 00` as on paper claims. */
function isAmount(tokens: Token[], i: number): boolean {
  const token = tokens[i]!;
  if (token.kind !== 'number') return false;
  if (isPrice(token.word)) return true;
  const cents = tokens[i + 1];
  if (cents?.word !== '00' || cents.gap === 0) return false;
  return token.word.length > 1 && token.word.length < 5 && isNumber(token.word);
}

/** A date stands right before the code: `03/14/2023  90837`, `2024-02-07 90834`. */
function afterDate(tokens: Token[], candidate: Candidate): boolean {
  let i = candidate.first - 1;
  // A place of service may stand between: "02/14/2024  11  90837".
  if (tokens[i]?.kind === 'number' && tokens[i]!.word.length <= 2 && tokens[i]!.gap > 0) i--;
  if (
    tokens[i]?.word === '|' ||
    tokens[i]?.word === ':' ||
    tokens[i]?.word === ',' ||
    tokens[i]?.word === '-'
  )
    i--;
  const [a, b, c, d, e] = [tokens[i - 4], tokens[i - 3], tokens[i - 2], tokens[i - 1], tokens[i]];
  if (e?.kind !== 'number' || c?.kind !== 'number') return false;
  const joints = d?.word === b?.word && (d?.word === '/' || d?.word === '-' || d?.word === '.');
  return (joints && a?.kind === 'number') || (d?.word === '/' && e.end - e.start <= 4);
}
