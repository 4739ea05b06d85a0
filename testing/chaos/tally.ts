/** Counts faults as they strike, by what they are called. */
export type Tally = (fault: string) => void;

export interface Tallies {
  tally: Tally;
  counts(): Record<string, number>;
}

export function createTally(): Tallies {
  const counts = new Map<string, number>();
  return {
    tally: (fault) => void counts.set(fault, (counts.get(fault) ?? 0) + 1),
    counts: () => Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : 1))),
  };
}
