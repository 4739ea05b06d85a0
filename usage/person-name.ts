/** A person's name in comparable form: lower case, without accents, titles and credentials. */
export interface PersonName {
  first: string;
  middle: string[];
  /** The family name with its particles, one space between words. */
  last: string;
  /** Generation: jr, sr, ii, iii, iv; empty without. */
  suffix: string;
  /** All words run together, so that "Anne-Marie" and "Annemarie" agree. */
  compact: string;
}

const TITLES = words('dr mr mrs ms miss mx prof professor rev sr. doctor fr');
const SUFFIXES = words('jr sr ii iii iv');
const PARTICLES = words(
  'de la las los del della di da dos das van von der den ter ten le du st saint ' +
    'bin ibn al el ben mac',
);
/** Degrees and licences of the field, without dots. Their list is open: see `isCredential`. */
const CREDENTIALS = words(
  'phd psyd md do edd dsw dnp pharmd ma ms msc msed med med msw mft mba mph mdiv ' +
    'ba bs bsw bsn aa ' +
    'lcsw lcswa lcswr licsw lisw lsw lgsw lmsw lmhc lmhca lmhp lmft lmfta mftc ' +
    'lamft lpc lpcc lpca ' +
    'lpcmh lapc lcpc lcmhc lcmhca lgpc lac lacmh ladc cadc csac lcas ncc acsw amft ' +
    'acswr apcc lep ' +
    'bcba bcbad bcaba rbt aprn np pmhnp pmhnpbc fnp arnp rn pa pac cnp cns crnp lp llp tllp esq ' +
    'ccc slp ot otr pt dpt rdt atr bc rpt rpts cctp emdr nbcc qmhp qmhpc lmhcp lcdc ceap cap swlc',
);
const SPECIAL: Record<string, string> = {
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  ł: 'l',
  đ: 'd',
  ð: 'd',
  þ: 'th',
  ı: 'i',
};

/**
 * Reads "First M. Last, PhD", "Last, First M" and "Dr. First Last Jr." alike. Null where fewer
 * than two words remain: one word is no name to tell people apart by, unless its script writes
 * names without spaces.
 */
export function parseName(written: string): PersonName | null {
  return readSpaceless(written) ?? readSpaced(written);
}

/** Two letters or more of scripts whose names have no spaces, such as Chinese and Japanese. */
const SPACELESS =
  /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}ー々]{2,}$/u;

/** Such a name is compared as a whole: where the family name ends is not written. */
function readSpaceless(written: string): PersonName | null {
  const whole = withoutAsides(written.slice(0, 200).normalize('NFKC')).replace(/[\s·]/g, '');
  if (!SPACELESS.test(whole)) return null;
  return { first: whole, middle: [], last: whole, suffix: '', compact: whole };
}

function readSpaced(written: string): PersonName | null {
  const plain = withoutAsides(fold(written.slice(0, 200)));
  const parts = plain
    .split(',')
    .map(wordsOf)
    .filter((part) => part.length > 0);
  const named = parts.filter((part, i) => i === 0 || !part.every(isCredential));
  const suffixOf = (list: string[]) => list.filter((word) => SUFFIXES.has(word));
  const suffix = named.flatMap((part, i) => suffixOf(i === 0 ? part.slice(1) : part))[0] ?? '';
  const clean = named
    .map((part, i) => withoutTrailing(part, i === 0 && parts.length === 1))
    .filter((part) => part.length > 0);
  const [head = [], tail = []] = clean;
  if (clean.length > 2) return null;
  return clean.length === 2 ? fromParts(tail, head, suffix) : fromSequence(head, suffix);
}

/** May these be one person? First and last agree, middle names and generation do not differ. */
export function compatible(a: PersonName, b: PersonName): boolean {
  if (a.suffix !== '' && b.suffix !== '' && a.suffix !== b.suffix) return false;
  if (a.compact === b.compact) return true;
  if (a.last !== b.last) return false;
  const initials = a.first.length === 1 || b.first.length === 1;
  if (initials ? a.first[0] !== b.first[0] : a.first !== b.first) return false;
  const shorter = Math.min(a.middle.length, b.middle.length);
  if (Math.max(a.middle.length, b.middle.length) - shorter > 1) return false;
  for (let i = 0; i < shorter; i++) if (!sameMiddle(a.middle[i]!, b.middle[i]!)) return false;
  return true;
}

/** Both have middle names and they agree: enough to tell namesakes apart. */
export function exactMiddle(a: PersonName, b: PersonName): boolean {
  return a.middle.length > 0 && a.middle.length === b.middle.length && compatible(a, b);
}

/** At least one word of two letters or more stands in both names. */
export function sharesWord(a: PersonName, b: PersonName): boolean {
  const all = (name: PersonName) =>
    [name.first, ...name.middle, ...name.last.split(' ')].filter((word) => word.length > 1);
  const known = new Set(all(b));
  return a.compact === b.compact || all(a).some((word) => known.has(word));
}

function fromParts(given: string[], family: string[], suffix: string): PersonName | null {
  const names = given.filter((word) => !TITLES.has(word));
  const last = family.filter((word, i) => i > 0 || !TITLES.has(word) || family.length === 1);
  if (names.length === 0 || last.length === 0) return null;
  return person(names, last, suffix);
}

function fromSequence(all: string[], suffix: string): PersonName | null {
  let names = all;
  while (names.length > 2 && TITLES.has(names[0]!)) names = names.slice(1);
  if (names.length < 2 || TITLES.has(names[0]!)) return null;
  let split = names.length - 1;
  while (split > 1 && PARTICLES.has(names[split - 1]!)) split--;
  return person(names.slice(0, split), names.slice(split), suffix);
}

function person(given: string[], family: string[], suffix: string): PersonName {
  // "Garcia Lopez, Ana" and "Ana Garcia Lopez" must agree: only particles join the last word.
  const all = [...given, ...family];
  let split = all.length - 1;
  while (split > 1 && PARTICLES.has(all[split - 1]!)) split--;
  return {
    first: all[0]!,
    middle: all.slice(1, split),
    last: all.slice(split).join(' '),
    suffix,
    compact: all.join(''),
  };
}

function sameMiddle(a: string, b: string): boolean {
  return a.length === 1 || b.length === 1 ? a[0] === b[0] : a === b;
}

/** True for a degree, licence or generation, written lower case without dots. */
export function isCredential(word: string): boolean {
  return CREDENTIALS.has(word) || SUFFIXES.has(word) || word.length === 0;
}

/** Without generation and, where no comma set them apart, credentials at the end. */
function withoutTrailing(part: string[], alone: boolean): string[] {
  let end = part.length;
  while (
    end > 1 &&
    (SUFFIXES.has(part[end - 1]!) || (alone && end > 2 && isCredential(part[end - 1]!)))
  )
    end--;
  return part.slice(0, end);
}

function fold(text: string): string {
  return text
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[ßæœøłđðþı]/g, (letter) => SPECIAL[letter] ?? letter);
}

/** Nicknames in brackets or quotation marks say nothing. */
function withoutAsides(text: string): string {
  return text.replace(/\([^()]*\)|"[^"]*"|“[^”]*”/g, ' ');
}

/** Words of letters; dots and apostrophes vanish, hyphens and everything else separate. */
function wordsOf(text: string): string[] {
  return text
    .replace(/[.'’`´]/g, '')
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '');
}

function words(text: string): ReadonlySet<string> {
  return new Set(text.split(' '));
}
