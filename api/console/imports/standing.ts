import { dollars } from '../../../core/fee/money.ts';
import type { Standing } from '../../../ledger/known-names.ts';

/**
 * What more evidence of a use would mean for a clinician in these years, in a few words, such as
 * “would newly owe $19.50 for 2026”.
 */
export function consequence(
  clinicianId: string,
  years: readonly number[],
  standings: readonly Standing[],
): string {
  const words = [...new Set(years)].sort().map((year) => {
    const all = standings.filter((one) => one.clinicianId === clinicianId && one.year === year);
    if (all.length === 0) return `no fees are open for ${year}, so nothing is owed now`;
    return all.map(wordsOf).join(', ');
  });
  return words.join('; ');
}

/** Whether more evidence would make somebody owe who does not now. */
export function wouldOwe({ state }: Standing): boolean {
  return state === 'no_use' || state === 'detecting';
}

function wordsOf(standing: Standing): string {
  const { state, year, amountCents, vendorName } = standing;
  if (wouldOwe(standing)) return `would newly owe ${dollars(amountCents)} for ${year}`;
  if (state === 'exempt') return `owes nothing for ${year}: another EHR`;
  if (state === 'waived' || state === 'refunded' || state === 'gave_up')
    return `the fee for ${year} is settled`;
  if (state === 'paid' || state === 'disputed') return `has paid for ${year}`;
  return `owes already for ${year} (${vendorName})`;
}
