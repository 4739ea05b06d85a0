import { keyMisused } from './errors.ts';

/** What Stripe remembers of a request with an idempotency key. */
interface Saved {
  at: number;
  params: string;
  answer: { value: unknown } | { error: Error };
}

const DAY_MS = 86_400_000;

/**
 * Stripe's memory of keys: the first answer, good or bad, is given again to the same key for a
 * day and forgotten then; the same key with other parameters is an error.
 */
export function createKeys(now: () => number) {
  const saved = new Map<string, Saved>();
  return {
    /** The answer saved under a key, or null. Throws when the parameters are others. */
    recall(key: string, params: string): Saved['answer'] | null {
      const known = saved.get(key);
      if (!known) return null;
      if (now() - known.at >= DAY_MS) {
        saved.delete(key);
        return null;
      }
      if (known.params !== params) throw keyMisused();
      return known.answer;
    },
    remember(key: string, params: string, answer: Saved['answer']): void {
      saved.set(key, { at: now(), params, answer });
    },
  };
}
