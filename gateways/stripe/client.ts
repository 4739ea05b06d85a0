/** Stripe behind the interface `Payments`. Nothing outside this folder knows the library. */
import Stripe from 'stripe';
import type { Payments } from '../payments.ts';
import { books } from './books.ts';
import { createCall, type CallOptions } from './calls.ts';
import { cardPages, cards, customers } from './cards.ts';
import { events } from './events.ts';
import { intents } from './intents.ts';

/** Creates the gateway `Payments` over one client of the library. */
export function createPayments(stripe: Stripe, options: CallOptions = {}): Payments {
  const call = createCall(options);
  return {
    ...cards(stripe, call),
    ...customers(stripe, call),
    ...cardPages(stripe, call),
    ...intents(stripe, call),
    ...events(stripe, call),
    ...books(stripe, call),
  };
}

/**
 * The version of Stripe's API that levy was written and tested for. A newer library must not change
 * what Stripe answers before somebody has read the changes.
 */
const API_VERSION = '2026-10-28.endive';

/**
 * Creates the library's client. It does not retry by itself (the ledger decides, with the same
 * key), except once after a closed connection, which cannot be switched off. `apiBase` such as
 * `http://127.0.0.1:4242` points it at a double. `timeoutMs` is the longest silence; 20,000 unless
 * given. Throws when `apiBase` is not an http(s) address.
 */
export function createStripe(args: {
  secretKey: string;
  apiBase?: string | null;
  timeoutMs?: number;
}): Stripe {
  return new Stripe(args.secretKey, {
    ...(args.apiBase && address(args.apiBase)),
    apiVersion: API_VERSION,
    timeout: args.timeoutMs ?? 20_000,
    maxNetworkRetries: 0,
    telemetry: false,
  });
}

function address(apiBase: string): Pick<Stripe.StripeConfig, 'host' | 'port' | 'protocol'> {
  const url = URL.canParse(apiBase) ? new URL(apiBase) : null;
  const protocol = url?.protocol === 'http:' ? 'http' : url?.protocol === 'https:' ? 'https' : null;
  if (!url || !protocol || url.pathname !== '/' || url.search || url.username)
    throw new Error(
      `The Stripe API base "${apiBase}" is not an address like http://127.0.0.1:4242.`,
    );
  const port = url.port || (protocol === 'http' ? '80' : '443');
  return { protocol, host: url.hostname.replace(/^\[|\]$/g, ''), port };
}
