/** Whether something may hold, and whether it must, from a moment on. */
export interface Holding {
  from: number;
  may: boolean;
  must: boolean;
}

/** A line of an invoice, and whom it means. */
export interface ExpectedLine {
  line: number;
  /** The person's place in the uncut plan whom the vendor means. */
  person: number;
  /** As the vendor wrote them. */
  name: string | null;
  ref: string | null;
  amountCents: number;
  /** Whether levy knows whom it means. */
  known: Holding[];
}

/** An invoice of the vendor, as the practice has it in its folder and was told about it by levy. */
export interface ExpectedInvoice {
  number: string;
  invoiceId: string;
  lines: ExpectedLine[];
  replaces: ExpectedInvoice | null;
  /** The practice wants it to count. */
  isWanted: boolean;
  /** Whether it counts. */
  standing: Holding[];
}

/** From now on this holds. */
export function holds(list: Holding[], from: number, how: { may: boolean; must: boolean }): void {
  list.push({ from, ...how });
}

const NEVER = { may: false, must: false };

function isSo(list: readonly Holding[], word: 'may' | 'must', from: number, until: number) {
  const spans = list.filter(({ from: begin }, index) => {
    const end = list[index + 1]?.from ?? Infinity;
    return begin <= until && end > from;
  });
  const first = list.findLast(({ from: begin }) => begin <= from) ?? { from, ...NEVER };
  const during = [first, ...spans];
  return word === 'may' ? during.some(({ may }) => may) : during.every(({ must }) => must);
}

/**
 * What the invoices carry for a person between two moments, in cents: the most that anybody could
 * think by what they were told, or the least.
 */
export function carriedCents(
  invoices: readonly ExpectedInvoice[],
  person: number,
  which: 'most' | 'least',
  { from, until }: { from: number; until: number },
): number {
  let sum = 0;
  for (const { lines, standing } of invoices)
    for (const line of lines) {
      if (line.person !== person) continue;
      // A credit counts the other way.
      const word = (which === 'most') === line.amountCents > 0 ? 'may' : 'must';
      const counts = isSo(standing, word, from, until) && isSo(line.known, word, from, until);
      if (counts) sum += line.amountCents;
    }
  return sum;
}
