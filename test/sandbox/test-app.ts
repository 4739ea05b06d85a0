import Stripe from 'stripe';
import { onTestFinished } from 'vitest';
import { startSandboxStripe } from '../../sandbox/stripe/server.ts';
import type { SandboxOptions, SandboxStripe } from '../../sandbox/stripe/server.ts';

/** A sandbox with a library that speaks to it, both gone when the test is. */
export interface TestApp {
  sandbox: SandboxStripe;
  stripe: Stripe;
  /** The machine's clock as the sandbox sees it: tests set it, it never runs by itself. */
  clock: { ms: number };
  /** Calls the control endpoint; throws on anything but 200. */
  control: (method: string, path: string, body?: object) => Promise<Record<string, unknown>>;
}

/** A Monday in November 2026, in milliseconds. */
export const MONDAY = Date.UTC(2026, 10, 2, 9);

/** Starts a sandbox whose clock stands still at MONDAY until it is moved. */
export async function openTestApp(options: SandboxOptions = {}): Promise<TestApp> {
  const clock = { ms: MONDAY };
  const sandbox = await startSandboxStripe({ clock: () => clock.ms, ...options });
  onTestFinished(() => sandbox.close());
  return { sandbox, stripe: stripeAt(sandbox.url), clock, control: controlOf(sandbox.url) };
}

/** The real library, without retries of its own, speaking to a sandbox. */
export function stripeAt(
  url: string,
  config: Partial<Stripe.StripeConfig> = {},
  key = 'sk_test_levy',
) {
  const { hostname, port } = new URL(url);
  return new Stripe(key, {
    host: hostname,
    port,
    protocol: 'http',
    telemetry: false,
    maxNetworkRetries: 0,
    timeout: 5000,
    ...config,
  });
}

export function controlOf(url: string): TestApp['control'] {
  return async (method, path, body) => {
    const response = await fetch(`${url}/_sandbox/${path}`, {
      method,
      ...(body && { body: JSON.stringify(body) }),
    });
    const answer = (await response.json()) as Record<string, unknown>;
    if (!response.ok) throw new Error(`control ${path}: ${JSON.stringify(answer)}`);
    return answer;
  };
}

/** A customer with that test card on file, and the saved card's id. */
export async function cardholder(stripe: Stripe, testCard = 'pm_card_visa') {
  const customer = await stripe.customers.create({});
  const method = await stripe.paymentMethods.attach(testCard, { customer: customer.id });
  return { customer: customer.id, card: method.id, method };
}

/** An intent of $18.50 for a customer, by card, as yet without one. */
export function openIntent(
  stripe: Stripe,
  customer: string,
  more: Partial<Stripe.PaymentIntentCreateParams> = {},
  options: Stripe.RequestOptions = {},
) {
  const params = { amount: 1850, currency: 'usd', customer, ...more };
  return stripe.paymentIntents.create({ ...withoutRedirects, ...params }, options);
}

/** A payment off session: an intent, confirmed at once with the card. */
export async function pay(
  stripe: Stripe,
  who: { customer: string; card: string },
  more: Partial<Stripe.PaymentIntentCreateParams> = {},
) {
  const intent = await openIntent(stripe, who.customer, more);
  return stripe.paymentIntents.confirm(intent.id, { payment_method: who.card, off_session: true });
}

/** The error a call ends in; fails the test when it does not. */
export async function errorOf(call: Promise<unknown>): Promise<Stripe.errors.StripeError> {
  const error = await call.then(
    () => new Error('The call succeeded, but was expected to fail.'),
    (reason: unknown) => reason,
  );
  if (error instanceof Stripe.errors.StripeError) return error;
  throw error;
}

const withoutRedirects = {
  automatic_payment_methods: { enabled: true, allow_redirects: 'never' },
} satisfies Partial<Stripe.PaymentIntentCreateParams>;
