import type { Step } from '../../core/fee/fee.ts';
import { next, type Next } from '../../core/fee/next.ts';
import type { Done } from '../../jobs/queues.ts';
import type { FeeRecord } from '../../ledger/fees.ts';
import { createLedger, type Ledger } from '../../ledger/ledger.ts';
import { createProcessors } from '../../workers/worker.ts';
import { recordUse, setClock } from './assessment.ts';
import { testPolicy } from './fees.ts';
import { createTestApp, type TestApp } from './test-app.ts';

const annual = {
  cron: '0 9 15 1 *',
  timeZone: 'UTC',
  vendors: [],
  autoApprove: true,
  policy: testPolicy(),
  livemode: false,
};

/** Where a fee stands. */
export async function standing(ledger: Ledger, feeId: string): Promise<Next> {
  const feeRecord = (await ledger.fees.load(feeId)) as FeeRecord;
  return next(feeRecord.entries, feeRecord.assessment.policy);
}

/** Runs one processor now, as a job would. */
export async function run(
  testApp: TestApp,
  ledger: Ledger,
  step: Step,
  feeId: string,
): Promise<Done> {
  const processors = createProcessors({ ...testApp.deps, ledger }, testApp.queues, annual);
  return processors[step]({ feeId, seq: 0 });
}

/** Moves the database's clock to the moment the fee's next step is due, and gives the step. */
export async function waitUntilDue(
  testApp: TestApp,
  ledger: Ledger,
  feeId: string,
): Promise<Step | null> {
  const { step, at } = await standing(ledger, feeId);
  if (at && at > (await ledger.fees.now())) await setClock(testApp.db.pool, at);
  return step;
}

/** Does what the ledger asks for, when it asks for it, until nothing is asked or `until` is. */
export async function live(
  testApp: TestApp,
  ledger: Ledger,
  feeId: string,
  until?: Step,
): Promise<FeeRecord> {
  for (;;) {
    const step = await waitUntilDue(testApp, ledger, feeId);
    if (!step || step === until) return (await ledger.fees.load(feeId)) as FeeRecord;
    await run(testApp, ledger, step, feeId);
  }
}

/** An assessment of one clinician with this card, who used a code; the clock stands still. */
export async function oneFee(
  card: string | null,
): Promise<{ testApp: TestApp; ledger: Ledger; feeId: string }> {
  const testApp = await createTestApp({ name: 'postgres', redis: () => undefined });
  await setClock(testApp.db.pool, new Date('2026-01-15T14:00:00Z'));
  const ledger = createLedger(testApp.db.appPool, () => 0);
  await recordUse(ledger, await testApp.clinician('A1', card));
  const opening = await ledger.assessments.open({
    vendor: 'theranest',
    year: 2026,
    policy: testPolicy(),
    autoApprove: true,
    livemode: false,
    actor: 'test',
  });
  if (!opening.opened) throw new Error(opening.why);
  await ledger.assessments.enroll(opening.assessment.assessmentId);
  const [fee] = await ledger.reports.fees({ limit: 1 });
  return { testApp, ledger, feeId: fee?.feeId ?? '' };
}
