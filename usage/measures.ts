import { cptCode, isDigit, isLetter } from './cpt.ts';

/** True for the words minutes and hours are given in. */
export function isMinutes(text: string): boolean {
  return MINUTES.has(text);
}

const MINUTES = new Set('min mins minute minutes hr hrs hour hours m'.split(' '));

/** `55m`, `45min`, `1hr`. */
export function isDuration(text: string): boolean {
  return /^\d{1,3}(?:m|min|mins|hr|hrs|h)$/.test(text);
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
  return (isDigit(third) || isLetter(third)) && !/^[a-v]\d{4}$/.test(text);
}
