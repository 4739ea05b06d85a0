import Stripe from 'stripe';
import type { InvalidEvent } from '../payments.ts';

/** Greatest age of a signed event in seconds; an older one is a replay. Stripe's own default. */
const TOLERANCE_SECONDS = 300;

/**
 * Gives the event of a webhook's body if it was signed with one of the secrets within the last five
 * minutes, and why not otherwise.
 */
export function readSigned(
  stripe: Stripe,
  rawBody: Buffer,
  sent: { signature: string; secrets: string[]; receivedAt?: Date },
): { event: Stripe.Event } | InvalidEvent {
  const { signature, secrets, receivedAt } = sent;
  const secret = secrets.find((candidate) => isSignedWith(stripe, rawBody, signature, candidate));
  if (secret === undefined) return { invalid: 'signature' };
  const at = receivedAt?.getTime();
  try {
    const { webhooks } = stripe;
    const age = TOLERANCE_SECONDS;
    return { event: webhooks.constructEvent(rawBody, signature, secret, age, undefined, at) };
  } catch (error) {
    const isStale = error instanceof Stripe.errors.StripeSignatureVerificationError;
    return { invalid: isStale ? 'stale' : 'malformed' };
  }
}

/** Whether the signature was made with this secret, at any time. */
function isSignedWith(stripe: Stripe, rawBody: Buffer, signature: string, secret: string): boolean {
  try {
    return stripe.webhooks.signature?.verifyHeader(rawBody, signature, secret, 0) ?? false;
  } catch {
    return false;
  }
}
