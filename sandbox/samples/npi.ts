/**
 * Invented NPIs with a right check digit. They begin with 2: the standard allows it, and no NPI
 * that begins so has been given out, so none of these can be a real person's.
 */

/** The n-th invented NPI (n from 0 to 999). */
export function inventedNpi(n: number): string {
  const body = `200040${String(n).padStart(3, '0')}`;
  return `${body}${checkDigit(body)}`;
}

/** Luhn over the nine digits behind the prefix 80840 (ISO card issuer: US health). */
function checkDigit(body: string): number {
  const digits = [...`80840${body}`].map(Number).reverse();
  const total = digits.reduce((sum, digit, at) => {
    const value = at % 2 === 0 ? digit * 2 : digit;
    return sum + (value > 9 ? value - 9 : value);
  }, 0);
  return (10 - (total % 10)) % 10;
}
