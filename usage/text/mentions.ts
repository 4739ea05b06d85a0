import { candidatesIn } from './candidates.ts';
import { type Candidate, isNumber } from './code-tail.ts';
import { isDigit } from '../cpt.ts';
import { endsClause } from './clause.ts';
import { certaintyOf } from './certainty.ts';
import { leftContext } from './left-context.ts';
import type { LeftContext } from './context-scan.ts';
import { ENOUGH, evidence, hasCharge } from './evidence.ts';
import type { Certainty } from '../finding.ts';
import { headingAbove } from './headings.ts';
import { isIcd10, isMinutes } from './measures.ts';
import { type Token, tokenise } from './tokens.ts';
import { lexicalClassOf } from './lexicon.ts';
import { isDoor, isQuantity, isStreet, OTHER_CPT_SIGNS } from './words.ts';

/** A code used in a line of running text. `start` is its place in the text. */
export interface Mention {
  code: string;
  modifiers: string[];
  start: number;
  certainty: Certainty;
  rule: string;
  /** The line bills: a ledger, a superbill, a claim's service line. */
  billing: boolean;
}

/**
 * A stretch of one line to look at. Mentions are looked for in [from, to) of `text`; their company
 * may stand in [contextFrom, contextTo), which is of the same line.
 */
export interface Line {
  text: string;
  from: number;
  to: number;
  contextFrom: number;
  contextTo: number;
  /** The lines before this one, nearest first, as far as a label may stand there. */
  above(): string[];
  /** The text of the record around, to tell what "CPT" means in it. */
  record(): string;
}

/**
 * The codes a line uses. A number counts only with company that makes it one: a cue, a service or
 * minutes, billing fields attached to it, or a list in which another member has them; and only if
 * no nearer label makes it something else.
 */
export function mentionsIn(line: Line): Mention[] {
  const tokens = tokenise(line.text, line.contextFrom, line.contextTo);
  const candidates = candidatesIn(tokens);
  const mentions: Mention[] = [];
  const silent = isSilent(tokens, candidates);
  for (const group of groups(tokens, candidates)) {
    const inside = group.filter((candidate) => isInside(tokens, candidate, line));
    if (inside.length === 0) continue;
    const rule = (silent ? null : judge(tokens, group, line)) ?? fromAbove(tokens, group, line);
    if (rule === null) continue;
    const certainty = certaintyOf(tokens, group);
    for (const candidate of inside) {
      const { code, modifiers } = candidate;
      const billing = rule === 'text.ledger';
      const start = tokens[candidate.first]!.start;
      mentions.push({ code, modifiers, start, certainty, rule, billing });
    }
  }
  return mentions;
}

/** Nothing but bare numbers: none of them can be more than that. Settles long tables at once. */
function isSilent(tokens: Token[], candidates: Candidate[]): boolean {
  for (const { kind, word } of tokens) {
    if (kind === 'mark' ? SPEAKING.includes(word) : !isNumber(word) || word === '00') return false;
  }
  for (const { cued, units, modifiers } of candidates)
    if (cued || units || modifiers.length > 0) return false;
  return true;
}

/** Marks that tell of money. */
const SPEAKING = '$@';

function isInside(tokens: Token[], candidate: Candidate, line: Line): boolean {
  // The stretch begins at the digits; a cue may be part of their token: CPT90834.
  const { start, end } = tokens[candidate.first]!;
  return end > line.from && start < line.to;
}

/** Candidates that stand in one list: nothing but joints, units and modifiers between them. */
function groups(tokens: Token[], candidates: Candidate[]): Candidate[][] {
  const all: Candidate[][] = [];
  for (const candidate of candidates) {
    const group = all.at(-1);
    const last = group?.at(-1);
    if (group && last && !candidate.cued && joins(tokens, last.last + 1, candidate.first))
      group.push(candidate);
    else all.push([candidate]);
  }
  return all;
}

const JOINTS = new Set([...',;/+&-–—)(|•*·']);
const JOINING = new Set('and or with plus to through thru then vs also'.split(' '));

