import type { Logger } from 'pino';
import type { Policy } from '../core/policy.ts';
import type { Payments } from '../gateways/payments.ts';
import type { Queues } from '../jobs/queues.ts';
import type { Ledger } from '../ledger/ledger.ts';

/** What the API works with: every service outside the process is passed in here. */
export interface ApiDeps {
  ledger: Ledger;
  queues: Pick<Queues, 'queues' | 'enqueue' | 'backend' | 'ping'>;
  payments: Payments;
  /** The policy that a newly opened assessment freezes. */
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
  /** Addresses and CIDR ranges of the proxies in front, whose X-Forwarded-For is trusted. */
  trustProxy: string[];
  access: AccessRules;
  limits: RequestLimits;
  /** Further checks that `/readyz` reports by name; they do not make the API unready. */
  checks: Record<string, () => Promise<void>>;
  log: Logger;
}

/** Who is let in where. */
export interface AccessRules {
  /** A colleague approves only with an authenticator app set up. */
  authenticatorToApprove: boolean;
  /** Who sees /metrics: everybody, or whoever sends this token; null: nobody. */
  metrics: 'open' | { token: string | null };
  /** Who sees /docs: everybody, whoever is signed in, or nobody. */
  docs: 'open' | 'signed-in' | 'off';
}

/** The limits on requests to one process. */
export interface RequestLimits {
  /** Requests a minute by one key or session. */
  perCaller: number;
  /** Requests a minute by one address without a key. */
  perAddress: number;
  /** Wrong tokens and failed logins a minute by one address. */
  failedLogins: number;
  /** Events in ten seconds by one address, on the route for Stripe. */
  events: number;
  /** How long a body may take to arrive in ms, uploads of known callers excepted. */
  bodyMs: number;
  /** How long the headers of a request may take to arrive, in ms. */
  headersMs: number;
  /** Bodies of callers without a key that are read or worked on at once. */
  openBodies: number;
  /** The same, of one address. */
  openBodiesPerAddress: number;
  /** Open connections. */
  connections: number;
}

/** High enough for people, scripts and Stripe; too low for guessing or exhausting the process. */
export const REQUEST_LIMITS: RequestLimits = {
  perCaller: 3_000,
  perAddress: 600,
  failedLogins: 10,
  // 100 charges a second make some 300 events a second, perhaps all from one address.
  events: 5_000,
  // The largest body but an upload has 256 KB: 10 s suffice at 210 kbit/s.
  bodyMs: 10_000,
  // Headers are one packet or two: 10 s is what the slowest line needs to repeat them.
  headersMs: 10_000,
  // 256 bodies of at most 256 KB are 64 MB. At 300 events a second of 20 ms each, 6 are open.
  openBodies: 256,
  // Four addresses are needed to fill all places, and Stripe sends from more than a dozen.
  openBodiesPerAddress: 64,
  // An idle connection costs some 10 KB. Consoles, scripts and Stripe together hold a few hundred.
  connections: 4_000,
};
