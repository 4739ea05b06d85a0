import { senseOf } from './senses.ts';
import type { Token } from './tokens.ts';

/** What stands to the left of a number, and what that makes of it. */
export interface LeftCompany {
  verdict: 'cue' | 'other' | 'none';
  /**
   * How the cue reads: `cpt`, `field` (a named code field), `billing`, `code` (of some kind),
   * `unknown` (code of something nobody knows).
   */
  cue: 'cpt' | 'field' | 'billing' | 'code' | 'unknown' | null;
  /** The cue's token, or -1. */
  at: number;
  /** Words of no known sense between cue and number. */
  strangers: number;
  /** A service is named, or minutes are given, right before the number. */
  service: boolean;
  /** The word touching the number on the left is one nobody knows: a label of some kind. */
  stranger: boolean;
}

/** What a step to the left comes to: a label found, the end of what speaks of the number, or on. */
export type Verdict = 'cue' | 'other' | 'stop' | 'on';

/** What has been passed on the way to the left. */
export interface Walk {
  tokens: Token[];
  first: number;
  commas: number;
  numbers: number;
  /** Words passed that are no fillers. */
  words: number;
  /** "for", "with", "covers" was passed: a document before it speaks of the number. */
  related: boolean;
  /** A filler was passed. */
  filled: boolean;
  /** "with client" touches the number: part of a service's name, or the client's own number. */
  accompanied: boolean;
  /** "in", "from" or "near" stands before the number: only an outright cue makes it a code. */
  placed: boolean;
  /** Tokens from here on have been read. */
  skipTo: number;
  /** A lettered diagnosis was passed: its label has been used up. */
  dxUsed: boolean;
  found: LeftCompany;
}

export function cue(walk: Walk, kind: NonNullable<LeftCompany['cue']>): 'cue' {
  walk.found.cue = kind;
  return 'cue';
}

export function pass(walk: Walk): 'on' {
  walk.words++;
  return 'on';
}

/** Nothing but fillers stands between here and the number. */
export function touches(walk: Walk): boolean {
  return walk.words === 0 && walk.commas === 0 && walk.numbers === 0;
}

/** A service's name; "group" alone, touching the number, is as often an insurance group. */
export function service(walk: Walk, i: number): 'on' {
  const { tokens, first, found } = walk;
  const labels = i === first - 1 || (i === first - 2 && tokens[i + 1]!.word === ':');
  const kind = tokens[i - 1]?.word ?? '';
  const therapy = senseOf(kind) === 'service' || GROUPS.has(kind);
  const group = tokens[i]!.word === 'group' && labels && !therapy;
  if (group && kind === 'to') walk.placed = true;
  const near = found.strangers === 0 && walk.numbers <= 1 && walk.words < 4;
  if (!group && near && !walk.placed) found.service = true;
  return pass(walk);
}

/** What groups are about; "Employer group 90853" is an insurance's. */
const GROUPS = new Set(
  (
    'prevention skills process support education recovery grief anger parenting mindfulness ' +
    'trauma anxiety depression women men teen teens relapse coping social'
  ).split(' '),
);
