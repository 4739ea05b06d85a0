import { cptCode, isDigit, isLetter } from '../cpt.ts';

/** True for the words minutes and hours are given in. */
export function isMinutes(text: string): boolean {
  return MINUTES.has(text);
}

const MINUTES = new Set('min mins minute minutes hr hrs hour hours m'.split(' '));

/** `55m`, `45min`, `1hr`: one to three digits and a unit. */
export function isDuration(text: string): boolean {
  if (text.length > 7 || !isLetter(text.charCodeAt(text.length - 1))) return false;
  let digits = 0;
  while (isDigit(text.charCodeAt(digits))) digits++;
  return digits > 0 && digits < 4 && DURATIONS.has(text.slice(digits));
}

const DURATIONS = new Set('m min mins hr hrs h'.split(' '));

/** `175.00`: up to five digits, a dot and two more. */
export function isPrice(text: string): boolean {
  const dot = text.length - 3;
  if (dot < 1 || dot > 5 || text.charCodeAt(dot) !== 46) return false;
  for (let i = 0; i < text.length; i++) if (i !== dot && !isDigit(text.charCodeAt(i))) return false;
  return true;
}

/** `x2`, `x45`: how often, or how long. */
export function isTimes(text: string): boolean {
  return text.length < 4 && text[0] === 'x' && isDigit(text.charCodeAt(1));
}

/** A letter, two digits and perhaps more: F41.1, F331, Z63.0. */
export function isIcd10(text: string): boolean {
  if (text.length < 3 || text.length > 8 || !isLetter(text.charCodeAt(0))) return false;
  if (!isDigit(text.charCodeAt(1)) || cptCode(text) !== null) return false;
  const third = text.charCodeAt(2);
  return (isDigit(third) || isLetter(third)) && !isLevelTwo(text);
}

/** A letter and four digits: HCPCS Level II. */
function isLevelTwo(text: string): boolean {
  return text.length === 5 && text.charCodeAt(0) <= 118 && cptCode(`1${text.slice(1)}`) !== null;
}
