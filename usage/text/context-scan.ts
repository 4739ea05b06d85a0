import { lexicalClassOf } from './lexicon.ts';
import type { Token } from './tokens.ts';

/** What stands to the left of a number, and what that makes of it. */
export interface LeftContext {
  verdict: 'cue' | 'other' | 'none';
  /**
   * How the cue reads: `cpt`, `field` (a named code field), `billing`, `code` (of some kind),
   * `unknown` (code of something nobody knows).
   */
  cue: 'cpt' | 'field' | 'billing' | 'code' | 'unknown' | null;
  /** The cue's token, or -1. */
  at: number;
  /** Words of no known sense between cue and number. */
  unknownWords: number;
  /** A service is named, or minutes are given, right before the number. */
  service: boolean;
  /** The word touching the number on the left is one nobody knows: a label of some kind. */
  followsUnknownWord: boolean;
}

/** What a step to the left comes to: a label found, the end of what speaks of the number, or on. */
export type Verdict = 'cue' | 'other' | 'stop' | 'on';

/** What has been passed on the way to the left. */
export interface ContextScan {
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
  found: LeftContext;
}

export function cue(scan: ContextScan, kind: NonNullable<LeftContext['cue']>): 'cue' {
  scan.found.cue = kind;
  return 'cue';
}

export function pass(scan: ContextScan): 'on' {
  scan.words++;
  return 'on';
}

/** Nothing but fillers stands between here and the number. */
export function touches(scan: ContextScan): boolean {
  return scan.words === 0 && scan.commas === 0 && scan.numbers === 0;
}

/** A service's name; "group" alone, touching the number, is as often an insurance group. */
export function service(scan: ContextScan, i: number): 'on' {
  const { tokens, first, found } = scan;
  const labels = i === first - 1 || (i === first - 2 && tokens[i + 1]!.word === ':');
  const kind = tokens[i - 1]?.word ?? '';
  const therapy = lexicalClassOf(kind) === 'service' || GROUPS.has(kind);
  const group = tokens[i]!.word === 'group' && labels && !therapy;
  if (group && kind === 'to') scan.placed = true;
  const near = found.unknownWords === 0 && scan.numbers <= 1 && scan.words < 4;
  if (!group && near && !scan.placed) found.service = true;
  return pass(scan);
}

/** What groups are about; "Employer group 90853" is an insurance's. */
const GROUPS = new Set(
  (
    'prevention skills process support education recovery grief anger parenting mindfulness ' +
    'trauma anxiety depression women men teen teens relapse coping social'
  ).split(' '),
);
