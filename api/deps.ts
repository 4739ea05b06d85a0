import type { Logger } from 'pino';
import type { Policy } from '../core/policy.ts';
import type { Payments } from '../gateways/payments.ts';
import type { Queues } from '../jobs/queues.ts';
import type { Ledger } from '../ledger/ledger.ts';

/** Everything the API works with. Nothing else of the outside world comes in. */
export interface ApiDeps {
  ledger: Ledger;
  queues: Pick<Queues, 'queues' | 'enqueue' | 'backend' | 'ping'>;
  payments: Payments;
  /** What an assessment opened from here on freezes. */
  policy: Policy;
  practiceName: string;
  /** Where people reach this API, without a slash at the end. */
  publicUrl: string;
  /** Signing secrets of the webhook endpoint; two while one is being replaced. */
  webhookSecrets: string[];
  /** Signs the cookie of the console's sessions. */
  sessionSecret: string;
  /** True when real cards are charged. */
  livemode: boolean;
  production: boolean;
  /** Addresses and CIDR ranges of the proxies in front, whose X-Forwarded-For is believed. */
  trustProxy: string[];
  limits: RequestLimits;
  /** What else `/readyz` reports, by name. It is told, but does not make the API unready. */
  checks: Record<string, () => Promise<void>>;
  log: Logger;
}

/** Requests a minute, per process. */
export interface RequestLimits {
  /** By one key or session. */
  perCaller: number;
  /** By one address without a key. */
  perAddress: number;
  /** Wrong tokens and failed logins by one address. */
  failedLogins: number;
}

/** Generous to people and scripts, useless for guessing. */
export const REQUEST_LIMITS: RequestLimits = {
  perCaller: 3_000,
  perAddress: 600,
  failedLogins: 10,
};
