import { problem } from './errors.ts';

/** Names that are remembered at once; the oldest are forgotten first. */
const REMEMBERED = 10_000;

/**
 * Counts failures by name in windows of time. A try is counted before it is made, so that many at
 * once cannot pass, and forgotten when it succeeds. A limit ends with its window, by itself.
 * @param elapsedMs  a monotonic clock in ms
 */
export function createFailureLimit(
  max: number,
  windowMs: number,
  elapsedMs: () => number = () => performance.now(),
) {
  const counts = new Map<string, { tries: number; until: number }>();
  return {
    /** Counts a try. Throws `rate_limited` when there were too many. */
    count(name: string): void {
      const now = elapsedMs();
      const known = counts.get(name);
      const current = known && known.until > now ? known : { tries: 0, until: now + windowMs };
      current.tries += 1;
      counts.delete(name);
      counts.set(name, current);
      const [oldest] = counts.keys();
      if (counts.size > REMEMBERED && oldest !== undefined) counts.delete(oldest);
      if (current.tries > max)
        throw problem('rate_limited', {
          retryAfterSeconds: Math.ceil((current.until - now) / 1_000),
          message: 'That was wrong too often.',
          help: 'Wait some minutes, then try again.',
        });
    },

    /** The last try succeeded: the failures before it are forgotten. */
    forget(name: string): void {
      counts.delete(name);
    },
  };
}
