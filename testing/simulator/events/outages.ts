import type { JobName } from '../../../jobs/jobs.ts';
import { HOUR_MS } from '../plan.ts';
import { feeOf, type Scenario } from '../scenario.ts';
import type { Person } from '../expected.ts';

/** The database is away: a restart, a failover, a full disk. */
export function databaseAway({ environment }: Scenario): void {
  environment.faults.struck('db_down');
  const ms = environment.random.pick([1_000, 20_000, 600_000, 3 * HOUR_MS]);
  environment.databaseOutage.awayUntil = environment.timeline.now() + ms;
}

export function flushQueue({ environment }: Scenario): void {
  environment.faults.struck('queue_flushed');
  environment.queue.flush();
}

/** An old copy of the queue is restored, or somebody runs finished jobs again. */
export function replayJobs({ environment }: Scenario): void {
  environment.faults.struck('queue_stale');
  environment.queue.replay(environment.random.between(5, 25));
}

/** Jobs put there by hand: any step, right or wrong number, now and for somebody's fee. */
export async function forgeJobs(scenario: Scenario): Promise<void> {
  const { queue, random, faults } = scenario.environment;
  faults.struck('queue_forged');
  for (const person of scenario.expected.people) {
    const feeId = await feeOf(scenario, person);
    const names: JobName[] = ['charge', 'notice', 'settle', 'email', 'detect'];
    if (feeId) queue.forge(random.pick(names), { feeId, seq: random.int(12) });
  }
}

/** Stripe is away, for up to longer than it remembers a key. */
export function stripeAway({ environment, stripe }: Scenario): void {
  environment.faults.struck('stripe_outage');
  const hours = environment.random.pick([0.2, 1, 5, 20, 26]);
  stripe.outage.awayUntil = environment.timeline.now() + hours * HOUR_MS;
}

export function stripeBusy({ environment, stripe }: Scenario): void {
  environment.faults.struck('stripe_429');
  stripe.outage.busyUntil = environment.timeline.now() + HOUR_MS / 2;
}

/** A signed event that lies: of a payment, a refund or a dispute that never was. */
export async function forgeWebhook(scenario: Scenario, person: Person | null): Promise<void> {
  const { random, faults } = scenario.environment;
  if (!person) return;
  faults.struck('webhook_forged');
  const feeId = await feeOf(scenario, person);
  const type = random.pick([
    'payment_intent.succeeded',
    'payment_intent.canceled',
    'payment_intent.payment_failed',
    'charge.refunded',
    'charge.dispute.created',
  ]);
  scenario.hint({ type, feeId, customer: person.row.stripeCustomer });
}
