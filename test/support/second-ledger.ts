import { onTestFinished } from 'vitest';
import { createQueues } from '../../jobs/queues.ts';
import { createLedger } from '../../ledger/ledger.ts';
import { recordUse } from './assessment.ts';
import { createTestDatabase } from './database.ts';
import { seedRate, startTestWorker, type TestApp } from './test-app.ts';

/**
 * Another ledger on the same Stripe account and mail server: a new server after the old one was
 * lost, or a second installation. It has the same people, with the references changed by `ref`.
 */
export async function secondLedger(
  first: TestApp,
  ref: (ref: string) => string = (same) => same,
): Promise<TestApp> {
  const db = await createTestDatabase();
  const ledger = createLedger(db.appPool, () => performance.now());
  await seedRate(ledger);
  const queues = await createQueues({
    redisUrl: null,
    databaseUrl: db.appUrl,
    prefix: 'levy',
    onError: () => undefined,
  });
  const deps = { ...first.deps, ledger };
  const open: { close(): Promise<void> }[] = [];
  onTestFinished(async () => {
    for (const one of open) await one.close();
    await queues.close();
  }, 60_000);
  for (const known of await first.ledger.clinicians.list({ limit: 1_000 })) {
    const written = await ledger.clinicians.upsert({ ...known, ref: ref(known.ref) });
    const uses = await first.ledger.evidence.of(known.clinicianId, 2026);
    if ('clinicianId' in written && uses.length > 0) await recordUse(ledger, written.clinicianId);
  }
  return {
    ...{ ...first, db, ledger, queues, deps },
    async work() {
      const work = await startTestWorker({ deps, queues });
      open.push(work);
      return work;
    },
  };
}
