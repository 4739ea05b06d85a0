import { describe, expect, it } from 'vitest';
import type { Step } from '../../core/fee/fee.ts';
import type { PaymentEvent } from '../../gateways/payments.ts';
import { JOB_NAMES, jobId, type JobName, type Payload } from '../../jobs/jobs.ts';
import type { Queues } from '../../jobs/queues.ts';
import type { FeeRecord } from '../../ledger/fees.ts';
import { createPump } from '../../workers/maintenance/pump.ts';
import { appendAll, setClock } from '../support/assessment.ts';
import { sample } from '../support/fees.ts';
import {
  createQueueTestApp,
  manyFees,
  workOff,
  type QueueTestApp,
} from '../support/queue-test-app.ts';
import { queueBackends } from '../support/queues.ts';

/** A pump whose clock the test turns, over a house's ledger and queue. */
function pumpOf(
  { ledger, queues }: QueueTestApp,
  through: Partial<Queues> = {},
  isUpToDate?: () => boolean,
) {
  let ms = 0;
  const warnings: unknown[] = [];
  const silent = () => undefined;
  const log = {
    info: silent,
    warn: (...said: unknown[]) => void warnings.push(said),
    error: silent,
  };
  const pump = createPump({
    ...{ ledger, log, isUpToDate },
    queues: { ...queues, ...through },
    elapsedMs: () => ms,
  });
  return {
    ...pump,
    warnings,
    /** A round some time after the last. */
    after: async (passed: number) => {
      ms += passed;
      return pump.once();
    },
  };
}

const EMPTY = Object.fromEntries(JOB_NAMES.map((name) => [name, 0])) as Record<JobName, number>;

async function queued({ queues }: QueueTestApp): Promise<Record<JobName, number>> {
  const counts = await Promise.all(JOB_NAMES.map((name) => queues.queued(name)));
  return Object.fromEntries(JOB_NAMES.map((name, n) => [name, counts[n]])) as never;
}

/** Works on a queue until one job is done: it fails for good, and changes nothing. */
const failOne = (testApp: QueueTestApp, name: JobName) =>
  workOff(testApp, name, 1, () => ({ failed: 'not today' }));

const hint = (id: string): PaymentEvent => ({
  ...{ id, type: 'payment_intent.succeeded', livemode: false, objectId: 'pi_1', intent: null },
  ...{ customer: null, paymentMethod: null, feeId: null, createdAt: new Date(0) },
});

/** Five fees, and of each step one that is due; gives the assessment, checked just now. */
async function feesOfEveryStep(testApp: QueueTestApp): Promise<string> {
  await setClock(testApp.db.pool, new Date('2026-03-01T15:00:00Z'));
  const assessmentId = await manyFees(testApp, 5);
  const feeIds = (await testApp.ledger.reports.fees({ limit: 5 })).map(({ feeId }) => feeId);
  const write = (n: number, kinds: Parameters<typeof sample>[0][]) =>
    appendAll(
      testApp.ledger,
      feeIds[n] as string,
      kinds.map((kind) => sample(kind)),
    );
  await write(0, ['assessed', 'approved']);
  await write(1, ['assessed', 'approved', 'noticed']);
  await write(2, ['assessed', 'approved', 'noticed', 'waived']);
  await write(3, ['assessed', 'approved', 'noticed', 'intent_opened', 'waive_asked']);
  const now = await testApp.ledger.fees.now();
  await testApp.ledger.findings.record(null, now, []);
  return assessmentId;
}

