/**
 * Whether this is a National Provider Identifier: ten digits, the first a 1 or a 2, the last a
 * check digit by Luhn's formula over the number with the prefix 80840 (45 CFR 162.406).
 */
export function isNpi(text: string): boolean {
  if (!/^[12]\d{9}$/.test(text)) return false;
  const digits = [...`80840${text}`].map(Number).reverse();
  const sum = digits.reduce((total, digit, at) => total + weighed(digit, at), 0);
  return sum % 10 === 0;
}

/** Every second digit from the right counts double, the tens of the double as ones. */
function weighed(digit: number, at: number): number {
  if (at % 2 === 0) return digit;
  return digit > 4 ? digit * 2 - 9 : digit * 2;
}
