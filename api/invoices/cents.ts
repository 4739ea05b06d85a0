/** Most cents of one amount: a million dollars. */
const MOST = 100_000_000;

/**
 * The cents of an amount as vendors write it: "18.50", "$18.50", "1,850.00", "18.5", "(18.50)",
 * "-$18.50", "18.50 USD"; null when it cannot be read without guessing, or is not to the cent. Made
 * from the digits, not by floating point.
 * @param computed  a number of a workbook, in which sums end in ...99999999996 and the like
 */
export function centsOf(
  text: string,
  { computed = false, most = MOST }: { computed?: boolean; most?: number } = {},
): number | null {
  const bare = text
    .normalize('NFKC')
    .replace(/[−–]/g, '-')
    .replace(/\s+/g, '')
    .replace(/^'/, '')
    .replace(/^USD|USD$/i, '');
  const [, bracket, sign, dollar, whole, part = '', after] = AMOUNT.exec(bare) ?? [];
  if (whole === undefined) return null;
  const isBracketed = bracket !== undefined;
  if (isBracketed !== bare.endsWith(')')) return null;
  const minus = [isBracketed, sign === '-', dollar === '$-', after !== undefined];
  if (minus.filter(Boolean).length > 1) return null;
  const digits = computed ? settled(whole, part) : exact(whole, part);
  if (digits === null) return null;
  const cents = Number(digits);
  if (cents > most) return null;
  return minus.includes(true) && cents > 0 ? -cents : cents;
}

/** A bracket, a sign, "$" with or without a sign, digits with or without commas, cents, a sign. */
const AMOUNT = /^(\()?([+-])?(\$-?)?(\d{1,3}(?:,\d{3})+|\d{1,10})(?:\.(\d{0,20}))?(-)?\)?$/;

function exact(whole: string, part: string): string | null {
  const rest = part.slice(2);
  return /^0*$/.test(rest) ? whole.replaceAll(',', '') + part.slice(0, 2).padEnd(2, '0') : null;
}

/** A number that a workbook computed: its error is in the last of some 15 digits. */
function settled(whole: string, part: string): string | null {
  const found = exact(whole, part);
  if (found !== null || part.length < 8) return found;
  const rest = part.slice(2);
  const cents = BigInt(whole.replaceAll(',', '') + part.slice(0, 2));
  if (/^0{5,}/.test(rest)) return cents.toString();
  return /^9{5,}/.test(rest) ? (cents + 1n).toString() : null;
}