describe.each(queueBackends)('the pump on $name', (backend) => {
  it('offers what is due, each fee once, and nothing that is not', async () => {
    const testApp = await createQueueTestApp(backend);
    await manyFees(testApp, 3);
    const [first, second] = (await testApp.ledger.reports.fees({ limit: 3 })).map(
      (fee) => fee.feeId,
    );
    await appendAll(testApp.ledger, first as string, [sample('usage_checked')]);
    await appendAll(testApp.ledger, second as string, [sample('assessed'), sample('approved')]);
    const pump = pumpOf(testApp);
    expect(await pump.once()).toBe(2);
    expect(await queued(testApp)).toEqual({ ...EMPTY, detect: 1, notice: 1 });
    expect(await pump.after(200)).toBe(0);
    expect(await queued(testApp)).toEqual({ ...EMPTY, detect: 1, notice: 1 });
  });

  it('never keeps more than its window on a queue, nor when that queue is paused', async () => {
    const testApp = await createQueueTestApp(backend);
    await manyFees(testApp, 2_200);
    await testApp.queues.queues.detect.pause();
    const pump = pumpOf(testApp);
    for (let round = 0; round < 6; round += 1) await pump.after(200);
    expect(await testApp.queues.queued('detect')).toBe(1_000);
    const other = pumpOf(testApp);
    await other.once();
    expect(await testApp.queues.queued('detect')).toBe(1_000);
  });

  it('puts back what a flush lost, and does so at once after a moment of emptiness', async () => {
    const testApp = await createQueueTestApp(backend);
    await manyFees(testApp, 300);
    await testApp.ledger.events.receive(hint('evt_1'));
    const pump = pumpOf(testApp);
    await pump.once();
    const before = await queued(testApp);
    expect(before).toMatchObject({ detect: 300, 'webhook-event': 1 });
    for (let time = 0; time < 3; time += 1) {
      await testApp.flush();
      expect(await queued(testApp)).toEqual(EMPTY);
      await pump.after(1_001);
      expect(await queued(testApp)).toEqual(before);
    }
  });

  it('puts back what was lost from a queue that still holds other work', async () => {
    const testApp = await createQueueTestApp(backend);
    await manyFees(testApp, 20);
    const pump = pumpOf(testApp);
    await pump.once();
    const [lost] = await testApp.queues.queues.detect.getJobs(['waiting']);
    await lost?.remove();
    await pump.after(30_000);
    expect(await testApp.queues.queued('detect')).toBe(19);
    await pump.after(30_001);
    expect(await testApp.queues.queued('detect')).toBe(20);
  });

  it.each(['the same', 'another'])(
    'replaces a finished job that blocks the next under its id, from %s process',
    async (which) => {
      const testApp = await createQueueTestApp(backend);
      await manyFees(testApp, 1);
      const first = pumpOf(testApp);
      await first.once();
      await failOne(testApp, 'detect');
      const pump = which === 'another' ? pumpOf(testApp) : first;
      // Another process finds out by the first try, which is swallowed.
      if (which === 'another') await pump.once();
      await pump.after(1_001);
      expect(await testApp.queues.queued('detect')).toBe(1);
    },
  );

  it('offers a hint again whose job failed for good, and once more after a restart', async () => {
    const testApp = await createQueueTestApp(backend);
    await testApp.ledger.events.receive(hint('evt_1'));
    const pump = pumpOf(testApp);
    await pump.once();
    await failOne(testApp, 'webhook-event');
    await pump.after(1_001);
    expect(await testApp.queues.queued('webhook-event')).toBe(1);
    await failOne(testApp, 'webhook-event');
    const restarted = pumpOf(testApp);
    await restarted.once();
    await restarted.after(1_001);
    expect(await testApp.queues.queued('webhook-event')).toBe(1);
  });

  it('offers no hint that was followed', async () => {
    const testApp = await createQueueTestApp(backend);
    await testApp.ledger.events.receive(hint('evt_1'));
    await testApp.ledger.events.handled('evt_1', 'nothing new');
    expect(await pumpOf(testApp).once()).toBe(0);
  });

  it('has an assessment enrolled whose job was lost or has failed, and none that is', async () => {
    const testApp = await createQueueTestApp(backend);
    const assessmentId = await manyFees(testApp, 2);
    await testApp.db.pool.query('update assessments set enrolled_at = null');
    const pump = pumpOf(testApp);
    await pump.once();
    expect(await testApp.queues.queued('open-assessment')).toBe(1);
    await testApp.flush();
    await pump.after(1_001);
    expect(await testApp.queues.queued('open-assessment')).toBe(1);
    await failOne(testApp, 'open-assessment');
    await pump.after(1_001);
    expect(await testApp.queues.queued('open-assessment')).toBe(1);
    await testApp.flush();
    await testApp.ledger.assessments.enroll(assessmentId);
    await pump.after(61_000);
    expect(await testApp.queues.queued('open-assessment')).toBe(0);
  });

  it('leaves notices and charges of a paused assessment, and goes on with the rest', async () => {
    const testApp = await createQueueTestApp(backend);
    const assessmentId = await feesOfEveryStep(testApp);
    await testApp.ledger.assessments.pause(assessmentId, 'test', 'a look');
    const pump = pumpOf(testApp);
    await pump.once();
    expect(await queued(testApp)).toEqual({ ...EMPTY, detect: 1, settle: 1 });
    await testApp.ledger.assessments.resume(assessmentId);
    await pump.after(200);
    expect(await queued(testApp)).toEqual({
      ...EMPTY,
      ...{ detect: 1, settle: 1, notice: 1, email: 1, charge: 1 },
    });
  });

  it('offers nothing that charges or writes before the ledger is known to be up to date', async () => {
    const testApp = await createQueueTestApp(backend);
    await feesOfEveryStep(testApp);
    let isUpToDate = false;
    const pump = pumpOf(testApp, {}, () => isUpToDate);
    await pump.once();
    expect(await queued(testApp)).toEqual({ ...EMPTY, detect: 1, settle: 1 });
    isUpToDate = true;
    await pump.after(200);
    expect(await queued(testApp)).toEqual({
      ...EMPTY,
      ...{ detect: 1, settle: 1, notice: 1, email: 1, charge: 1 },
    });
  });

  it('does not offer a fee a second time that is in somebody’s hands', async () => {
    const testApp = await createQueueTestApp(backend);
    await manyFees(testApp, 1);
    const [fee] = await testApp.ledger.reports.fees({ limit: 1 });
    const pump = pumpOf(testApp);
    await pump.once();
    await testApp.flush();
    const feeRecord = (await testApp.ledger.fees.load(fee?.feeId as string)) as FeeRecord;
    await testApp.ledger.fees.append(
      feeRecord,
      [sample('usage_checked'), sample('reopened')],
      'test',
    );
    expect(await pump.after(500)).toBe(0);
    expect(await pump.after(1_600)).toBe(1);
  });

  it('lets trouble with one queue keep no other from its turn', async () => {
    const testApp = await createQueueTestApp(backend);
    await manyFees(testApp, 2);
    // An id that no event of Stripe's has: the queue refuses it.
    await testApp.ledger.events.receive(hint('not an event'));
    await expect(pumpOf(testApp).once()).rejects.toThrow('not valid');
    expect(await testApp.queues.queued('detect')).toBe(2);
  });
});

