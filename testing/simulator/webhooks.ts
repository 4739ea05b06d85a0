import { CARD_EVENTS } from '../../workers/webhook-event.ts';
import type { Office } from './office.ts';
import type { Setting } from './setting.ts';
import type { Event } from './stripe/books.ts';

const HOUR_MS = 3_600_000;

/** Sent only sometimes, as they tell nothing new: to keep a seed short. */
const CHATTER = new Set(['payment_intent.created', 'charge.succeeded', 'charge.refund.updated']);

/**
 * Stripe's deliveries to levy's webhook address: late, doubled, in any order, or never. The latter
 * befalls what levy can find out by looking: its own doings, and the cards that Stripe lists.
 */
export function createWebhooks(
  setting: Pick<Setting, 'timeline' | 'faults' | 'note' | 'random'>,
  office: () => Office,
  onReceived: () => void,
) {
  const { timeline, faults, note } = setting;
  const random = setting.random.fork('webhooks');
  let forged = 0;

  function deliver(event: Event): void {
    if (CHATTER.has(event.type) && random.chance(0.8)) return;
    const isListed = event.ours || CARD_EVENTS.has(event.type);
    if (isListed && faults.strikes('webhook_missing')) return;
    const late = faults.strikes('webhook_late');
    later(event, late ? random.between(1, 72 * 60) * 60_000 : random.between(20, 5_000));
    if (!faults.strikes('webhook_doubled')) return;
    for (let n = random.between(1, 4); n > 0; n -= 1) later(event, random.between(0, 30 * HOUR_MS));
  }

  function later(event: Event, ms: number): void {
    timeline.at(timeline.now() + ms, () => void receive(event));
  }

  async function receive(event: Event): Promise<void> {
    const { ours, ...about } = event;
    note(ours ? `webhook ${event.id}` : `webhook ${event.id} of others`);
    const hint = { ...about, livemode: false, createdAt: inSeconds(event.createdAt) };
    const answer = await office().ask(`webhook ${event.id} ${event.type}`, (api) =>
      api.ledger.events.receive(hint),
    );
    if (!answer) note(`stripe gives up on ${event.id}`);
    onReceived();
  }

  /** Delivers an event that Stripe never sent. */
  function forge(lie: { type: string; feeId: string | null; customer: string | null }): void {
    const id = `evt_forged${(forged += 1)}`;
    const about = { objectId: 'pi_forged', intent: 'pi_forged', paymentMethod: null };
    later({ id, ...lie, ...about, createdAt: timeline.now(), ours: false }, 0);
  }

  return { deliver, forge };
}

/** Stripe writes times in whole seconds. */
function inSeconds(ms: number): Date {
  return new Date(Math.floor(ms / 1_000) * 1_000);
}
