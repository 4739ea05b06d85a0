import Stripe from 'stripe';
import { CARD_EVENTS } from '../../workers/webhook-event.ts';
import type { Operator } from './operator.ts';
import type { Environment } from './environment.ts';
import type { AccountEvent } from './account/account.ts';

const HOUR_MS = 3_600_000;

/** The events that the practice's webhook endpoint is sent, as levy's README has it. */
const SENT = new Set([
  'payment_intent.succeeded',
  'payment_intent.payment_failed',
  'payment_intent.canceled',
  'charge.refunded',
  'refund.created',
  'refund.updated',
  'refund.failed',
  'charge.dispute.created',
  'charge.dispute.updated',
  'charge.dispute.closed',
  'payment_method.attached',
  'payment_method.automatically_updated',
  'checkout.session.completed',
  'setup_intent.succeeded',
]);

/** Sent only sometimes, as not every endpoint is sent them and they tell nothing new. */
const CHATTER = new Set([
  'payment_intent.created',
  'payment_intent.processing',
  'charge.succeeded',
  'charge.failed',
  'payment_method.detached',
  'customer.deleted',
]);

/** The secret that the endpoint's deliveries are signed with. */
const SECRET = 'whsec_simulator';

/**
 * Stripe's deliveries to levy's webhook address: late, doubled, in any order, or never. Only what
 * levy can find out by looking is never sent: its own doings, and the cards that Stripe lists.
 */
export function createWebhooks(
  environment: Pick<Environment, 'timeline' | 'faults' | 'note' | 'random'>,
  operator: () => Operator,
  onReceived: () => void,
) {
  const { timeline, faults, note } = environment;
  const random = environment.random.fork('webhooks');
  let forged = 0;

  function deliver(event: AccountEvent): void {
    const isChatter = CHATTER.has(event.type);
    if (!isChatter && !SENT.has(event.type)) return;
    if (isChatter && random.chance(0.8)) return;
    const isListed = event.ours || CARD_EVENTS.has(event.type);
    if (isListed && faults.strikes('webhook_missing')) return;
    const late = faults.strikes('webhook_late');
    later(event, late ? random.between(1, 72 * 60) * 60_000 : random.between(20, 5_000));
    if (!faults.strikes('webhook_doubled')) return;
    for (let n = random.between(1, 4); n > 0; n -= 1) later(event, random.between(0, 30 * HOUR_MS));
  }

  function later(event: AccountEvent, ms: number): void {
    timeline.at(timeline.now() + ms, () => void receive(event));
  }

  async function receive(event: AccountEvent): Promise<void> {
    const { id, type, body, ours } = event;
    note(ours ? `webhook ${id}` : `webhook ${id} of others`);
    const answer = await operator().ask(`webhook ${id} ${type}`, ({ deps, ledger }) => {
      const at = new Date(timeline.now());
      const timestamp = Math.floor(at.getTime() / 1_000);
      const signed = Stripe.webhooks.generateTestHeaderString({
        ...{ payload: body, secret: SECRET, timestamp },
      });
      const hint = deps.payments.readEvent(Buffer.from(body), signed, [SECRET], at);
      if ('invalid' in hint) throw new TypeError(`Bug! the webhook ${id} is ${hint.invalid}`);
      return ledger.events.receive(hint);
    });
    if (!answer) note(`stripe gives up on ${event.id}`);
    onReceived();
  }

  /** Delivers an event that Stripe never sent. */
  function forge(lie: { type: string; feeId: string | null; customer: string | null }): void {
    const id = `evt_forged${(forged += 1)}`;
    const { type, feeId, customer } = lie;
    const object = {
      ...{ id: 'pi_forged', payment_intent: 'pi_forged', customer },
      object: type.slice(0, type.lastIndexOf('.')),
      metadata: feeId ? { fee: feeId } : {},
    };
    const created = Math.floor(timeline.now() / 1_000);
    const event = { ...{ id, type, created }, object: 'event', livemode: false, data: { object } };
    const createdAt = timeline.now();
    later({ ...{ id, type, createdAt }, body: JSON.stringify(event), ours: false }, 0);
  }

  return { deliver, forge };
}