describe('the pump’s rounds', () => {
  const [backend] = queueBackends;
  if (!backend) throw new Error('no backend');

  it('go on after one that failed, say so by a code, and end when they are stopped', async () => {
    const testApp = await createQueueTestApp(backend);
    await manyFees(testApp, 1);
    const stop = new AbortController();
    let tries = 0;
    const pump = pumpOf(testApp, {
      async enqueueMany<Name extends JobName>(name: Name, payloads: Payload<Name>[]) {
        tries += 1;
        if (tries === 1) throw Object.assign(new Error('secret text'), { code: 'ECONNREFUSED' });
        await testApp.queues.enqueueMany(name, payloads);
        stop.abort();
      },
    });
    await pump.run(stop.signal, 1);
    expect(pump.warnings).toEqual([
      [{ error: 'Error', code: 'ECONNREFUSED', failures: 1 }, expect.any(String)],
    ]);
    expect(await testApp.queues.queued('detect')).toBe(1);
  });

  it('name each job after the entry it will write, so that the next one has another id', () => {
    const feeId = '00000000-0000-4000-8000-0000000000f1';
    const ids = (['detect', 'notice', 'charge', 'settle', 'email'] satisfies Step[]).flatMap(
      (step) => [jobId(step, { feeId, seq: 1 }), jobId(step, { feeId, seq: 2 })],
    );
    expect(new Set(ids).size).toBe(10);
  });
});
