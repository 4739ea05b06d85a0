/** Stripe's request limits: over the last second, for the account and for each endpoint. */
import { rateLimited } from './errors.ts';

/** How many requests a second are answered. Stripe: live 100 and 25 per endpoint, test 25. */
export interface Limits {
  perSecond: number;
  perEndpoint: number;
}

/** Gives the gate that counts a request, or throws the 429. Refused requests do not count. */
export function createLimiter(
  limits: Limits | undefined,
  nowMs: () => number,
): (endpoint: string) => void {
  if (!limits) return () => undefined;
  const account: number[] = [];
  const endpoints = new Map<string, number[]>();
  return (endpoint) => {
    const now = nowMs();
    const own = endpoints.get(endpoint) ?? [];
    endpoints.set(endpoint, own);
    for (const times of [account, own]) forget(times, now - 1000);
    if (account.length >= limits.perSecond) throw rateLimited('global-rate');
    if (own.length >= limits.perEndpoint) throw rateLimited('endpoint-rate');
    account.push(now);
    own.push(now);
  };
}

function forget(times: number[], until: number): void {
  let old = 0;
  while (old < times.length && (times[old] as number) <= until) old += 1;
  if (old > 0) times.splice(0, old);
}
