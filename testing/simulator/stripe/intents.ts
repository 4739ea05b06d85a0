import type { Card, Charge, Failure, Intent, Try } from './books.ts';
import { declined, invalid, missing, wrongState } from './errors.ts';
import { ask, outcomeOf, type Verdict } from './network.ts';
import type { StripeWorld } from './world.ts';

/** Who asks: levy with a key, at a decision of that time, or somebody at Stripe's dashboard. */
export interface Asker {
  by: 'levy' | 'outside';
  key: string | null;
  decidedAt: number;
  /** Which installation of levy's; null for somebody at the dashboard. */
  site: string | null;
}

/** Creates an intent. It can succeed at most once, whatever happens. */
export function createIntent(
  world: StripeWorld,
  wish: { amount: number; customer: string; description: string; metadata: Record<string, string> },
): Intent {
  const owner = world.books.customers.get(wish.customer);
  if (!owner || owner.deleted) throw missing('customer');
  if (!Number.isInteger(wish.amount) || wish.amount < 50) throw invalid('Amount too small.');
  const intent: Intent = {
    id: world.newId('pi'),
    amount: wish.amount,
    amount_received: 0,
    cancellation_reason: null,
    created: world.seconds(),
    customer: wish.customer,
    description: wish.description,
    last_payment_error: null,
    latest_charge: null,
    livemode: false,
    metadata: patched({}, wish.metadata),
    payment_method: null,
    status: 'requires_payment_method',
  };
  world.books.intents.set(intent.id, intent);
  if (intent.metadata.notice) noted(world, intent);
  world.emit('payment_intent.created', intent, true);
  return intent;
}

export function existingIntent(world: StripeWorld, id: string): Intent {
  const intent = world.books.intents.get(id);
  if (!intent) throw missing('intent');
  return intent;
}

/** Confirms an intent with a card: the one act that moves money. Throws when it is declined. */
export function confirmIntent(
  world: StripeWorld,
  id: string,
  paymentMethod: string,
  asker: Asker,
): Intent {
  const intent = existingIntent(world, id);
  if (intent.status !== 'requires_payment_method') throw wrongState(intent);
  const card = world.books.cards.get(paymentMethod);
  if (!card) throw missing('payment_method');
  // Of a card that was detached Stripe only says, in prose, that it may not be used again.
  if (card.customer === null) throw invalid('The payment method may not be used again.');
  if (card.customer !== intent.customer) throw missing('payment_method');
  const verdict = ask(world, card);
  const charge = chargeFor(world, intent, card, verdict);
  record(world, intent, card, charge, verdict, asker);
  const ours = asker.by === 'levy';
  if (verdict.result === 'declined') throw refuse(world, intent, charge, verdict, ours);
  if (verdict.result === 'approved') return succeed(world, intent, charge, ours);
  intent.status = 'processing';
  world.emit('payment_intent.processing', intent, ours);
  world.later(verdict.ms, () => settle(world, intent, charge, verdict.ends));
  return intent;
}

/** Changes the metadata of an intent, also of a paid or canceled one: '' removes a key. */
export function updateIntent(
  world: StripeWorld,
  id: string,
  { metadata = {}, ...others }: { metadata?: Record<string, string> },
): Intent {
  const intent = existingIntent(world, id);
  const [other] = Object.keys(others);
  if (other) throw invalid(`The double changes no ${other}.`, { param: other });
  intent.metadata = patched(intent.metadata, metadata);
  if (metadata.notice !== undefined) noted(world, intent);
  return intent;
}

/** What may be said of why an intent is canceled. */
const REASONS = ['abandoned', 'duplicate', 'fraudulent', 'requested_by_customer'];

/** Cancels an intent, so that it never can succeed. */
export function cancelIntent(
  world: StripeWorld,
  id: string,
  ours: boolean,
  reason: string | null = null,
): Intent {
  const intent = existingIntent(world, id);
  if (reason !== null && !REASONS.includes(reason))
    throw invalid(`Invalid cancellation_reason: ${reason}`, { param: 'cancellation_reason' });
  if (intent.status !== 'requires_payment_method') throw wrongState(intent);
  Object.assign(intent, { status: 'canceled', cancellation_reason: reason });
  world.emit('payment_intent.canceled', intent, ours);
  return intent;
}

