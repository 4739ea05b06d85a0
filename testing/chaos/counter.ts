/** Counts faults as they strike, by what they are called. */
export type Counter = (fault: string) => void;

export interface Tallies {
  counter: Counter;
  counts(): Record<string, number>;
}

export function createCounter(): Tallies {
  const counts = new Map<string, number>();
  return {
    counter: (fault) => void counts.set(fault, (counts.get(fault) ?? 0) + 1),
    counts: () => Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : 1))),
  };
}
