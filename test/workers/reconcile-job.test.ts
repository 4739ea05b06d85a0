import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { fold } from '../../core/fee/fold.ts';
import { createReconcileJob } from '../../workers/maintenance/reconcile-job.ts';
import { createTestApp, type TestApp } from '../support/test-app.ts';
import { queueBackends } from '../support/queues.ts';
import { createTamper } from '../support/tamper.ts';
import { payBehind } from '../support/verified-year.ts';
import { feeOf, liveYear, payers } from '../support/year.ts';

let testApp: TestApp;
let pullDown: () => Promise<void>;
let assessmentId: string;
let tamper: ReturnType<typeof createTamper>;
let errors: Record<string, unknown>[];

beforeAll(async () => {
  testApp = await createTestApp(queueBackends[0]!, (end) => (pullDown = end));
  assessmentId = await liveYear(testApp, payers(6));
  tamper = createTamper(testApp.db.pool);
});
afterAll(() => pullDown());
beforeEach(() => (errors = []));

const containing = (words: string): unknown => expect.stringContaining(words);

/** Runs the job once, with a log that is listened to. */
const job = () => {
  const error = (fields: Record<string, unknown>) => void errors.push(fields);
  const log = { ...testApp.deps.log, error };
  return createReconcileJob({ ...testApp.deps, log, patienceMs: 0 })({});
};

const assessment = async () => (await testApp.ledger.assessments.get(assessmentId))!;
const onRecord = async (feeId: string | null) =>
  (await testApp.ledger.findings.open({ limit: 100 })).filter((one) => one.feeId === feeId);

describe('the check by the clock', () => {
  it('leaves a year alone in which everything holds, and notes that it looked', async () => {
    expect(await job()).toEqual({ done: '6 fees checked, everything holds' });
    expect((await assessment()).pausedAt).toBeNull();
    expect(errors).toEqual([]);
    const summary = await testApp.ledger.findings.summary();
    expect(summary.byCheck).toEqual([]);
    expect(summary.checkedSecondsAgo).toBeLessThan(10);
  });

  it('takes up what only has not reached the ledger yet, and finds nothing amiss', async () => {
    const fee = await feeOf(testApp, 'P1');
    const paid = (await testApp.ledger.fees.load(fee))!.entries.find(({ kind }) => kind === 'paid');
    const intent = paid?.kind === 'paid' ? paid.data.intent : '';
    await testApp.stripe.refunds.create({ payment_intent: intent });
    expect(await job()).toMatchObject({ done: containing('everything holds') });
    const [line] = await testApp.ledger.reports.fees({ ref: 'P1', limit: 1 });
    expect(line?.state).toBe('refunded');
  });

  it('cancels an intent nobody knows of, unless it has taken money', async () => {
    const feeId = await feeOf(testApp, 'P2');
    const customer = (await testApp.ledger.fees.load(feeId))?.clinician.stripeCustomer as string;
    const lost = await testApp.stripe.paymentIntents.create({
      ...{ amount: 1950, currency: 'usd', customer, metadata: { fee: feeId, year: '2026' } },
      automatic_payment_methods: { enabled: true, allow_redirects: 'never' },
    });
    expect(await job()).toMatchObject({ done: containing('everything holds') });
    expect((await testApp.stripe.paymentIntents.retrieve(lost.id)).status).toBe('canceled');
    const { intent } = fold((await testApp.ledger.fees.load(feeId))!.entries);
    expect((await testApp.stripe.paymentIntents.retrieve(intent!)).status).toBe('succeeded');
  });

  it('gives a fee to whoever came to the roster and was left without one', async () => {
    await testApp.clinician('N1', 'pm_card_visa');
    expect(await job()).toEqual({ done: '7 fees checked, everything holds' });
    expect(await feeOf(testApp, 'N1')).toBeTruthy();
  });

  it('says nothing when it could not look', async () => {
    await fetch(`${testApp.sandbox.url}/_sandbox/faults`, {
      method: 'POST',
      body: JSON.stringify({ route: 'charges.list', kind: 'status_500', times: 1 }),
    });
    await expect(job()).rejects.toMatchObject({ name: 'PaymentsUnavailable' });
    expect((await assessment()).pausedAt).toBeNull();
    expect((await testApp.ledger.findings.summary()).byCheck).toEqual([]);
  });

  it('pauses the assessment on a breach, says why, and puts it on record once', async () => {
    const fee = await feeOf(testApp, 'P2');
    await payBehind(testApp, fee);
    expect(await job()).toMatchObject({ failed: containing('one_charge 1') });
    expect(await assessment()).toMatchObject({
      pausedBy: 'levy verify',
      pausedWhy: containing(`The check found a breach. fee ${fee}: `),
    });
    const found = await testApp.ledger.findings.open({ assessmentId, limit: 10 });
    expect(new Set(found.map(({ check }) => check))).toEqual(
      new Set(['announced', 'cents', 'objects', 'one_charge']),
    );
    expect(found.every((one) => one.feeId === fee)).toBe(true);
    expect(errors).toHaveLength(1);
    expect(JSON.stringify(errors)).not.toContain('Person');

    await job();
    expect(await onRecord(fee)).toHaveLength(found.length);
    expect(errors).toHaveLength(1);
  });

  it('undoes a person’s resume only for what the person has not seen', async () => {
    await payBehind(testApp, await feeOf(testApp, 'P3'));
    await job();
    await testApp.ledger.assessments.resume(assessmentId, 'an operator');
    await job();
    expect((await assessment()).pausedAt).toBeNull();
    await payBehind(testApp, await feeOf(testApp, 'P4'));
    await job();
    expect((await assessment()).pausedWhy).toContain(await feeOf(testApp, 'P4'));
    await testApp.ledger.assessments.resume(assessmentId, 'an operator');
  });

  it('keeps a finding on record until it is put right', async () => {
    const fee = await feeOf(testApp, 'P5');
    await tamper.index(fee, { state: 'gave_up' });
    await job();
    expect(await onRecord(fee)).toMatchObject([{ check: 'index' }]);
    await tamper.index(fee, { state: 'paid' });
    await job();
    expect(await onRecord(fee)).toEqual([]);
    await testApp.ledger.assessments.resume(assessmentId, 'an operator');
  });

  it('records what is late, but does not stop what would catch up', async () => {
    await testApp.clinician('L1', 'pm_card_visa');
    await tamper.longAgo('L1');
    await testApp.ledger.clinicians.enrollLatecomers();
    expect(await job()).toMatchObject({ failed: containing('nobody_forgotten 1') });
    expect(await onRecord(await feeOf(testApp, 'L1'))).toHaveLength(1);
    expect((await assessment()).pausedAt).toBeNull();
  });
});

it.each(queueBackends)('is scheduled every hour on $name', async (backend) => {
  const testApp = await createTestApp(backend);
  await testApp.work();
  const schedulers = await testApp.queues.queues.reconcile.getJobSchedulers();
  expect(schedulers).toMatchObject([{ key: 'reconcile', pattern: '7 * * * *', tz: 'UTC' }]);
});
