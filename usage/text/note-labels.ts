import { isDigit, isLetter } from '../cpt.ts';
import { day } from '../day.ts';
import { isCredential } from '../person-name.ts';

/** What a label in a note's text introduces. */
export type LabelType = 'clinician' | 'signature' | 'npi' | 'service_date' | 'date' | 'client';

/** A label that ends at a colon, and the value behind it. */
export interface Label {
  type: LabelType;
  value: string | null;
}

const LABELS: Record<LabelType, string[]> = {
  clinician: [
    'clinician',
    'clinician name',
    'treating clinician',
    'rendering clinician',
    'provider',
    'provider name',
    'rendering provider',
    'rendering provider name',
    'treating provider',
    'performing provider',
    'servicing provider',
    'service provider',
    'therapist',
    'therapist name',
    'treating therapist',
    'counselor',
    'counselor name',
    'psychologist',
    'psychiatrist',
    'practitioner',
    'prescriber',
    'staff',
    'staff name',
    'rendered by',
    'performed by',
    'seen by',
    'author',
    'attending',
    'bcba',
  ],
  signature: [
    'signed by',
    'electronically signed by',
    'e signed by',
    'signed',
    'signature',
    'provider signature',
    'clinician signature',
    'therapist signature',
    'completed by',
    'documented by',
    'written by',
  ],
  npi: [
    'npi',
    'provider npi',
    'clinician npi',
    'rendering npi',
    'rendering provider npi',
    'therapist npi',
    'individual npi',
    'npi number',
  ],
  service_date: [
    'date of service',
    'dos',
    'service date',
    'session date',
    'date of session',
    'visit date',
    'date of visit',
    'encounter date',
    'appointment date',
    'date seen',
  ],
  date: ['date', 'note date'],
  client: [
    'client',
    'client name',
    'patient',
    'patient name',
    'name',
    'dob',
    'date of birth',
    'mrn',
  ],
};

const TYPES = new Map<string, LabelType>();
for (const [type, phrases] of Object.entries(LABELS))
  for (const phrase of phrases) TYPES.set(phrase, type as LabelType);

const LAST_WORDS = new Set(
  [...TYPES.keys()].map((phrase) => phrase.slice(phrase.lastIndexOf(' ') + 1)),
);

/** Before "provider:" or "NPI:" these make it somebody else's. */
const OTHERS = new Set(
  (
    'referring referral primary care insurance billing supervising supervisor group ' +
    'other outside ' +
    'previous prior pcp ordering requesting facility organization practice emergency family next ' +
    'birth cosigned co assigned'
  ).split(' '),
);

/** Longest label, and longest name behind one, in characters. */
const LABEL_MAX = 40;
const NAME_MAX = 60;

/** The label ending at the colon `at`, with its value up to the end of the line; null if none. */
export function labelAt(text: string, at: number): Label | null {
  let end = at;
  while (text.charCodeAt(end - 1) === 32) end--;
  if (!mayEndLabel(text, end)) return null;
  const phrase = phraseBefore(text, end);
  for (let from = 0; from >= 0;) {
    const type = TYPES.get(from === 0 ? phrase : phrase.slice(from));
    if (type) return isOthers(phrase, from) ? null : { type, value: valueOf(type, text, at + 1) };
    const space = phrase.indexOf(' ', from);
    from = space < 0 ? -1 : space + 1;
  }
  return null;
}

/** The word before the label makes it somebody else's: "referring provider", "group NPI". */
function isOthers(phrase: string, from: number): boolean {
  if (from === 0) return false;
  return OTHERS.has(phrase.slice(phrase.lastIndexOf(' ', from - 2) + 1, from - 1));
}

/** The last word before the colon ends some label: most colons of a note are of no interest. */
function mayEndLabel(text: string, end: number): boolean {
  let start = end;
  while (end - start < LAST_WORD_MAX && isLetter(text.charCodeAt(start - 1))) start--;
  if (end - start < 2) return false;
  const shape = shapeOf(text.charCodeAt(start), text.charCodeAt(end - 1), end - start);
  return SHAPES[shape] === 1 && LAST_WORDS.has(text.slice(start, end).toLowerCase());
}

const LAST_WORD_MAX = 16;