function joins(tokens: Token[], from: number, to: number): boolean {
  if (to - from > 7 || to === from) return false;
  let counts = 0;
  for (let i = from; i < to; i++) {
    const { kind, word } = tokens[i]!;
    // "90837 (2), 90834 - 1": how often each was used.
    if (kind === 'number' && word.length <= 2 && to - from > 1) counts++;
    else if (word === '.' && i > from && tokens[i - 1]!.kind === 'number') continue;
    else if (kind === 'mark' ? !JOINTS.has(word) : !JOINING.has(word)) return false;
  }
  return counts <= 1;
}

/** The rule by which a list of candidates counts, or null. */
function judge(tokens: Token[], group: Candidate[], line: Line): string | null {
  const head = group[0]!;
  if (group.some((candidate) => candidate.cued)) return 'text.cpt';
  const left = leftContext(tokens, head.first);
  if (head.repaired) return directCue(tokens, head, left) ? 'text.repaired' : null;
  if (left.verdict === 'other') return null;
  if (group.some((candidate) => isSomethingElse(tokens, candidate, left))) return null;
  if (left.verdict === 'cue' && cueHolds(tokens, group, left, line)) return `text.${left.cue}`;
  // Four digits and a letter are doses, temperatures and seats more often than codes.
  if (head.code.charCodeAt(4) > 57 && !head.units && !cueBehind(tokens, head)) return null;
  const best = Math.max(...group.map((candidate) => evidence(tokens, candidate, left)));
  return best >= ENOUGH ? ruleFor(tokens, group) : null;
}

/** "3016F reported, CPT II": the code set is named behind the number, in the same sentence. */
function cueBehind(tokens: Token[], head: Candidate): boolean {
  for (let i = head.last + 1; i < tokens.length && i <= head.last + 8; i++) {
    if (endsClause(tokens, i)) return false;
    const { word } = tokens[i]!;
    if (word.startsWith('cpt') || word === 'pla' || word === 'maaa' || word === 'billed')
      return true;
  }
  return false;
}

/**
 * A label on a line of its own above: "CPT Code" over its value, a heading over a list of codes, a
 * table's heading. Only for a number that opens its line, or follows nothing but a date.
 */
function fromAbove(tokens: Token[], group: Candidate[], line: Line): string | null {
  const head = group[0]!;
  if (tokens[0]!.start > line.contextFrom + 80 || !opensLine(tokens, head)) return null;
  const left = leftContext(tokens, head.first);
  if (left.verdict === 'other' || group.some((one) => isSomethingElse(tokens, one, left)))
    return null;
  return headingAbove(line.above()) ? 'text.heading' : null;
}

/** Nothing but bullets, numbering and a date stands before the number. */
function opensLine(tokens: Token[], head: Candidate): boolean {
  for (let i = 0; i < head.first; i++) if (tokens[i]!.kind === 'word') return false;
  return head.first <= 8;
}

function ruleFor(tokens: Token[], group: Candidate[]): string {
  const fields = group.some((c) => c.units || c.modifiers.length > 0 || hasCharge(tokens, c));
  return fields ? 'text.ledger' : 'text.service';
}

/** A scanner's reading is believed only right behind a cue. */
function directCue(tokens: Token[], head: Candidate, left: LeftContext): boolean {
  if (left.verdict !== 'cue') return false;
  if (left.cue === 'billing' && lexicalClassOf(tokens[left.at]!.word) !== 'noun') return false;
  return left.unknownWords === 0 && head.first - left.at <= 6;
}

/** What follows makes the number a quantity, a street or a postal code. */
function isSomethingElse(tokens: Token[], candidate: Candidate, left: LeftContext): boolean {
  const next = tokens[candidate.last + 1];
  if (!next || next.kind === 'mark') return false;
  const outright = left.cue === 'cpt' || left.cue === 'field';
  if (outright) return false;
  const counted = isCounted(tokens, candidate.last + 1) && !candidate.units;
  if (counted && isDigit(candidate.code.charCodeAt(4))) return true;
  if (next.word === 'zip' || next.word === 'area') return true;
  if (next.word === 'units' || next.word === 'unit') return true;
  for (let i = 1; i <= 4; i++) {
    const token = tokens[candidate.last + i];
    if (!token || token.kind === 'mark' || token.gap > 2) return false;
    if (i === 1 && !token.capital && token.kind === 'word' && token.word.length > 1) return false;
    if (i > 1 && isStreet(token.word) && token.capital) return true;
  }
  return false;
}

