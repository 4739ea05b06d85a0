import type { Charge, Dispute, Refund } from './books.ts';
import { invalid, missing } from './errors.ts';
import { book, existingIntent } from './intents.ts';
import type { StripeWorld } from './world.ts';

const HOUR_MS = 3_600_000;

/** How a refund goes: at once, after days, not at all, or back again after it had succeeded. */
type Course = 'succeeds' | 'pends' | 'pends_and_fails' | 'succeeds_and_fails';

/** Gives money back; the whole of what is left unless an amount is given. */
export function createRefund(
  world: StripeWorld,
  wish: { intent: string; amountCents?: number; metadata: Record<string, string> },
  ours: boolean,
): Refund {
  const intent = existingIntent(world, wish.intent);
  const charge = world.books.charges.get(intent.latest_charge ?? '');
  if (!charge || charge.status !== 'succeeded')
    throw invalid('This intent has no successful charge to refund.', { param: 'payment_intent' });
  if (charge.amount_refunded >= charge.amount)
    throw invalid('Charge has already been refunded.', { code: 'charge_already_refunded' });
  if (charge.disputed) throw invalid('Charge has been charged back.', { code: 'charge_disputed' });
  const left = charge.amount - charge.amount_refunded;
  const course = world.random.weighted<Course>({
    succeeds: 60,
    pends: 20,
    pends_and_fails: 12,
    succeeds_and_fails: 8,
  });
  const pends = course === 'pends' || course === 'pends_and_fails';
  const refund: Refund = {
    id: world.newId('re'),
    amount: Math.min(wish.amountCents ?? left, left),
    charge: charge.id,
    created: world.seconds(),
    metadata: wish.metadata,
    payment_intent: intent.id,
    status: pends ? 'pending' : 'succeeded',
    sentAt: pends ? null : world.now(),
  };
  world.books.refunds.set(refund.id, refund);
  charge.amount_refunded += refund.amount;
  book(world, refund.id, 'refund', -refund.amount);
  world.emit('charge.refunded', charge, ours);
  world.note(`stripe: ${refund.id} of ${refund.amount} on ${intent.id}: ${refund.status}`);
  const end = world.random.between(2, 200) * HOUR_MS;
  if (course === 'pends') world.later(end, () => succeed(world, refund, charge));
  if (course.endsWith('fails')) world.later(end, () => fail(world, refund, charge));
  return refund;
}

export function existingRefund(world: StripeWorld, id: string): Refund {
  const refund = world.books.refunds.get(id);
  if (!refund) throw missing('refund');
  return refund;
}

/** The cardholder asks the bank for the money back: it leaves the account at once. */
export function openDispute(world: StripeWorld, charge: Charge): Dispute | null {
  if (charge.status !== 'succeeded' || charge.disputed || charge.amount_refunded > 0) return null;
  const dispute: Dispute = {
    id: world.newId('du'),
    amount: charge.amount,
    balance_transactions: [{}],
    charge: charge.id,
    created: world.seconds(),
    payment_intent: charge.payment_intent,
    reason: 'fraudulent',
    status: 'needs_response',
  };
  charge.disputed = true;
  world.books.disputes.set(dispute.id, dispute);
  book(world, dispute.id, 'adjustment', -dispute.amount);
  world.emit('charge.dispute.created', dispute, false);
  return dispute;
}

/** The bank decides a dispute. */
export function closeDispute(world: StripeWorld, dispute: Dispute, won: boolean): void {
  dispute.status = won ? 'won' : 'lost';
  if (won) book(world, dispute.id, 'adjustment', dispute.amount);
  world.emit('charge.dispute.closed', dispute, false);
}

function succeed(world: StripeWorld, refund: Refund, charge: Charge): void {
  Object.assign(refund, { status: 'succeeded', sentAt: world.now() });
  world.note(`stripe: ${refund.id} succeeded`);
  world.emit('refund.updated', refund, false);
  world.emit('charge.refund.updated', { ...refund, payment_intent: charge.payment_intent }, false);
}

/** The bank gives the money back to us: only now it is certain that nobody was paid back. */
function fail(world: StripeWorld, refund: Refund, charge: Charge): void {
  refund.status = 'failed';
  charge.amount_refunded -= refund.amount;
  book(world, refund.id, 'refund_failure', refund.amount);
  world.note(`stripe: ${refund.id} failed`);
  world.emit('refund.failed', refund, false);
}