function chargeFor(world: StripeWorld, intent: Intent, card: Card, verdict: Verdict): Charge {
  const charge: Charge = {
    id: world.newId('ch'),
    amount: intent.amount,
    amount_refunded: 0,
    created: world.seconds(),
    customer: intent.customer,
    disputed: false,
    failure_code: null,
    livemode: false,
    metadata: { ...intent.metadata },
    outcome: outcomeOf(verdict),
    payment_intent: intent.id,
    payment_method: card.id,
    payment_method_details: { card: { brand: card.brand, fingerprint: card.fingerprint } },
    status: 'pending',
    paidAt: null,
  };
  world.books.charges.set(charge.id, charge);
  intent.latest_charge = charge.id;
  return charge;
}

function record(
  world: StripeWorld,
  intent: Intent,
  card: Card,
  charge: Charge,
  verdict: Verdict,
  asker: Asker,
): void {
  const one: Try = {
    ...asker,
    at: world.now(),
    intent: intent.id,
    customer: intent.customer,
    feeId: intent.metadata.fee ?? '',
    charge: charge.id,
    amountCents: intent.amount,
    paymentMethod: card.id,
    fingerprint: card.fingerprint,
    version: card.version,
    sentToNetwork: verdict.result !== 'declined' || verdict.sentToNetwork,
    result: verdict.result,
    forbidden: verdict.result === 'declined' && verdict.forbidden,
  };
  world.books.tries.push(one);
  const said = verdict.result === 'declined' ? `declined ${verdict.code}` : verdict.result;
  world.note(`stripe: ${asker.by} asks ${card.id} for ${intent.amount} on ${intent.id}: ${said}`);
}

function succeed(world: StripeWorld, intent: Intent, charge: Charge, ours: boolean): Intent {
  Object.assign(charge, { status: 'succeeded', paidAt: world.now() });
  Object.assign(intent, { status: 'succeeded', last_payment_error: null });
  intent.amount_received = intent.amount;
  book(world, charge.id, 'charge', intent.amount);
  world.emit('payment_intent.succeeded', intent, ours);
  world.emit('charge.succeeded', charge, ours);
  return intent;
}

function refuse(
  world: StripeWorld,
  intent: Intent,
  charge: Charge,
  verdict: { code: string; adviceCode: string | null; networkAdviceCode: string | null },
  ours: boolean,
): Error {
  const authentication = verdict.code === 'authentication_required';
  const failure: Failure = {
    code: authentication ? verdict.code : 'card_declined',
    decline_code: verdict.code,
    advice_code: verdict.adviceCode,
    network_advice_code: verdict.networkAdviceCode,
    charge: charge.id,
    payment_method: { id: charge.payment_method },
  };
  Object.assign(charge, { status: 'failed', failure_code: failure.code });
  intent.status = 'requires_payment_method';
  intent.last_payment_error = failure;
  world.emit('payment_intent.payment_failed', intent, ours);
  return declined(failure);
}

/** A payment that was processing comes to its end. */
function settle(
  world: StripeWorld,
  intent: Intent,
  charge: Charge,
  ends: 'succeeded' | 'failed',
): void {
  world.note(`stripe: ${intent.id} settles: ${ends}`);
  const code = 'generic_decline';
  const verdict = {
    result: 'declined',
    code,
    adviceCode: null,
    networkAdviceCode: null,
    sentToNetwork: true,
    forbidden: false,
  } as const;
  if (ends === 'succeeded') {
    charge.outcome = outcomeOf({ result: 'approved' });
    succeed(world, intent, charge, true);
  } else {
    charge.outcome = outcomeOf(verdict);
    refuse(world, intent, charge, verdict, true);
  }
}

/** Writes a line of the balance. */
export function book(
  world: StripeWorld,
  source: string,
  type: 'charge' | 'refund' | 'refund_failure' | 'adjustment',
  amount: number,
): void {
  const fee = type === 'charge' ? Math.round(amount * 0.029) + 30 : 0;
  const created = world.seconds();
  const id = world.newId('txn');
  world.books.movements.push({ id, amount, created, fee, net: amount - fee, source, type });
}

/** The metadata after a change: '' removes a key, what is not named stays. */
function patched(
  before: Record<string, string>,
  change: Record<string, string>,
): Record<string, string> {
  const after = { ...before, ...change };
  for (const [key, value] of Object.entries(change)) if (value === '') delete after[key];
  return after;
}

function noted({ books, now }: StripeWorld, { id, metadata }: Intent): void {
  books.notices.push({ at: now(), intent: id, notice: metadata.notice ?? '' });
}
