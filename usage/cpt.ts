/**
 * The written form of a CPT code, and of a modifier. Format and outer range only: there is no
 * list of codes here, and none is needed to tell whether a code was used.
 */

/** Category I runs from 00100 to 99607; 00000, 00001 and 99999 are placeholders. */
const FIRST = 100;
const LAST = 99_607;

/** F: Category II. T: Category III. U: laboratory (PLA). M: MAAA. A: vaccine administration. */
const SUFFIXES = 'FTUMA';

/**
 * The code as published (upper case) if `value` is exactly one code, else null.
 * Five digits in range, or four digits and one of F, T, U, M, A.
 */
export function cptCode(value: string): string | null {
  if (value.length !== 5) return null;
  for (let i = 0; i < 4; i++) if (!isDigit(value.charCodeAt(i))) return null;
  if (isDigit(value.charCodeAt(4))) {
    const number = Number(value);
    return number >= FIRST && number <= LAST ? value : null;
  }
  const upper = value.toUpperCase();
  return SUFFIXES.includes(upper.charAt(4)) && upper.slice(0, 4) !== '0000' ? upper : null;
}

/** The modifier in upper case if `value` has the form of one (two characters), else null. */
export function modifier(value: string): string | null {
  if (value.length !== 2) return null;
  for (let i = 0; i < 2; i++) if (!isAlphanumeric(value.charCodeAt(i))) return null;
  return value.toUpperCase();
}

/** 0-9 by character code. */
export function isDigit(char: number): boolean {
  return char >= 48 && char <= 57;
}

/** A-Z and a-z by character code. */
export function isLetter(char: number): boolean {
  return (char >= 65 && char <= 90) || (char >= 97 && char <= 122);
}

/** A letter or a digit, ASCII only. */
export function isAlphanumeric(char: number): boolean {
  return isDigit(char) || isLetter(char);
}
