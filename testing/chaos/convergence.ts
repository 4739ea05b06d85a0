import { createQueues } from '../../jobs/queues.ts';
import type { Harness } from './harness.ts';
import { actOnFee, tend, until } from './year.ts';

/** A fee whose next step is further away than this waits for time, not for a program. */
const FAR_MS = 30_000;

/** Heals everything: from here on nothing fails any more. */
export async function heal(harness: Harness): Promise<void> {
  const { faultInjector, services, processes, control } = harness;
  faultInjector.outage.stripe = false;
  faultInjector.outage.mail = false;
  faultInjector.rest();
  await control('DELETE', 'faults');
  await control('POST', 'webhook', { mode: 'send', copies: 1, order: 'kept' });
  await services.redis?.command('PING');
  const skewed = processes.members.filter((member) => member.skewMs() !== 0);
  await Promise.all(skewed.map((member) => member.restart(0)));
}

/** Waits until every fee rests, or is due in a future that is none of this run's business. */
export async function converged(
  harness: Harness,
  limitMs: number,
  attend = () => tend(harness),
): Promise<string | null> {
  let left = 'nobody has looked';
  const isConverged = await until(harness, limitMs, async () => {
    await attend().catch(() => undefined);
    await letGo(harness).catch(() => undefined);
    left = await unfinished(harness).catch((error: unknown) => String(error));
    return left === '';
  });
  return isConverged ? null : left;
}

/**
 * An attempt that a hold has overtaken is only asked about, until Stripe has forgotten its key: a
 * real day, which nobody waits for here. Whoever asked for the hold lets go of it.
 */
async function letGo(harness: Harness): Promise<void> {
  const { rows } = await harness.pool.query<{ fee: string }>(
    `select fee_id as fee from fees where state = 'unknown' and next_step = 'settle'
     and exists (select from entries e where e.fee_id = fees.fee_id and e.kind = 'held')`,
  );
  for (const { fee } of rows) await actOnFee(harness, fee, 'release');
}

async function unfinished({ pool }: Harness): Promise<string> {
  const { rows } = await pool.query<{ what: string; count: number }>(
    `select concat_ws(' ', state, next_step) as what, count(*)::integer as count from fees
     where next_step is not null and due_at < clock_timestamp() + make_interval(secs => $1)
       or state = 'ready'
     group by 1
     union all
     select 'people without a fee', count(*)::integer from clinicians c
     where not exists (select from fees f where f.clinician_id = c.clinician_id)
     having count(*) > 0
     union all
     select 'no roster', 0 where not exists (select from clinicians)
     union all
     select 'webhooks nobody has followed', count(*)::integer from webhook_events
     where handled_at is null having count(*) > 0`,
    [FAR_MS / 1000],
  );
  return rows.map(({ what, count }) => `${count} ${what}`).join(', ');
}

/**
 * Brings the hourly check forward: it makes up for webhooks that never came. Waits until it has
 * been made, by a worker, from the queue.
 */
export async function hourlyCheck(harness: Harness, limitMs: number): Promise<boolean> {
  const { redisUrl, databaseUrl, ledger, assessmentId } = harness;
  const queues = await createQueues({ redisUrl, databaseUrl, onError: () => undefined });
  try {
    const before = await ledger.fees.now();
    await queues.clear('reconcile', {});
    await queues.enqueue('reconcile', {});
    return await until(harness, limitMs, async () => {
      const assessment = await ledger.assessments.get(assessmentId);
      return assessment?.checkedAt !== null && (assessment?.checkedAt ?? before) > before;
    });
  } finally {
    await queues.close();
  }
}