/** "10450 steps", "48500 per year": what follows is counted. */
function isCounted(tokens: Token[], i: number): boolean {
  const { kind, word } = tokens[i]!;
  if (word === 'per') return PERIODS.has(tokens[i + 1]?.word ?? '');
  return kind === 'word' && isQuantity(word);
}

const PERIODS = new Set('year month week day annum hour session night'.split(' '));

function cueHolds(tokens: Token[], group: Candidate[], left: LeftContext, line: Line): boolean {
  const head = group[0]!;
  const several = group.length > 1;
  if (left.cue === 'cpt') {
    const near = head.first - left.at <= 2 || tokens.slice(left.at + 1, head.first).every(isJoint);
    return near || !speaksOfOtherCpt(line) || tokens[left.at]!.word !== 'cpt';
  }
  if (left.cue === 'field') return true;
  if (left.cue === 'unknown')
    return (speaksOfService(tokens) || several) && !doorNear(tokens, head);
  if (left.cue === 'code' && !isFieldLabel(tokens, left.at) && !speaksOfCare(tokens, head))
    return false;
  if (left.cue === 'code' || DOOR_VERBS.has(tokens[left.at]!.word)) return !doorNear(tokens, head);
  if (left.cue === 'billing') return !isRoundAmount(tokens, head, left);
  return true;
}

/** "Code: 90834", "code = 90834", "(code 90834)" */
function isFieldLabel(tokens: Token[], at: number): boolean {
  const next = tokens[at + 1]?.word ?? '';
  return next !== '' && ':=#('.includes(next);
}

/** Some word of the line is of billing or of a service: a bare "code" in it is a procedure's. */
function speaksOfCare(tokens: Token[], head: Candidate): boolean {
  if (head.units || head.modifiers.length > 0 || hasCharge(tokens, head)) return true;
  return speaksOfService(tokens) || tokens.some(({ word }) => CARE.has(word));
}

/** A word of billing, a service, minutes or a diagnosis stands in the line. */
function speaksOfService(tokens: Token[]): boolean {
  return tokens.some(({ word, kind }) => {
    if (kind !== 'word') return false;
    return SERVING.has(lexicalClassOf(word) ?? '') || isMinutes(word) || isIcd10(word);
  });
}

const SERVING: ReadonlySet<string> = new Set(['cue', 'verb', 'noun', 'service']);

const CARE = new Set(
  (
    'entered documented selected listed recorded ehr emr pos dos ' +
    'dx note clinician therapist units unit client pt patient copay'
  ).split(' '),
);

/** Verbs of doors as well as of billing. */
const DOOR_VERBS = new Set(['use', 'used', 'using', 'assigned', 'code']);

function isJoint(token: Token): boolean {
  return token.kind === 'mark' || lexicalClassOf(token.word) === 'code' || token.word === 'is';
}

function speaksOfOtherCpt(line: Line): boolean {
  const text = line.record().toLowerCase();
  return OTHER_CPT_SIGNS.some((sign) => text.includes(sign));
}

function doorNear(tokens: Token[], head: Candidate): boolean {
  const to = Math.min(tokens.length, head.last + 10);
  for (let i = Math.max(0, head.first - 10); i < to; i++) if (isDoor(tokens[i]!.word)) return true;
  return false;
}

/** "charged 12000", "billed 15000": money without its sign. */
function isRoundAmount(tokens: Token[], head: Candidate, left: LeftContext): boolean {
  const money = tokens[left.at]!.word;
  if (!money.startsWith('charge') && !money.startsWith('bill')) return false;
  return head.code.endsWith('00') && evidence(tokens, head, left) < ENOUGH;
}
