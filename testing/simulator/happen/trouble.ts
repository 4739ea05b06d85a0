import type { JobName } from '../../../jobs/jobs.ts';
import { HOUR_MS } from '../plan.ts';
import { feeOf, type Scene } from '../scene.ts';
import type { Person } from '../truth.ts';

/** The database is away: a restart, a failover, a full disk. */
export function databaseAway({ setting }: Scene): void {
  setting.faults.struck('db_down');
  const ms = setting.random.pick([1_000, 20_000, 600_000, 3 * HOUR_MS]);
  setting.databaseWeather.awayUntil = setting.timeline.now() + ms;
}

export function flushQueue({ setting }: Scene): void {
  setting.faults.struck('queue_flushed');
  setting.queue.flush();
}

/** An old copy of the queue is restored, or somebody runs finished jobs again. */
export function replayJobs({ setting }: Scene): void {
  setting.faults.struck('queue_stale');
  setting.queue.replay(setting.random.between(5, 25));
}

/** Jobs put there by hand: any step, right or wrong number, now and for somebody's fee. */
export async function forgeJobs(scene: Scene): Promise<void> {
  const { queue, random, faults } = scene.setting;
  faults.struck('queue_forged');
  for (const person of scene.truth.people) {
    const feeId = await feeOf(scene, person);
    const names: JobName[] = ['charge', 'notice', 'settle', 'email', 'detect'];
    if (feeId) queue.forge(random.pick(names), { feeId, seq: random.int(12) });
  }
}

/** Stripe is away, for up to longer than it remembers a key. */
export function stripeAway({ setting, stripeWeather }: Scene): void {
  setting.faults.struck('stripe_outage');
  const hours = setting.random.pick([0.2, 1, 5, 20, 26]);
  stripeWeather.awayUntil = setting.timeline.now() + hours * HOUR_MS;
}

export function stripeBusy({ setting, stripeWeather }: Scene): void {
  setting.faults.struck('stripe_429');
  stripeWeather.busyUntil = setting.timeline.now() + HOUR_MS / 2;
}

/** A signed event that lies: of a payment, a refund or a dispute that never was. */
export async function forgeWebhook(scene: Scene, person: Person | null): Promise<void> {
  const { random, faults } = scene.setting;
  if (!person) return;
  faults.struck('webhook_forged');
  const feeId = await feeOf(scene, person);
  const type = random.pick([
    'payment_intent.succeeded',
    'payment_intent.canceled',
    'payment_intent.payment_failed',
    'charge.refunded',
    'charge.dispute.created',
  ]);
  scene.hint({ type, feeId, customer: person.row.stripeCustomer });
}