/** First and last letter and length of each last word: most others are told apart by these. */
const SHAPES = new Uint8Array(32 * 32 * (LAST_WORD_MAX + 1));
for (const word of LAST_WORDS)
  SHAPES[shapeOf(word.charCodeAt(0), word.charCodeAt(word.length - 1), word.length)] = 1;

/** Letters count alike in upper and lower case. */
function shapeOf(first: number, last: number, length: number): number {
  return (length * 32 + (first & 31)) * 32 + (last & 31);
}

/** The value of a label of this type in the text at `from`; null where there is none. */
export function valueOf(type: LabelType, text: string, from: number): string | null {
  if (type === 'client') return null;
  if (type === 'npi') return npiAt(text, from);
  if (type === 'clinician' || type === 'signature') return nameAt(text, from);
  let at = from;
  while (text.charCodeAt(at) === 32 || text.charCodeAt(at) === 9) at++;
  return day(firstLine(text.slice(at, at + 24)));
}

export function firstLine(text: string): string {
  const feed = text.indexOf('\n');
  return feed < 0 ? text : text.slice(0, feed);
}

/** Ten digits right behind a label: an NPI. */
export function npiAt(text: string, from: number): string | null {
  let at = from;
  while (at < from + 6 && ' #:-\t'.includes(text.charAt(at)) && text.charAt(at) !== '') at++;
  let end = at;
  while (isDigit(text.charCodeAt(end))) end++;
  return end - at === 10 ? text.slice(at, end) : null;
}

/** A person's name at `from`: capitalised words, without the credentials behind them. */
export function nameAt(text: string, from: number): string | null {
  const limit = Math.min(text.length, from + NAME_MAX);
  let at = from;
  while (at < limit && (text.charCodeAt(at) === 32 || text.charCodeAt(at) === 9)) at++;
  const start = at;
  let end = start;
  let words = 0;
  while (at < limit) {
    const stop = nameWordEnd(text, at);
    const word = text.slice(at, stop);
    if (stop === at || !isNameWord(word, words)) break;
    if (words >= 2 && isCredential(plain(word))) break;
    words++;
    end = stop;
    at = stop;
    if (text.charAt(at) === ',') {
      const next = skipOne(text, at + 1);
      const after = text.slice(next, nameWordEnd(text, next));
      // "Whitlock, Dana" goes on; "Dana Whitlock, LMFT" ends here.
      if (words > 1 || isCredential(plain(after))) break;
      at = next;
    } else if (text.charAt(at) === ' ' && text.charAt(at + 1) !== ' ') at++;
    else break;
  }
  const name = text.slice(start, end);
  return words >= 2 || /^Dr\.? /.test(name) ? name : null;
}

function isNameWord(word: string, index: number): boolean {
  const first = word.charAt(0);
  if (first !== first.toLowerCase()) return !NOT_NAMES.has(plain(word));
  return index > 0 && LOWER_PARTICLES.has(word);
}

const LOWER_PARTICLES = new Set('de la del der van von da di dos bin al el'.split(' '));
/** Words that open the next field of a note and are no part of a name. */
const NOT_NAMES = new Set(
  (
    'npi license lic client patient service date session note cpt dos dob diagnosis time start ' +
    'end type location supervisor signature signed duration code place procedure provider'
  ).split(' '),
);

function plain(word: string): string {
  return word.toLowerCase().replace(/[.'’,-]/g, '');
}

function nameWordEnd(text: string, from: number): number {
  let at = from;
  for (; at < text.length; at++) {
    const char = text.charCodeAt(at);
    const inWord = isLetter(char) || char === 46 || char === 39 || char === 45 || char >= 0xc0;
    if (!inWord) break;
  }
  return at;
}

function skipOne(text: string, from: number): number {
  return text.charCodeAt(from) === 32 ? from + 1 : from;
}

/** Up to five words before `end`, lower case with single spaces, as far as they touch. */
function phraseBefore(text: string, end: number): string {
  let start = end;
  let words = 1;
  while (end - start < LABEL_MAX) {
    const char = text.charCodeAt(start - 1);
    if (isLetter(char)) start--;
    else if ((char === 32 || char === 45 || char === 47) && isLetter(text.charCodeAt(start - 2))) {
      if (++words > 5) break;
      start--;
    } else break;
  }
  const phrase = text.slice(start, end).toLowerCase();
  return phrase.includes('-') || phrase.includes('/') ? phrase.replace(/[-/]/g, ' ') : phrase;
}
